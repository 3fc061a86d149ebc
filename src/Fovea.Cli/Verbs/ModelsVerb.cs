using System.CommandLine;
using System.Globalization;
using Fovea.Detection;
using Fovea.Models;
using Fovea.Torch.Modules;

namespace Fovea.Cli.Verbs;

/// <summary>The catalogue of networks.</summary>
internal static class ModelsVerb
{
    public static Command Create() => new("models", "Show the networks and detectors that can be trained.") { List() };

    private static Command List()
    {
        var json = JsonOutput.Option();
        var markdown = new Option<bool>("--markdown") { Description = "Print the table of docs/models.md." };
        var classes = new Option<int>("--classes") { Description = "Number of outputs that parameters are counted with.", DefaultValueFactory = _ => 1000, HelpName = "N" };
        return new Command("list", "List the networks: name, parameters, multiplications at their native size, where they come from; then the detectors of lesions.") { json, markdown, classes }.Runs((parse, cancel) =>
        {
            if (parse.GetValue(classes) is < 1 or > 100_000) throw new UsageException("--classes: not a number of outputs. Give 1 to 100000.");
            if (parse.GetValue(json) && parse.GetValue(markdown)) throw new UsageException("--markdown: not together with --json. Give one of them.");
            var rows = new List<Row>();
            foreach (var entry in ModelCatalog.Entries)
            {
                cancel.ThrowIfCancellationRequested();
                rows.Add(Row.Of(entry, parse.GetValue(classes)));
            }
            var detectors = DetectorCatalog.Entries.Select(DetectorRow.Of).ToArray();
            if (parse.GetValue(json)) JsonOutput.Write<object[]>([.. rows, .. detectors]);
            else if (parse.GetValue(markdown)) Console.Out.Write(Markdown(rows));
            else
            {
                var width = rows.Select(r => r.Name.Length).Concat(detectors.Select(d => d.Name.Length)).Max();
                foreach (var r in rows)
                    Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture,
                        $"{r.Name.PadRight(width)}  {r.Parameters / 1e6,7:0.00} M  {r.MultiplyAdds / 1e9,6:0.00} G at {r.NativeInput,4}  {r.Summary} ({r.Reference})"));
                foreach (var d in detectors)
                    Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{d.Name.PadRight(width)}  {d.Parameters / 1e6,7:0.00} M  {"detector",-13}  {d.Summary} ({d.Reference})"));
            }
            return ExitCodes.Ok;
        });
    }

    private static string Markdown(IEnumerable<Row> rows)
    {
        var lines = rows.Select(r => string.Create(CultureInfo.InvariantCulture,
            $"| `{r.Name}` | {r.Parameters:#,0} | {r.MultiplyAdds / 1e9:0.000} | {r.NativeInput} | {r.MinimumInput} | {r.Reference} | {r.Keys} | {(r.Weights.Length == 0 ? "" : $"`{r.Weights.Replace(", ", "`, `", StringComparison.Ordinal)}`")} |"));
        return string.Join("\n", ["| name | parameters | multiply–adds, 10⁹ | side, px | least side | reference | key names | weights known to fit |", "|---|--:|--:|--:|--:|---|---|---|", .. lines]) + "\n";
    }

    /// <param name="Parameters">With four kinds of lesions.</param>
    /// <param name="Backbone">The network whose pretrained weights it takes; only detectors have one.</param>
    private sealed record DetectorRow(string Name, long Parameters, string Summary, string Reference, string Backbone)
    {
        public static DetectorRow Of(DetectorEntry entry)
        {
            using var shapes = WeightCreation.ShapesOnly();
            using var detector = entry.Create(new DetectorOptions(4));
            return new DetectorRow(entry.Name, detector.NamedParameters().Sum(p => p.Tensor.Elements), entry.Summary, entry.Reference, entry.Backbone);
        }
    }

    /// <param name="Parameters">With 1000 outputs, unless another number was asked for.</param>
    /// <param name="ParametersWithStatistics">With the running statistics of batch norms, as Keras counts.</param>
    /// <param name="MultiplyAdds">Of convolutions and linear layers, for one image of <paramref name="NativeInput"/> pixels.</param>
    /// <param name="Keys">Whose names the parameters have.</param>
    /// <param name="Weights">Files that are known to fit.</param>
    /// <param name="Layers">What <c>explain --layer</c> and <c>forward --stage</c> accept.</param>
    private sealed record Row(string Name, long Parameters, long ParametersWithStatistics, long MultiplyAdds, int NativeInput, int MinimumInput, string Summary, string Reference, string Keys, string Weights,
        IReadOnlyList<string> Layers)
    {
        public static Row Of(ModelEntry entry, int classes)
        {
            var figures = ModelFigures.Of(entry, new NetworkOptions(classes));
            return new Row(entry.Name, figures.Parameters, figures.WithStatistics, figures.MultiplyAdds, entry.NativeInput, entry.MinimumInput, entry.Summary, entry.Reference, entry.Keys, entry.Weights, figures.Layers);
        }
    }
}
