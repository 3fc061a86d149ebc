using System.CommandLine;
using Fovea.Models;
using Fovea.Training.Data;
using Fovea.Training.Evaluation;
using Fovea.Training.Evaluation.Report;
using Fovea.Training.Metrics;
using Fovea.Training.Splits;
using Fovea.Training.Training;

namespace Fovea.Cli.Verbs;

/// <summary>Measures a model file on labelled photographs.</summary>
internal static class EvaluateVerb
{
    public static Command Create()
    {
        var model = ModelOption.Create();
        var data = DataOption.Create();
        var part = new Option<string?>("--part") { Description = "Only this part: training, validation or test, or the number of a fold; of --split, else as published with the data.", HelpName = "PART" };
        var split = new Option<string?>("--split") { Description = "The split that --part speaks of: split.csv of a run.", HelpName = "FILE.csv" };
        var output = new Option<string?>("--out") { Description = "Also write metrics.json, predictions.csv and report.html into this folder.", HelpName = "DIR" };
        var json = JsonOutput.Option();
        return new Command("evaluate", "Measure a model file on labelled photographs, with intervals and a report.") { model, data, part, split, output, json }.Runs((parse, cancel) =>
        {
            var path = ModelOption.PathOf(parse.GetValue(model));
            using var loaded = GradingModel.Load(path);
            var dataset = parse.Open(data);
            if (dataset.Classes != loaded.Card.Head.Classes)
                throw new UsageException($"{path}: grades {loaded.Card.Head.Classes} classes, {dataset.Name} has {dataset.Classes}. Use data with the model's classes.");
            var indices = Choose(dataset, parse.GetValue(part), parse.GetValue(split));
            Predictions predictions;
            using (var line = new ProgressLine("evaluating", indices.Length, "images"))
                predictions = ModelEvaluation.Predict(loaded, dataset, indices, done => line.Report(done), cancel);
            var metrics = MetricsReport.Compute(predictions, cancellation: cancel);
            if (parse.GetValue(output) is { } folder)
            {
                var run = new RunDirectory(folder);
                run.Create();
                predictions.Write(run.PredictionsCsv);
                RunDirectory.WriteText(run.MetricsJson, metrics.ToJson() + "\n");
                RunDirectory.WriteText(run.ReportHtml, RunReport.Make($"Evaluation of {Path.GetFileName(path)}", dataset.Name, metrics, [], ReportExamples.Make(loaded, dataset, predictions, cancel: cancel), null));
            }
            if (parse.GetValue(json)) JsonOutput.Write(metrics);
            else Console.Out.Write(MetricsText.Of(metrics));
            return ExitCodes.Ok;
        });
    }

    private static int[] Choose(Dataset data, string? part, string? splitPath)
    {
        if (splitPath is not null && part is null) throw new UsageException("--split: which part is to be measured is not said. Add --part, e.g. --part test.");
        int[] chosen;
        if (part is null) chosen = [.. Enumerable.Range(0, data.Samples.Count)];
        else if (splitPath is not null)
        {
            var split = Split.Read(splitPath);
            var parts = split.PartOf(data);
            chosen = [.. Enumerable.Range(0, parts.Length).Where(i => parts[i] >= 0 && split.PartName(parts[i]) == part)];
        }
        else chosen = data.IndicesOf(SampleParts.Named(part) ?? throw new UsageException($"--part: '{part}' is not a part. {SampleParts.Remedy}."));
        return chosen.Length > 0 ? chosen : throw new UsageException($"{data.Name}: no image is in the part '{part}'. Check --part and --split.");
    }
}
