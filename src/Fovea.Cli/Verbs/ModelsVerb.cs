using System.CommandLine;
using Fovea.Models;

namespace Fovea.Cli.Verbs;

/// <summary>The catalogue of networks.</summary>
internal static class ModelsVerb
{
    public static Command Create() => new("models", "Show the networks that can be trained.") { List() };

    private static Command List()
    {
        var json = JsonOutput.Option();
        return new Command("list", "List the networks: name, parameters, what they are and where they come from.") { json }.Runs((parse, cancel) =>
        {
            var rows = new List<Row>();
            foreach (var entry in ModelCatalog.Entries)
            {
                cancel.ThrowIfCancellationRequested();
                using var network = entry.Create(new NetworkOptions(5));
                rows.Add(new Row(entry.Name, network.ParameterCount, entry.MinimumInput, entry.Summary, entry.Reference, network.StageNames));
            }
            if (parse.GetValue(json)) JsonOutput.Write(rows);
            else
            {
                var width = rows.Max(r => r.Name.Length);
                foreach (var row in rows)
                    Console.Out.WriteLine($"{row.Name.PadRight(width)}  {row.Parameters / 1e6,6:0.00} M  {row.Summary} ({row.Reference})");
            }
            return ExitCodes.Ok;
        });
    }

    /// <param name="Parameters">With five outputs.</param>
    /// <param name="Layers">What <c>explain --layer</c> and <c>forward --stage</c> accept.</param>
    private sealed record Row(string Name, long Parameters, int MinimumInput, string Summary, string Reference, IReadOnlyList<string> Layers);
}
