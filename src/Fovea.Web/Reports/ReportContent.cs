using Fovea.Imaging;
using Fovea.Web.Accounts;
using Fovea.Web.Analysis;
using Fovea.Web.Hosting;
using Fovea.Web.Images;
using Fovea.Web.Patients;
using Fovea.Web.Settings;
using Fovea.Web.Storage;

namespace Fovea.Web.Reports;

/// <summary>One photograph of a report.</summary>
/// <param name="Picture">JPEG of the photograph, its longer side at most 640; null where its pixels cannot be decoded.</param>
/// <param name="Overlay">The same under the heat map; null where there is none.</param>
internal sealed record ReportImage(ImageAnswer Image, byte[]? Picture, byte[]? Overlay);

/// <summary>What both forms of the report say.</summary>
internal sealed record ReportContent(ExaminationAnswer Examination, IReadOnlyList<ReportImage> Images, string SiteName, string Language, string PrintedAt)
{
    private const int PictureSide = 640;

    public static async Task<ReportContent> ReadAsync(string id, Caller caller, string language, Database database, ImageStore store, ServiceSettings settings, CancellationToken cancel)
    {
        var examination = await database.ReadAsync(w => ExaminationAnswer.ReadAsync(w, id, caller, language, settings), cancel);
        var images = new List<ReportImage>();
        foreach (var image in examination.Images.OrderBy(i => i.Eye is "right" ? 0 : i.Eye is "left" ? 1 : 2))
        {
            var map = await database.ReadAsync(w => w.FirstAsync<string>("SELECT map FROM results WHERE image_id = @Id", new { image.Id }), cancel);
            var (picture, overlay) = Draw(await store.ReadAsync(image.Id, cancel), image, map is null ? null : ServiceJson.Read<StoredMap>(map));
            images.Add(new ReportImage(image, picture, overlay));
        }
        return new ReportContent(examination, images, settings.SiteName, language, Database.Now[..16].Replace('T', ' ') + " UTC");
    }

    private static (byte[]? Picture, byte[]? Overlay) Draw(byte[] bytes, ImageAnswer answer, StoredMap? map)
    {
        Image image;
        try
        {
            image = ImageCodec.Decode(bytes, answer.Name, new DecodeOptions { MaxPixels = ImageAnalysis.MostPixels, MinSide = PictureSide });
        }
        catch (UnreadableImageException)
        {
            return (null, null);
        }
        var scale = (double)PictureSide / Math.Max(image.Width, image.Height);
        if (scale < 1) image = image.Resize(Math.Max(1, (int)Math.Round(image.Width * scale)), Math.Max(1, (int)Math.Round(image.Height * scale)), Interpolation.Area);
        var picture = ImageCodec.Encode(image, ImageFormat.Jpeg, 88);
        if (map is null) return (picture, null);
        var heat = HeatmapPng.InFrame(map, (int)answer.Width, (int)answer.Height, image.Width, image.Height);
        var painted = Image.AddWeighted(heat.ApplyColourMap(ColourMap.Turbo), 0.45, image, 0.55, 0);
        // The black border around the retina stays black.
        for (var i = 0; i < image.Pixels.Length; i += 3)
            if (Math.Max(image.Pixels[i], Math.Max(image.Pixels[i + 1], image.Pixels[i + 2])) <= 20) image.Pixels.AsSpan(i, 3).CopyTo(painted.Pixels.AsSpan(i, 3));
        return (picture, ImageCodec.Encode(painted, ImageFormat.Jpeg, 88));
    }

    public ReportWords Words => ReportWords.In(Language);

