using System.CommandLine;
using Fovea.Training.Evaluation;
using Fovea.Training.Metrics;
using Fovea.Training.Training;

namespace Fovea.Cli.Verbs;

/// <summary>Puts several systems into one table, with intervals and paired differences.</summary>
internal static class CompareVerb
{
    public static Command Create()
    {
        var sources = new Argument<string[]>("run") { Description = "Folders of runs or evaluations, or tables of predictions; the first is what the others are compared with.", Arity = ArgumentArity.OneOrMore };
        var html = new Option<string?>("--html") { Description = "Also write the comparison as a page that opens offline.", HelpName = "FILE.html" };
        var resamples = new Option<int>("--resamples") { Description = "Bootstrap resamples for intervals and differences; 0 leaves them out.", DefaultValueFactory = _ => new MetricsOptions().Resamples, HelpName = "N" };
        var seed = new Option<ulong>("--seed") { Description = "The same seed draws the same intervals on every machine.", DefaultValueFactory = _ => 0UL, HelpName = "N" };
        var json = JsonOutput.Option();
        return new Command("compare", "Compare systems in one table: scores with intervals, paired differences, McNemar's test.") { sources, html, resamples, seed, json }.Runs((parse, cancel) =>
        {
            var paths = parse.GetRequiredValue(sources);
            if (paths.Length < 2) throw new UsageException("compare: one system alone. Give two or more.");
            if (parse.GetValue(resamples) is var n && n is < 0 or > MetricsVerb.MaxResamples) throw new UsageException($"--resamples: {n} is out of range. Give 0 to {MetricsVerb.MaxResamples}.");
            foreach (var path in paths) SystemComparison.TableOf(path); // a slip of the pen is told before work begins
            SystemComparison comparison;
            using (var line = new ProgressLine("comparing", paths.Length, "systems"))
                comparison = SystemComparison.Of(paths, new MetricsOptions { Resamples = n, Seed = parse.GetValue(seed) }, done => line.Report(done), cancel);
            if (parse.GetValue(html) is { } file) RunDirectory.WriteText(file, ComparisonText.Page(comparison));
            if (parse.GetValue(json)) JsonOutput.Write(comparison);
            else Console.Out.Write(ComparisonText.Of(comparison));
            return ExitCodes.Ok;
        });
    }
}
