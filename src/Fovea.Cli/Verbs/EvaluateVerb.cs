using System.CommandLine;
using Fovea.Models;
using Fovea.Training.Data;
using Fovea.Training.Evaluation;
using Fovea.Training.Evaluation.Report;
using Fovea.Training.Metrics;
using Fovea.Training.Training;

namespace Fovea.Cli.Verbs;

/// <summary>Measures a model file on labelled photographs.</summary>
internal static class EvaluateVerb
{
    public static Command Create()
    {
        var model = ModelOption.Create();
        var data = new Option<string>("--data") { Description = "KIND:PATH, as for train.", Required = true, HelpName = "KIND:PATH" };
        var part = new Option<SamplePart?>("--part") { Description = "Only this published part of the data set: training, validation or test.", HelpName = "PART" };
        var split = new Option<string?>("--split") { Description = "Only the images that a split file (split.csv of a run) puts into --split-part.", HelpName = "FILE.csv" };
        var splitPart = new Option<string>("--split-part") { Description = "Part of the split file.", DefaultValueFactory = _ => "test", HelpName = "NAME" };
        var output = new Option<string?>("--out") { Description = "Also write metrics.json, predictions.csv and report.html into this folder.", HelpName = "DIR" };
        var json = JsonOutput.Option();
        return new Command("evaluate", "Measure a model file on labelled photographs, with intervals and a report.") { model, data, part, split, splitPart, output, json }.Runs((parse, cancel) =>
        {
            var path = ModelOption.PathOf(parse.GetValue(model));
            using var loaded = GradingModel.Load(path);
            var dataset = DatasetReaders.Open(parse.GetValue(data)!);
            if (dataset.Classes != loaded.Card.Head.Classes)
                throw new UsageException($"{path}: grades {loaded.Card.Head.Classes} classes, {dataset.Name} has {dataset.Classes}. Use data with the model's classes.");
            var indices = Choose(dataset, parse.GetValue(part), parse.GetValue(split), parse.GetValue(splitPart)!);
            Predictions predictions;
            using (var line = new ProgressLine("evaluating", indices.Length, "images"))
                predictions = ModelEvaluation.Predict(loaded, dataset, indices, done => line.Report(done), cancel);
            var metrics = MetricsReport.Compute(predictions, cancellation: cancel);
            if (parse.GetValue(output) is { } folder)
            {
                var run = new RunDirectory(folder);
                predictions.Write(run.PredictionsCsv);
                RunDirectory.WriteText(run.MetricsJson, metrics.ToJson() + "\n");
                RunDirectory.WriteText(run.ReportHtml, RunReport.Make($"Evaluation of {Path.GetFileName(path)}", dataset.Name, metrics, [], ReportExamples.Make(loaded, dataset, predictions, cancel: cancel), null));
            }
            if (parse.GetValue(json)) JsonOutput.Write(metrics);
            else Console.Out.Write(MetricsText.Of(metrics));
            return ExitCodes.Ok;
        });
    }

    private static int[] Choose(Dataset data, SamplePart? part, string? split, string splitPart)
    {
        int[] chosen = [.. Enumerable.Range(0, data.Samples.Count)];
        if (part is { } p) chosen = data.IndicesOf(p);
        if (split is not null)
        {
            var wanted = SplitFile.IdsOf(split, splitPart);
            chosen = [.. chosen.Where(i => wanted.Contains(data.Samples[i].Id))];
        }
        return chosen.Length > 0 ? chosen : throw new UsageException($"{data.Name}: no image is in the part asked for. Check --part, --split and --split-part.");
    }
}
