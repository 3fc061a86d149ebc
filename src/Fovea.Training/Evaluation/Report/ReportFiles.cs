using System.Globalization;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Torch.Files;
using Fovea.Training.Data;
using Fovea.Training.Evaluation.Errors;
using Fovea.Training.Metrics;
using Fovea.Training.Training;

namespace Fovea.Training.Evaluation.Report;

/// <summary>Writes all files of an evaluation, each whole or not at all.</summary>
public static class ReportFiles
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true, Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping, Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    /// <param name="input">With predictions.</param>
    public static void Write(RunDirectory folder, ReportInput input)
    {
        var predictions = input.Predictions ?? throw new ArgumentException("no predictions", nameof(input));
        folder.Create();
        predictions.Write(folder.PredictionsCsv);
        RunDirectory.WriteText(folder.MetricsJson, input.Metrics.ToJson() + "\n");
        WriteSubmission(folder.In("submission.csv"), predictions.Images, predictions.Predicted);
        RunDirectory.WriteText(folder.In("report.json"), JsonSerializer.Serialize(Of(input, predictions), Json) + "\n");
        RunDirectory.WriteText(folder.ReportHtml, RunReport.Make(input));
        AtomicFile.Write(folder.In("report.pdf"), stream => SummaryPdf.Write(stream, input));
    }

    /// <summary>A table as Kaggle's APTOS 2019 competition takes it: <c>id_code,diagnosis</c>, ids without folder and ending.</summary>
    public static void WriteSubmission(string path, IReadOnlyList<string> images, IReadOnlyList<int> grades) => CsvText.Write(path,
        images.Select((image, i) => $"{CsvText.Cell(Path.GetFileNameWithoutExtension(image))},{grades[i].ToString(CultureInfo.InvariantCulture)}").Prepend("id_code,diagnosis"));

    private static object Of(ReportInput input, Predictions predictions)
    {
        var errors = ErrorAnalysis.Of(predictions, input.Ordered, input.Evaluation?.Images);
        string Image(int row) => predictions.Images[row];
        return new
        {
            title = input.Title, subject = input.Subject, model = input.ModelName is null ? null : Path.GetFileName(input.ModelName), modelSha256 = input.Card?.WeightsSha256, environment = input.Environment,
            metrics = input.Metrics,
            referral = predictions.Probabilities is null ? null : ReferralCurve.Of(predictions, input.MainDecision),
            sets = input.Evaluation?.Sets is { } sets && input.Card?.Decoding.Conformal is { } spec
                ? new { promised = spec.Coverage, coverage = sets.Where((s, i) => s.Contains(predictions.Truth[i])).Count() / (double)sets.Count, size = sets.Average(s => s.Count) } : null,
            errors = new
            {
                classes = errors.Classes, groups = errors.Groups,
                cells = errors.Cells.Select(c => new { c.Kind, c.Truth, c.Predicted, images = c.Rows.Select(Image) }),
                mostConfident = errors.MostConfident.Take(100).Select(Image),
                labels = errors.Labels is null ? null : new { errors.Labels.NoiseShare, errors.Labels.Thresholds, issues = errors.Labels.Issues.Select(i => new { image = Image(i.Row), label = predictions.Truth[i.Row], i.Suggested, i.Margin }) },
            },
            images = input.Evaluation?.Images,
        };
    }
}
