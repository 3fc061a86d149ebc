using System.CommandLine;
using Fovea.Training.Metrics;

namespace Fovea.Cli.Verbs;

/// <summary>Scores a table of predictions, by whatever program it was made.</summary>
internal static class MetricsVerb
{
    private const int MaxResamples = 1_000_000;

    public static Command Create()
    {
        var predictions = new Option<string>("--predictions")
        {
            Description = "CSV with the columns image,true,predicted and optionally probabilities p0,p1,… and a group.",
            Required = true,
            HelpName = "FILE.csv",
        };
        var group = new Option<string?>("--group")
        {
            Description = "Column that says which images belong together (patient): they are resampled together. Default: 'group' where there is one.",
            HelpName = "COLUMN",
        };
        var classes = new Option<int?>("--classes") { Description = "Number of classes. Default: as many as probabilities, else 5 (grades 0 to 4).", HelpName = "N" };
        var resamples = new Option<int>("--resamples")
        {
            Description = "Bootstrap resamples for the 95 % intervals; 0 leaves them out.",
            DefaultValueFactory = _ => new MetricsOptions().Resamples,
            HelpName = "N",
        };
        var seed = new Option<ulong>("--seed") { Description = "The same seed draws the same intervals on every machine.", DefaultValueFactory = _ => 0UL, HelpName = "N" };
        var json = JsonOutput.Option();
        return new Command("metrics", "Score a table of predictions: kappas, accuracy, F1, AUC, calibration, sensitivity and specificity, with intervals.")
            { predictions, group, classes, resamples, seed, json }.Runs((parse, cancel) =>
        {
            if (parse.GetValue(classes) is { } k && k is < 2 or > Predictions.MaxClasses)
                throw new UsageException($"--classes: {k} is out of range. Give 2 to {Predictions.MaxClasses}.");
            if (parse.GetValue(resamples) is var n && n is < 0 or > MaxResamples)
                throw new UsageException($"--resamples: {n} is out of range. Give 0 to {MaxResamples}.");
            var table = Predictions.Read(parse.GetValue(predictions)!, parse.GetValue(group), parse.GetValue(classes));
            var report = MetricsReport.Compute(table, new MetricsOptions { Resamples = n, Seed = parse.GetValue(seed) }, cancel);
            if (parse.GetValue(json)) JsonOutput.Write(report);
            else Console.Out.Write(MetricsText.Of(report));
            return ExitCodes.Ok;
        });
    }
}
