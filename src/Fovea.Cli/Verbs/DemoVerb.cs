using System.CommandLine;
using System.Diagnostics;
using System.Globalization;
using Fovea.Models;
using Fovea.Training.Data;
using Fovea.Training.Evaluation.Report;
using Fovea.Training.MadeUp;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Cli.Verbs;

/// <summary>The whole way on made-up retinas: draw, train, evaluate, explain, report.</summary>
internal static class DemoVerb
{
    private const int Retinas = 1200;

    public static Command Create()
    {
        var output = new Option<string>("--out") { Description = "Folder for everything that is made.", DefaultValueFactory = _ => "demo", HelpName = "DIR" };
        var count = new Option<int>("--count") { Description = "Made-up retinas to draw.", DefaultValueFactory = _ => Retinas, HelpName = "N" };
        var set = new Option<string[]>("--set") { Description = "Change a value of the demo's recipe, e.g. training.epochs=3.", HelpName = "KEY=VALUE" };
        var json = JsonOutput.Option();
        return new Command("demo", "The whole way on made-up retinas, in minutes: draw, train, evaluate, explain, report.") { output, count, set, json }.Runs((parse, cancel) =>
        {
            if (parse.GetValue(count) is var n && n is < 60 or > 100_000) throw new UsageException($"--count: {n} is out of range. Give 60 to 100000.");
            var watch = Stopwatch.StartNew();
            var folder = parse.GetValue(output)!;
            var recipe = RecipeFile.Parse(EmbeddedRecipe(), "recipes/demo.json", parse.GetValue(set)) with { Name = "demo" };
            Clear(folder);

            Console.Error.WriteLine($"1/4 drawing {n} made-up retinas");
            var retinas = Path.Combine(folder, "retinas");
            using (var line = new ProgressLine("drawing", n, "images"))
                MadeUpDataset.Write(retinas, new MadeUpDatasetSpec(n) { Size = 256, Seed = 1, FaultShare = 0.05 }, new Forward(done => line.Report(done)), cancel);

            Console.Error.WriteLine($"2/4 training {recipe.Model.Architecture}");
            var data = DatasetReaders.Open($"madeup:{retinas}");
            var run = new RunDirectory(folder);
            ExperimentResult result;
            using (var console = new TrainingConsole()) result = new Experiment(recipe, data, null, console).Run(run, cancel);

            Console.Error.WriteLine("3/4 explaining");
            using var model = GradingModel.Load(run.Model);
            var examples = ReportExamples.Make(model, data, result.Predictions, cancel: cancel);

            Console.Error.WriteLine("4/4 writing the report");
            var next = $"./fovea grade YOUR_PHOTO.jpg --model {run.Model} --heatmap {run.In("heatmaps")}";
            RunDirectory.WriteText(run.ReportHtml, RunReport.Make("Fovea demo: grading made-up retinas", "Unseen made-up retinas", result.Metrics, result.History, examples, recipe,
                "This model has seen drawings only. It shows that the software works, and says nothing about patients.", next, result.Predictions));

            if (parse.GetValue(json)) JsonOutput.Write(new { model = run.Model, report = run.ReportHtml, seconds = Math.Round(watch.Elapsed.TotalSeconds, 1), metrics = result.Metrics });
            else Print(result, run, watch.Elapsed, next);
            return ExitCodes.Ok;
        });
    }

    private static void Print(ExperimentResult result, RunDirectory run, TimeSpan time, string next)
    {
        var m = result.Metrics;
        var interval = m.Intervals.TryGetValue("quadraticWeightedKappa", out var i) ? string.Create(CultureInfo.InvariantCulture, $" (95 % interval {i.Low:0.000} to {i.High:0.000})") : "";
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{m.Samples} unseen made-up retinas: quadratic weighted kappa {m.QuadraticWeightedKappa:0.000}{interval}, accuracy {m.Accuracy:0.000}"));
        Console.Out.WriteLine($"Model    {run.Model}");
        Console.Out.WriteLine($"Report   {run.ReportHtml}");
        Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"Time     {time.TotalMinutes:0.0} minutes"));
        Console.Out.WriteLine("Grade a picture of your own (research software, not a medical device; this model has seen drawings only):");
        Console.Out.WriteLine($"  {next}");
    }

    /// <summary>A demo may be repeated, also one that was killed; a folder that holds anything else is not touched.</summary>
    private static void Clear(string folder)
    {
        if (!Directory.Exists(folder)) return;
        var run = new RunDirectory(folder);
        HashSet<string> made = [run.LastCheckpoint, run.BestCheckpoint, run.Model, run.RecipeJson, run.EnvironmentJson, run.SplitCsv, run.MetricsJsonl, run.MetricsJson, run.PredictionsCsv, run.ReportHtml, run.In(".lock")];
        string[] folders = [.. Directory.GetDirectories(folder)], files = [.. Directory.GetFiles(folder)];
        var strange = folders.Where(d => Path.GetFileName(d) is not ("retinas" or "heatmaps") && !Path.GetFileName(d).StartsWith("retinas.partial-", StringComparison.Ordinal))
            .Concat(files.Where(f => !made.Contains(f) && !(Path.GetFileName(f) is ['.', ..] name && name.EndsWith(".tmp", StringComparison.Ordinal))))
            .Order(StringComparer.Ordinal).FirstOrDefault();
        if (strange is not null) throw new UsageException($"{folder}: holds {Path.GetFileName(strange)}, which is not the demo's. Give another folder with --out.");
        foreach (var entry in folders) Directory.Delete(entry, recursive: true);
        foreach (var file in files) File.Delete(file);
    }

    private static string EmbeddedRecipe()
    {
        using var stream = typeof(DemoVerb).Assembly.GetManifestResourceStream("demo.json")!;
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }

    /// <summary>Not <see cref="Progress{T}"/>: that one reports later, from another thread.</summary>
    private sealed class Forward(Action<int> report) : IProgress<int>
    {
        public void Report(int value) => report(value);
    }
}
