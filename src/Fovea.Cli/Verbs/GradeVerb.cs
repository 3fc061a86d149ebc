using System.CommandLine;
using Fovea.Acquisition;
using Fovea.Detection;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Quality;
using Fovea.Reporting;
using Fovea.Training.Grading;

namespace Fovea.Cli.Verbs;

/// <summary>Grades photographs with a trained model.</summary>
internal static class GradeVerb
{
    public static Command Create()
    {
        var images = new Argument<string[]>("image") { Description = "Photographs, or folders of photographs.", Arity = ArgumentArity.OneOrMore };
        var model = ModelOption.Create();
        var heatmap = new Option<string?>("--heatmap") { Description = "Also write each photograph with the Grad-CAM map of its grade, as PNG, into this folder.", HelpName = "DIR" };
        var lesions = new Option<string?>("--lesions") { Description = "Detector (.fovea): also grade by the lesions that it finds, and say where the two disagree.", HelpName = "FILE" };
        var force = new Option<bool>("--force") { Description = "Grade photographs of too poor quality too." };
        var json = JsonOutput.Option();
        var torchScript = new TorchScriptOptions();
        var command = new Command("grade", "Grade diabetic retinopathy on photographs: grade, probabilities, referral.") { images, model, heatmap, lesions, force, json };
        torchScript.AddTo(command);
        return command.Runs((parse, cancel) =>
        {
            var paths = ImagePaths.Expand(parse.GetValue(images)!);
            var folder = parse.GetValue(heatmap);
            using var foreign = torchScript.Load(parse, withModel: parse.GetValue(model) is not null, withHeatmap: folder is not null);
            using var loaded = foreign is null ? GradingModel.Load(ModelOption.PathOf(parse.GetValue(model))) : null;
            using var detector = parse.GetValue(lesions) is { } file ? LesionDetector.Load(file) : null;
            var overlays = folder is null ? null : OverlayPaths(paths, folder);
            var code = ExitCodes.Ok;
            using var progress = paths.Count > 1 && Console.IsOutputRedirected ? new ProgressLine("Grading", paths.Count, "images") : null;
            for (var i = 0; i < paths.Count; i++)
            {
                cancel.ThrowIfCancellationRequested();
                try
                {
                    var report = loaded is not null ? Grade(loaded, paths[i], overlays?[i], parse.GetValue(force)) : Grade(foreign!, paths[i], parse.GetValue(force));
                    if (detector is not null)
                        report = report with { SecondOpinion = SecondOpinion.Of(paths[i], FundusImage.Read(paths[i]).Pixels, detector, report.Grade, report.Referable, cancel) };
                    if (parse.GetValue(json)) JsonOutput.WriteLine(report);
                    else Console.Out.WriteLine(report.Line());
                }
                // One bad photograph of many must not keep the others from their grade.
                catch (Exception e) when (paths.Count > 1 && ExitCodes.Of(e).Code is ExitCodes.UnreadableInput or ExitCodes.Ungradable)
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

    private static GradeReport Grade(GradingModel model, string path, string? overlayPath, bool force)
    {
        var photograph = FundusImage.Read(path);
        var quality = QualityAssessor.Assess(photograph);
        if (!force) quality.ThrowIfUngradable(path);
        var result = model.Grade(photograph);
        if (overlayPath is null) return GradeReport.Of(result, model, quality);
        var map = model.Explain(result.Prepared, result.Prediction.Grade);
        Directory.CreateDirectory(Path.GetDirectoryName(overlayPath)!);
        // A flat map is no explanation: the photograph is written as it is.
        ImageFile.Write(overlayPath, map.IsFlat ? photograph.Pixels : HeatmapOverlay.OnOriginal(map, result.Prepared, photograph.Pixels));
        return GradeReport.Of(result, model, quality, overlayPath);
    }

    private static GradeReport Grade(TorchScriptGrader program, string path, bool force)
    {
        var photograph = FundusImage.Read(path);
        var quality = QualityAssessor.Assess(photograph);
        if (!force) quality.ThrowIfUngradable(path);
        return GradeReport.Of(program.Grade(photograph), program.Classes, program.Name, program.Sha256, quality);
    }

    /// <summary>One path an image; two photographs of one name in different folders must not overwrite each other's.</summary>
    private static string[] OverlayPaths(IReadOnlyList<string> images, string folder)
    {
        var used = new HashSet<string>(StringComparer.OrdinalIgnoreCase);
        return [.. images.Select(image =>
        {
            var stem = Path.GetFileNameWithoutExtension(image);
            var name = $"{stem}.heatmap.png";
            for (var i = 2; !used.Add(name); i++) name = $"{stem}.{i}.heatmap.png";
            return Path.Combine(folder, name);
        })];
    }
}
