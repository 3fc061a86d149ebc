using System.CommandLine;
using System.Globalization;
using Fovea.Training.Detection;
using Fovea.Training.Detection.Scores;
using Fovea.Training.Metrics;

namespace Fovea.Cli.Verbs;

/// <summary>Scores a table of predictions, by whatever program it was made.</summary>
internal static class MetricsVerb
{
    internal const int MaxResamples = 1_000_000;

    public static Command Create()
    {
        var predictions = new Option<string>("--predictions")
        {
            Description = "CSV with the columns image,true,predicted and optionally probabilities p0,p1,… and a group; other names are told by the options below.",
            HelpName = "FILE.csv",
        };
        var detection = new Option<string[]?>("--detection")
        {
            Description = "Score found boxes instead: the truth, then what was found, each COCO's JSON or a folder of Pascal VOC files. Boxes found have a score.",
            Arity = new ArgumentArity(2, 2),
            AllowMultipleArgumentsPerToken = true,
            HelpName = "TRUTH FOUND",
        };
        var lesions = new Option<string[]?>("--lesions")
        {
            Description = "Score grades by lesions instead: what `fovea detect --json` printed, then a CSV with image and grade. By the ICDR rule, and by an ordinal model fitted out of fold.",
            Arity = new ArgumentArity(2, 2),
            AllowMultipleArgumentsPerToken = true,
            HelpName = "FOUND LABELS.csv",
        };
        var folds = new Option<int>("--folds") { Description = "With --lesions: folds of the ordinal model.", DefaultValueFactory = _ => 5, HelpName = "K" };
        var most = new Option<int>("--max-boxes")
        {
            Description = "With --detection: the surest boxes of a label and image that count. COCO's own is 100.",
            DefaultValueFactory = _ => new DetectionScoreOptions().MostBoxes,
            HelpName = "N",
        };
        var group = new Option<string?>("--group")
        {
            Description = "Column that says which images belong together (patient): they are resampled together. Default: 'group' where there is one.",
            HelpName = "COLUMN",
        };
        var classes = new Option<int?>("--classes") { Description = "Number of classes. Default: as many as probabilities, else 5 (grades 0 to 4).", HelpName = "N" };
        var names = new Option<string?>("--class-names") { Description = "Names of the classes in order, with commas; the table may use them instead of numbers. CNV and DME count as urgent.", HelpName = "A,B,…" };
        var urgent = new Option<string?>("--urgent") { Description = "Numbers of the classes that are urgent, with commas.", HelpName = "K,…" };
        var imageColumn = new Option<string?>("--image-column") { Description = "Column that names the image. Default: image, else the line's number.", HelpName = "COLUMN" };
        var trueColumn = new Option<string>("--true-column") { Description = "Column of the true class.", DefaultValueFactory = _ => "true", HelpName = "COLUMN" };
        var predictedColumn = new Option<string?>("--predicted-column") { Description = "Column of the predicted class. Default: predicted, else the most probable one.", HelpName = "COLUMN" };
        var probabilityColumns = new Option<string?>("--probability-columns") { Description = "Columns of the probabilities in order, with commas. Default: p0,p1,…", HelpName = "A,B,…" };
        var resamples = new Option<int?>("--resamples")
        {
            Description = "Bootstrap resamples for the 95 % intervals; 0 leaves them out. Default: 2000, 1000 with --detection.",
            HelpName = "N",
        };
        var seed = new Option<ulong>("--seed") { Description = "The same seed draws the same intervals on every machine.", DefaultValueFactory = _ => 0UL, HelpName = "N" };
        var json = JsonOutput.Option();
        return new Command("metrics", "Score a table of predictions (kappas, accuracy, F1, AUC, calibration, sensitivity and specificity) found boxes (AP, FROC), or grades by lesions, with intervals.")
            { predictions, detection, lesions, folds, most, group, classes, names, urgent, imageColumn, trueColumn, predictedColumn, probabilityColumns, resamples, seed, json }.Runs((parse, cancel) =>
        {
            if (parse.GetValue(classes) is { } k && k is < 2 or > Predictions.MaxClasses)
                throw new UsageException($"--classes: {k} is out of range. Give 2 to {Predictions.MaxClasses}.");
            if (parse.GetValue(resamples) is { } n && n is < 0 or > MaxResamples)
                throw new UsageException($"--resamples: {n} is out of range. Give 0 to {MaxResamples}.");
            if (parse.GetValue(detection) is { Length: 2 } pair)
            {
                if (parse.GetValue(predictions) is not null) throw new UsageException("--detection: it takes the place of --predictions. Leave out one of them.");
                if (parse.GetValue(most) is < 1) throw new UsageException($"--max-boxes: {parse.GetValue(most)} is out of range. Give 1 or more.");
                return Detection(pair[0], pair[1], parse.GetValue(most), parse.GetValue(resamples), parse.GetValue(seed), parse.GetValue(json), cancel);
            }
            if (parse.GetValue(lesions) is { Length: 2 } graded)
            {
                if (parse.GetValue(predictions) is not null) throw new UsageException("--lesions: it takes the place of --predictions. Leave out one of them.");
                if (parse.GetValue(folds) is var count and (< 2 or > 100)) throw new UsageException($"--folds: {count} is out of range. Give 2 to 100.");
                var scored = new MetricsOptions { Resamples = parse.GetValue(resamples) ?? new MetricsOptions().Resamples, Seed = parse.GetValue(seed) };
                var result = LesionGrading.Score(graded[0], graded[1], parse.GetValue(trueColumn)!, parse.GetValue(folds), scored, cancel);
                if (parse.GetValue(json)) JsonOutput.Write(result);
                else Console.Out.Write($"{result.Images} photographs\n\nby the ICDR rule\n{MetricsText.Of(result.Rule)}\nby an ordinal model, out of fold\n{MetricsText.Of(result.Model)}");
                return ExitCodes.Ok;
            }
            if (parse.GetValue(predictions) is not { } file) throw new UsageException("--predictions: nothing to score. Give --predictions FILE.csv, --detection TRUTH FOUND or --lesions FOUND LABELS.csv.");
            var table = Predictions.Read(file, new PredictionColumns
            {
                Image = parse.GetValue(imageColumn), True = parse.GetValue(trueColumn)!, Predicted = parse.GetValue(predictedColumn), Group = parse.GetValue(group),
                Probabilities = Parts("--probability-columns", parse.GetValue(probabilityColumns)), ClassCount = parse.GetValue(classes),
                ClassNames = Parts("--class-names", parse.GetValue(names)),
            });
            var options = new MetricsOptions { Resamples = parse.GetValue(resamples) ?? new MetricsOptions().Resamples, Seed = parse.GetValue(seed), Urgent = Urgent(parse.GetValue(urgent), table.ClassCount) };
            var report = MetricsReport.Compute(table, options, cancel);
            if (parse.GetValue(json)) JsonOutput.Write(report);
            else Console.Out.Write(MetricsText.Of(report));
            return ExitCodes.Ok;
        });
    }

