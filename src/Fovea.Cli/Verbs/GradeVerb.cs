using System.CommandLine;
using Fovea.Acquisition;
using Fovea.Detection;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Quality;
using Fovea.Reporting;
using Fovea.Training.Evaluation.Report;
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
        var panel = new Option<string?>("--panel") { Description = "Also write a picture of photograph, heat map, network input and the result in words, as PNG, into this folder.", HelpName = "DIR" };
        var dme = new Option<string?>("--dme") { Description = "Model file (.fovea) for the risk of macular oedema; 'none' for none. Default: the one that ships, models/dme-mobile.fovea, where the grader is the one that ships.", HelpName = "FILE" };
        var lesions = new Option<string?>("--lesions")
        {
            Description = "Also grade by the lesions that a detector (.fovea) finds, and say where the two disagree; seconds for each photograph. Without a FILE, behind the photographs: the one that ships, models/lesions.fovea.",
            Arity = ArgumentArity.ZeroOrOne,
            HelpName = "FILE",
        };
        var force = new Option<bool>("--force") { Description = "Grade photographs of too poor quality too." };
        var submission = new Option<string?>("--submission") { Description = "Also write the grades as id_code,diagnosis, as Kaggle's APTOS 2019 competition takes them.", HelpName = "FILE.csv" };
        var json = JsonOutput.Option();
        var torchScript = new TorchScriptOptions();
        var command = new Command("grade", "Grade diabetic retinopathy on photographs: grade, probabilities, referral.") { images, model, heatmap, panel, dme, lesions, force, submission, json };
        torchScript.AddTo(command);
        var judge = new QualityOption();
        judge.AddTo(command);
        return command.Runs((parse, cancel) =>
        {
            var paths = ImagePaths.Expand(parse.GetValue(images)!);
            var folder = parse.GetValue(heatmap);
            using var foreign = torchScript.Load(parse, withModel: parse.GetValue(model) is not null, withHeatmap: folder is not null || parse.GetValue(panel) is not null);
            using var loaded = foreign is null ? GradingModel.Load(ModelOption.PathOf(parse.GetValue(model))) : null;
            using var network = judge.Load(parse);
            using var oedema = DmeModel(parse.GetValue(dme), shippedGrader: foreign is null && parse.GetValue(model) is null);
            using var detector = parse.GetResult(lesions) is null ? null : LesionDetector.Load(ModelOption.DetectorOf(parse.GetValue(lesions), "--lesions"));
            var (overlays, panels) = (folder is null ? null : OutputNames.Of(paths, folder), parse.GetValue(panel) is { } into ? OutputNames.Of(paths, into) : null);
            var graded = new List<(string Path, int Grade)>();
            var code = ImageLoop.Run(paths, "Grading", i =>
            {
                var photograph = FundusImage.Read(paths[i]);
                var quality = network.ReportOn(photograph);
                if (!parse.GetValue(force)) quality.ThrowIfUngradable(paths[i]);
                var report = loaded is not null ? Grade(loaded, photograph, quality, overlays?[i], panels?[i])
                    : GradeReport.Of(foreign!.Grade(photograph), foreign.Classes, foreign.Name, foreign.Sha256, quality);
                graded.Add((paths[i], report.Grade));
                if (oedema is not null) report = report with { DmeRisk = DmeRiskReport.Of(oedema, photograph) };
                if (detector is not null) report = report with { SecondOpinion = SecondOpinion.Of(paths[i], photograph.Pixels, detector, report.Grade, report.Referable, cancel) };
                if (parse.GetValue(json)) JsonOutput.WriteLine(report);
                else Console.Out.WriteLine(report.Line());
            }, cancel);
            if (parse.GetValue(submission) is { } file) ReportFiles.WriteSubmission(file, [.. graded.Select(g => g.Path)], [.. graded.Select(g => g.Grade)]);
            if (!parse.GetValue(json)) Console.Error.WriteLine($"Note: {GradeReport.ResearchNotice}.");
            return code;
        });
    }

    private static GradingModel? DmeModel(string? given, bool shippedGrader) => given == "none" || (given is null && !(shippedGrader && File.Exists(ShippedModels.DmeRisk))) ? null
        : GradingModel.Load(given ?? ShippedModels.DmeRisk, ModelTasks.DmeRisk, "the risk of macular oedema", "Train one on a data set with ?target=dme");

    /// <param name="overlayStem">Path of the overlay without its ending; null: none is wanted.</param>
    /// <param name="panelStem">Likewise of the panel.</param>
    private static GradeReport Grade(GradingModel model, FundusImage photograph, QualityReport quality, string? overlayStem, string? panelStem)
    {
        if (overlayStem is null && panelStem is null) return GradeReport.Of(model.Grade(photograph), model, quality);
        var prepared = model.Prepare(photograph);
        var (prediction, map) = model.PredictAndExplain([prepared])[0];
        var result = new GradeResult(photograph.Name, prediction, prepared);
        var (overlay, panel) = (overlayStem is null ? null : $"{overlayStem}.heatmap.png", panelStem is null ? null : $"{panelStem}.panel.png");
        // A flat map is no explanation: the photograph is written as it is.
        if (overlay is not null) ImageFile.Write(OutputNames.WithFolder(overlay), map.IsFlat ? photograph.Pixels : HeatmapOverlay.OnOriginal(map, prepared, photograph.Pixels));
        if (panel is not null) ImageFile.Write(OutputNames.WithFolder(panel), GradePanel.Draw(model, photograph, quality, result, map, prediction.Grade, new ExplanationOptions(), new OverlayStyle()));
        return GradeReport.Of(result, model, quality, overlay) with { Panel = panel };
    }
}
