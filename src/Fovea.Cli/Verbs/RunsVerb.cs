using System.CommandLine;
using System.Globalization;
using Fovea.Training.Watching;

namespace Fovea.Cli.Verbs;

/// <summary>Lists and compares the runs of a folder.</summary>
internal static class RunsVerb
{
    public static Command Create()
    {
        var folders = new Argument<string[]>("folder") { Description = "Folders of runs, or with runs below them. Default: runs.", Arity = ArgumentArity.ZeroOrMore };
        var compare = new Option<bool>("--compare") { Description = "Show in what settings the runs differ." };
        var sort = new Option<string>("--sort") { Description = "folder, kappa, accuracy, auc or validation; the best first.", DefaultValueFactory = _ => "folder", HelpName = "BY" };
        var json = JsonOutput.Option();
        return new Command("runs", "List runs with their state and figures, and compare them.") { folders, compare, sort, json }.Runs((parse, cancel) =>
        {
            var given = parse.GetValue(folders) is { Length: > 0 } some ? some : ["runs"];
            var by = parse.GetValue(sort)!;
            Func<RunSummary, double?>? figure = by switch
            {
                "folder" => null,
                "kappa" => r => r.Kappa,
                "accuracy" => r => r.Accuracy,
                "auc" => r => r.Auc,
                "validation" => r => r.BestKappa,
                _ => throw new UsageException($"--sort: no '{by}'. There are folder, kappa, accuracy, auc, validation."),
            };
            RunSummary[] runs = [.. given.SelectMany(folder => RunSummary.Find(folder))];
            if (figure is not null) runs = [.. runs.OrderByDescending(r => figure(r) ?? double.NegativeInfinity)];
            if (parse.GetValue(json))
            {
                foreach (var run in runs) JsonOutput.WriteLine(run);
                return ExitCodes.Ok;
            }
            if (runs.Length == 0) Console.Error.WriteLine($"{string.Join(", ", given)}: no runs.");
            else Print(runs, parse.GetValue(compare));
            return ExitCodes.Ok;
        });
    }

    private static void Print(RunSummary[] runs, bool compare)
    {
        string[] header = ["run", "network", "state", "epochs", "validation QWK", "QWK", "accuracy", "AUC", "time"];
        var rows = runs.Select(r => new[]
        {
            r.Folder, r.Architecture, r.State.ToString().ToLowerInvariant(), r.Of is { } of ? $"{r.Epochs}/{of}" : $"{r.Epochs}", Text(r.BestKappa), Text(r.Kappa), Text(r.Accuracy), Text(r.Auc),
            TimeSpan.FromSeconds(r.Seconds).ToString(@"h\:mm\:ss", CultureInfo.InvariantCulture),
        }).ToArray();
        var differing = compare ? Differing(runs) : [];
        header = [.. header, .. differing];
        rows = [.. rows.Select((row, i) => (string[])[.. row, .. differing.Select(key => runs[i].Recipe.GetValueOrDefault(key, "–"))])];
        var widths = header.Select((h, c) => Math.Min(60, rows.Max(row => row[c].Length) is var w && w > h.Length ? w : h.Length)).ToArray();
        foreach (var row in rows.Prepend(header)) Console.Out.WriteLine(string.Join("  ", row.Select((cell, c) => cell.PadRight(widths[c]))).TrimEnd());
    }

    /// <summary>Settings in which the runs are not alike; a recipe's name is none.</summary>
    private static string[] Differing(RunSummary[] runs) => [.. runs.SelectMany(r => r.Recipe.Keys).Distinct().Order(StringComparer.Ordinal)
        .Where(key => key != "name" && runs.Select(r => r.Recipe.GetValueOrDefault(key)).Distinct().Count() > 1)];

    private static string Text(double? value) => value is { } v ? v.ToString("0.0000", CultureInfo.InvariantCulture) : "–";
}