    private static string[]? Parts(string option, string? list)
    {
        if (list is null) return null;
        var parts = list.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);
        if (parts.Length < 2) throw new UsageException($"{option}: at least two names are needed. Separate them with commas.");
        return parts.Distinct(StringComparer.OrdinalIgnoreCase).Count() == parts.Length ? parts : throw new UsageException($"{option}: a name stands twice. Give each once.");
    }

    private static int[]? Urgent(string? list, int classes)
    {
        if (list is null) return null;
        int[] numbers = [.. list.Split(',').Select(text => int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var k) && k < classes ? k
            : throw new UsageException($"--urgent: '{text}' is not a class from 0 to {classes - 1}. Give numbers with commas."))];
        return numbers.Distinct().Count() < classes ? numbers : throw new UsageException("--urgent: every class is urgent. Leave out those that are not.");
    }

    private static int Detection(string truth, string found, int most, int? resamples, ulong seed, bool json, CancellationToken cancel)
    {
        var options = new DetectionScoreOptions { MostBoxes = most, Seed = seed };
        if (resamples is { } n) options = options with { Resamples = n };
        var report = DetectionReport.Compute(DetectionFiles.Read(truth, found), options, cancel);
        if (json) JsonOutput.Write(report);
        else Console.Out.Write(DetectionText.Of(report));
        return ExitCodes.Ok;
    }
}
