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
        var model = new Option<string?>("--model") { Description = "Detector (.fovea) that `fovea train` wrote with a recipe for lesions. Default: the one that ships, models/lesions.fovea.", HelpName = "FILE" };
        var threshold = new Option<double?>("--threshold") { Description = "Least score of a box, 0 to 1. Default: each kind's own, from the model file.", HelpName = "SCORE" };
        var draw = new Option<string?>("--draw") { Description = "Write the photographs with the boxes drawn, as PNG.", HelpName = "DIR" };
        var voc = new Option<string?>("--voc") { Description = "Write the boxes as Pascal VOC files that labelImg opens, to be corrected there.", HelpName = "DIR" };
        var json = JsonOutput.Option();
        return new Command("detect", "Find lesions in photographs, as boxes.") { images, model, threshold, draw, voc, json }.Runs((parse, cancel) =>
        {
            if (parse.GetValue(threshold) is { } t && !(t is >= 0 and <= 1)) throw new UsageException(string.Create(CultureInfo.InvariantCulture, $"--threshold: {t} is out of range. Give 0 to 1."));
            var paths = ImagePaths.Expand(parse.GetValue(images)!);
            using var detector = LesionDetector.Load(ModelOption.DetectorOf(parse.GetValue(model), "--model"));
            var (drawings, annotations) = (parse.GetValue(draw) is { } d ? OutputNames.Of(paths, d) : null, parse.GetValue(voc) is { } v ? OutputNames.Of(paths, v) : null);
            var code = ImageLoop.Run(paths, "Looking", i =>
            {
                var photograph = FundusImage.Read(paths[i]).Pixels;
                var report = LesionReport.Of(paths[i], photograph, detector, detector.Detect(photograph, cancel: cancel), parse.GetValue(threshold));
                if (drawings is not null) ImageFile.Write(OutputNames.WithFolder(drawings[i] + ".png"), report.Drawing(photograph, detector.Card.Labels));
                if (annotations is not null) VocFile.Write(OutputNames.WithFolder(annotations[i] + ".xml"), Annotation(report));
                if (parse.GetValue(json)) JsonOutput.WriteLine(report);
                else Console.Out.WriteLine(report.Line());
            }, cancel);
            if (!parse.GetValue(json)) Console.Error.WriteLine($"Note: {GradeReport.ResearchNotice}.");
            return code;
        });
    }

    private static VocAnnotation Annotation(LesionReport report) => new(Path.GetFileName(report.Image), report.Width, report.Height,
        [.. report.Lesions.Select(l => new VocObject(l.Label, new MarkedBox(l.Left, l.Top, l.Right, l.Bottom)) { Score = l.Score })]);
}