    /// <summary>What is said of one photograph, line by line.</summary>
    public IEnumerable<string> LinesOf(ImageAnswer image)
    {
        var words = Words;
        var culture = System.Globalization.CultureInfo.InvariantCulture;
        if (image.Result is not { } r)
        {
            yield return words.Waiting;
            yield break;
        }
        if (image.Kind == ImageKind.Oct)
        {
            foreach (var line in LinesOfScan(r)) yield return line;
            yield break;
        }
        if (r.Grade is { } grade)
        {
            yield return string.Create(culture, $"{words.Machine}: {grade}, {Hosting.Words.Grade(grade, Language)} ({r.Probabilities![grade] * 100:0} %)");
            if (r.Set is { Count: > 0 } set && r.SetCoverage is { } coverage) yield return string.Create(culture, $"{words.Set} ({coverage * 100:0.#} %): {string.Join(", ", set)}");
            if (r.Unsure) yield return words.Unsure;
            if (r.UnsureReasons.Contains(UnsureReason.NearUngradable) && r.Quality is { Problems: [var near, ..] }) yield return $"{words.NearUngradable}: {near.Finding}. {near.Advice}";
        }
        else if (r.Quality is { Gradable: false } quality)
        {
            yield return $"{words.Ungradable}: {quality.Problems[0].Finding}";
            yield return quality.Problems[0].Advice;
        }
        else yield return r.Detail ?? words.Ungradable;
        if (r.Lesions is { } lesions) yield return $"{words.Lesions}: {(lesions.Count == 0 ? "0" : string.Join(", ", lesions.GroupBy(l => l.Kind).Select(g => $"{g.Count()} {Hosting.Words.Lesion(g.Key, Language)}")))}";
        var review = image.Review;
        if (review.State == "final") yield return $"{words.Readers}: {(review.FinalUngradable ? words.Ungradable : $"{review.FinalGrade}, {Hosting.Words.Grade(review.FinalGrade ?? 0, Language)}")} ({string.Join(", ", review.Reviews.Select(v => v.Reader))})";
        else yield return words.NotRead;
        yield return ModelLine(r);
    }

    private string ModelLine(ResultAnswer r) => $"{Words.Model}: {r.Model.Name}, {r.Model.Architecture}, {r.Model.Id}, Fovea {r.Model.Version.Split('+')[0]}";

    /// <summary>A scan has a class instead of a grade, and no readers.</summary>
    private IEnumerable<string> LinesOfScan(ResultAnswer r)
    {
        if (r.Grade is not { } index)
        {
            yield return r.Detail ?? Words.NoResult;
            yield break;
        }
        yield return string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{Words.ScanClass}: {r.GradeName} ({r.Probabilities![index] * 100:0} %)");
        if (r.Unsure) yield return Words.Unsure;
        yield return ModelLine(r);
    }
}

/// <summary>The report's own words.</summary>
internal sealed record ReportWords(
    string Title, string Patient, string Examined, string Result, string WorstEye, string Recommendation, string Machine, string Set, string Unsure, string Ungradable, string Readers, string NotRead,
    string Model, string Lesions, string Photograph, string Heatmap, string HeatmapNote, string Waiting, string NoResult, string Note, string Printed, string ScanClass,
    string NearUngradable)
{
    public static ReportWords In(string language) => language == "zh"
        ? new("糖尿病视网膜病变筛查报告", "患者", "检查日期", "结果", "较重眼", "建议", "软件分级", "预测集合", "结果不确定，请医生判定。", "无法分级", "医生分级", "医生尚未完成阅片。", "模型", "病灶", "照片", "热图",
            "颜色表示该网络的数值依赖于何处；它们不勾画病灶，颜色冷的地方也可能有病变。", "正在分析。", "尚无结果", "备注", "打印时间", "OCT 分类", "接近无法分级")
        : new("Diabetic retinopathy screening report", "Patient", "Examined on", "Result", "Worse eye", "Recommendation", "Software grade", "Prediction set", "The grade is unsure: a person decides.", "Ungradable",
            "Grade of the readers", "No reader has finished yet.", "Model", "Lesions", "Photograph", "Heat map",
            "Colours show what this network's number depends on. They do not outline lesions; disease may be where they are cold.", "Being analysed.", "no result yet", "Note", "Printed", "OCT class", "Nearly ungradable");
}
