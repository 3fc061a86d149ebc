using System.CommandLine;
using System.Globalization;
using Fovea.Calibration;
using Fovea.Models;
using Fovea.Training.Calibration;
using Fovea.Training.Evaluation;

namespace Fovea.Cli.Verbs;

/// <summary>Fits how a model's outputs are read, on validation images, into a new model file.</summary>
internal static class CalibrateVerb
{
    public static Command Create()
    {
        var model = ModelOption.Create();
        var data = DataOption.Create();
        var part = new PartOption();
        var output = new Option<string>("--out") { Description = "The calibrated model file to write.", Required = true, HelpName = "FILE.fovea" };
        var method = new Option<CalibrationMethod>("--method") { Description = "automatic, temperature, isotonic or none.", DefaultValueFactory = _ => CalibrationMethod.Automatic, HelpName = "NAME" };
        var coverage = new Option<double>("--coverage") { Description = "Share of images whose true grade the sets of grades hold, e.g. 0.9; 0 makes no sets.", DefaultValueFactory = _ => 0.9, HelpName = "X" };
        var thresholds = new Option<bool>("--thresholds") { Description = "Also move a regression's thresholds to the best quadratic weighted kappa. This changes grades." };
        var json = JsonOutput.Option();
        return new Command("calibrate", "Fit a model's probabilities, thresholds and sets of grades on validation images.") { model, data, part.Part, part.Split, output, method, coverage, thresholds, json }
            .Runs((parse, cancel) =>
            {
                var share = parse.GetValue(coverage);
                if (share is not (>= 0 and < 1)) throw new UsageException("--coverage: not a share. Give 0 to below 1.");
                if (parse.GetValue(part.Part) == "test") throw new UsageException("--part: what is fitted on the test part cannot be measured on it. Use --part validation.");
                var target = parse.GetValue(output)!;
                if (!ModelFile.Is(target)) throw new UsageException($"--out: {target} does not end in {ModelFile.Extension}. Name a model file.");
                var path = ModelOption.PathOf(parse.GetValue(model));
                var file = ModelFile.Read(path);
                using var loaded = GradingModel.Of(file);
                var dataset = parse.Open(data);
                EvaluateVerb.RequireClasses(path, loaded, dataset);
                var indices = part.Choose(parse, dataset);
                Evaluation evaluation;
                using (var line = new ProgressLine("reading", indices.Length, "images"))
                    evaluation = ModelEvaluation.Run(loaded, dataset, indices, done => line.Report(done), cancel);

                var truth = evaluation.Predictions.Truth;
                var (head, before) = (file.Card.Head, file.Card.Decoding);
                DecodingSpec after;
                try
                {
                    after = ModelCalibration.Fit(head, before, evaluation.Logits, truth, dataset.IsGraded,
                        new CalibrationOptions { Method = parse.GetValue(method), Coverage = share > 0 ? share : null, Thresholds = parse.GetValue(thresholds) });
                }
                catch (ArgumentException e)
                {
                    throw new UsageException($"{path}: {e.Message}. Change --method or --thresholds.");
                }
                var where = parse.GetValue(part.Part) is { } p ? $"{dataset.Name.Split(':', 2)[0]}, {p} part" : dataset.Name.Split(':', 2)[0];
                // An ensemble's rule gives the grades, and no temperature moves them.
                var grades = file.Members.Count > 0 && head.Kind == HeadKind.Softmax ? evaluation.Predictions.Predicted : null;
                IReadOnlyDictionary<string, double> Scores(DecodingSpec decoding) => ModelCalibration.Scores(head, decoding, evaluation.Logits, truth, grades);
                var fitted = new CardCalibration(where, truth.Length, Scores(before), Scores(after));
                var card = file.WriteAs(target, file.Card with { Decoding = after, Calibration = fitted });
                if (parse.GetValue(json)) JsonOutput.Write(new { model = target, card.WeightsSha256, decoding = after, calibration = fitted });
                else Print(target, after, fitted);
                return ExitCodes.Ok;
            });
    }

    private static void Print(string target, DecodingSpec decoding, CardCalibration fitted)
    {
        Console.Out.WriteLine($"{fitted.Images} images of {fitted.Data}");
        Console.Out.WriteLine(Invariant($"{"",-30}{"before",10}{"after",10}"));
        foreach (var (name, after) in fitted.After)
            Console.Out.WriteLine(Invariant($"{name,-30}{(fitted.Before.TryGetValue(name, out var before) ? before.ToString("0.0000", CultureInfo.InvariantCulture) : ""),10}{after,10:0.0000}"));
        if (decoding.Isotonic is null) Console.Out.WriteLine(Invariant($"temperature {decoding.Temperature:0.####}"));
        if (decoding.Thresholds is { } t) Console.Out.WriteLine($"thresholds {string.Join(", ", t.Select(v => v.ToString("0.####", CultureInfo.InvariantCulture)))}");
        Console.Out.WriteLine($"Model    {target}");
        Console.Error.WriteLine("The scores are those of the images that it was fitted on. Measure it on others with fovea evaluate.");
    }

    private static string Invariant(FormattableString text) => text.ToString(CultureInfo.InvariantCulture);
}
