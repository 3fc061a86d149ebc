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
        var data = DataOption.Create();
        var part = new PartOption();
        var output = new Option<string?>("--out") { Description = "Also write report.html, report.json, report.pdf, metrics.json, predictions.csv and submission.csv into this folder.", HelpName = "DIR" };
        var resamples = new Option<int>("--resamples") { Description = "Bootstrap resamples for the 95 % intervals; 0 leaves them out.", DefaultValueFactory = _ => new MetricsOptions().Resamples, HelpName = "N" };
        var json = JsonOutput.Option();
        return new Command("evaluate", "Measure a model file on labelled photographs, with intervals and a report.") { model, data, part.Part, part.Split, output, resamples, json }.Runs((parse, cancel) =>
        {
            if (parse.GetValue(resamples) is var n && n is < 0 or > MetricsVerb.MaxResamples) throw new UsageException($"--resamples: {n} is out of range. Give 0 to {MetricsVerb.MaxResamples}.");
            var path = ModelOption.PathOf(parse.GetValue(model));
            using var loaded = GradingModel.Load(path);
            var dataset = parse.Open(data);
            RequireClasses(path, loaded, dataset);
            var indices = part.Choose(parse, dataset);
            Evaluation evaluation;
            using (var line = new ProgressLine("evaluating", indices.Length, "images"))
                evaluation = ModelEvaluation.Run(loaded, dataset, indices, done => line.Report(done), cancel);
            var metrics = MetricsReport.Compute(evaluation.Predictions, new MetricsOptions { Resamples = n }, cancel);
            if (parse.GetValue(output) is { } folder) Write(folder, path, loaded, dataset, parse.GetValue(part.Part), evaluation, metrics);
            if (parse.GetValue(json)) JsonOutput.Write(metrics);
            else Console.Out.Write(MetricsText.Of(metrics));
            return ExitCodes.Ok;
        });
    }

    internal static void RequireClasses(string path, GradingModel model, Dataset data)
    {
        if (data.Classes != model.Card.Head.Classes)
            throw new UsageException($"{path}: grades {model.Card.Head.Classes} classes, {data.Name} has {data.Classes}. Use data with the model's classes.");
    }

    private static void Write(string folder, string path, GradingModel model, Dataset data, string? part, Evaluation evaluation, MetricsReport metrics)
    {
        // Where the model lies in the folder of its training, the curves belong to the report.
        var history = new RunDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!).ReadHistory();
        var input = new ReportInput
        {
            Title = $"Evaluation of {Path.GetFileName(path)}", Subject = part is null ? data.Name : $"{data.Name}, {part} part", Metrics = metrics, Predictions = evaluation.Predictions, Evaluation = evaluation,
            Pictures = new ReportPictures(model, data), Examples = ReportExamples.Make(model, data, evaluation.Predictions), Card = model.Card, ModelName = path, History = history,
            RecipeText = model.Card.Recipe?.GetRawText(), Environment = RunEnvironment.Current,
        };
        ReportFiles.Write(new RunDirectory(folder), input);
    }
}
