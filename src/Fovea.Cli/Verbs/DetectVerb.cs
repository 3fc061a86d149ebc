using System.CommandLine;
using System.Globalization;
using Fovea.Acquisition;
using Fovea.Detection;
using Fovea.Imaging;
using Fovea.Reporting;
using Fovea.Training.Augmentation;
using Fovea.Training.Data.Lesions;

namespace Fovea.Cli.Verbs;

/// <summary>Finds lesions in photographs with a trained detector.</summary>
internal static class DetectVerb
{
    public static Command Create()
    {
        var images = new Argument<string[]>("image") { Description = "Photographs, or folders of them.", Arity = ArgumentArity.OneOrMore };
        var model = new Option<string>("--model") { Description = "Detector (.fovea) that `fovea train` wrote with a recipe for lesions.", Required = true, HelpName = "FILE" };
        var threshold = new Option<double?>("--threshold") { Description = "Least score of a box, 0 to 1. Default: each kind's own, from the model file.", HelpName = "SCORE" };
        var draw = new Option<string?>("--draw") { Description = "Write the photographs with the boxes drawn, as PNG.", HelpName = "DIR" };
        var voc = new Option<string?>("--voc") { Description = "Write the boxes as Pascal VOC files that labelImg opens, to be corrected there.", HelpName = "DIR" };
        var json = JsonOutput.Option();
        return new Command("detect", "Find lesions in photographs, as boxes.") { images, model, threshold, draw, voc, json }.Runs((parse, cancel) =>
        {
            if (parse.GetValue(threshold) is { } t && !(t is >= 0 and <= 1)) throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--threshold: {t} is out of range. Give 0 to 1."));
            var paths = ImagePaths.Expand(parse.GetValue(images)!);
            using var detector = LesionDetector.Load(parse.GetValue(model)!);
            var names = Names(paths);
            var code = ExitCodes.Ok;
            using var progress = paths.Count > 1 && Console.IsOutputRedirected ? new ProgressLine("Looking", paths.Count, "images") : null;
            for (var i = 0; i < paths.Count; i++)
            {
                cancel.ThrowIfCancellationRequested();
                try
                {
                    var photograph = FundusImage.Read(paths[i]).Pixels;
                    var report = LesionReport.Of(paths[i], photograph, detector, detector.Detect(photograph, cancel: cancel), parse.GetValue(threshold));
                    if (parse.GetValue(draw) is { } folder) ImageFile.Write(Path.Combine(Directory.CreateDirectory(folder).FullName, names[i] + ".png"), report.Drawing(photograph, detector.Card.Labels));
                    if (parse.GetValue(voc) is { } annotations) VocFile.Write(Path.Combine(Directory.CreateDirectory(annotations).FullName, names[i] + ".xml"), Annotation(report));
                    if (parse.GetValue(json)) JsonOutput.WriteLine(report);
                    else Console.Out.WriteLine(report.Line());
                }
                // One bad photograph of many must not keep the others from theirs.
                catch (Exception e) when (paths.Count > 1 && ExitCodes.Of(e).Code == ExitCodes.UnreadableInput && e is UnreadableImageException)
                {
                    var (itsCode, line) = ExitCodes.Of(e);
                    code = Math.Max(code, itsCode);
                    if (progress is null) Console.Error.WriteLine(line);
                    else progress.WriteLine(line);
                }
                progress?.Report(i + 1);
            }
            progress?.Dispose();
            if (!parse.GetValue(json)) Console.Error.WriteLine($"Note: {GradeReport.ResearchNotice}.");
            return code;
        });
    }

    private static VocAnnotation Annotation(LesionReport report) => new(Path.GetFileName(report.Image), report.Width, report.Height,
        [.. report.Lesions.Select(l => new VocObject(l.Label, new MarkedBox(l.Left, l.Top, l.Right, l.Bottom)) { Score = l.Score })]);

    /// <summary>One name an image, without its ending; two photographs of one name in different folders must not overwrite each other's.</summary>
    private static string[] Names(IReadOnlyList<string> images)
    {
        var used = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return [.. images.Select(image =>
        {
            var stem = Path.GetFileNameWithoutExtension(image);
            var name = stem;
            for (var i = 2; !used.Add(name); i++) name = $"{stem}.{i}";
            return name;
        })];
    }
}
