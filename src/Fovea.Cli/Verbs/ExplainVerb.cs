using System.CommandLine;
using Fovea.Acquisition;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Quality;
using Fovea.Reporting;

namespace Fovea.Cli.Verbs;

/// <summary>Shows where a model saw what decided a grade.</summary>
internal static class ExplainVerb
{
    public static Command Create()
    {
        var images = new Argument<string[]>("image") { Description = "Photographs, or folders of photographs.", Arity = ArgumentArity.ZeroOrMore };
        var model = ModelOption.Create();
        var output = new Option<string>("--out") { Description = "Folder for the pictures; made if it is missing.", Required = true, HelpName = "DIR" };
        var grade = new Option<int?>("--class") { Description = "The grade to explain. Default: the one that the model gives.", HelpName = "K" };
        var choices = new ExplanationChoices();
        var json = JsonOutput.Option();
        var command = new Command("explain", "Draw where a model saw what decided a grade: a heat map, and a panel with the result in words.") { images, model, output, grade };
        choices.AddTo(command);
        var judge = new QualityOption();
        judge.AddTo(command);
        var scoring = new ExplanationScoring();
        scoring.AddTo(command);
        command.Add(json);
        return command.Runs((parse, cancel) =>
        {
            var style = choices.Style(parse);
            var named = parse.GetValue(images) ?? [];
            if (scoring.IsWanted(parse) && named.Length > 0) throw new UsageException("--score: takes its photographs from the folder. Leave the others out.");
            if (!scoring.IsWanted(parse) && named.Length == 0) throw new UsageException("explain: no photograph is given. Name one, e.g. `fovea explain PHOTO.jpg --model MODEL.fovea --out DIR`.");
            using var loaded = GradingModel.Load(ModelOption.PathOf(parse.GetValue(model)));
            if (parse.GetValue(grade) is { } k && (k < 0 || k >= loaded.Card.Head.Classes))
                throw new UsageException($"--class: the model has no grade {k}. Give 0 to {loaded.Card.Head.Classes - 1}.");
            var options = choices.Options(parse, loaded);
            if (scoring.IsWanted(parse)) return scoring.Run(parse, loaded, options, style, parse.GetValue(output)!, parse.GetValue(json), cancel);
            using var network = judge.Load(parse);
            var paths = ImagePaths.Expand(named);
            var stems = OutputNames.Of(paths, parse.GetValue(output)!);
            return ImageLoop.Run(paths, "Explaining", i =>
            {
                var explained = Explain(loaded, network, paths[i], stems[i], parse.GetValue(grade), options, style, cancel);
                if (parse.GetValue(json)) JsonOutput.WriteLine(explained);
                else Console.Out.WriteLine($"{explained.Panel}\n{explained.Heatmap}");
            }, cancel);
        });
    }

    private static Explained Explain(GradingModel model, QualityNetwork? network, string path, string stem, int? grade, ExplanationOptions options, OverlayStyle style, CancellationToken cancel)
    {
        var photograph = FundusImage.Read(path);
        var quality = network.ReportOn(photograph);
        var result = model.Grade(photograph);
        var explained = grade ?? result.Prediction.Grade;
        var map = model.Explain(result.Prepared, explained, options, cancel);
        // Explaining a bad photograph may be just what somebody wants, so this warns and goes on, unless there is nothing to show.
        if (map.IsFlat) quality.ThrowIfUngradable(path);
        if (!quality.Gradable) Console.Error.WriteLine($"{path}: ungradable, {quality.Problems[0].Finding}. Do not rely on this grade.");
        if (map.IsFlat) Console.Error.WriteLine($"{path}: no region stands out for grade {explained}; the map is empty. Try another --layer, --method or --class.");
        var layer = options.Method.LooksAtLayer() ? options.Layer ?? model.Layers[^1] : null;
        var (panel, heatmap) = ($"{stem}.panel.png", $"{stem}.heatmap.png");
        ImageFile.Write(OutputNames.WithFolder(panel), GradePanel.Draw(model, photograph, quality, result, map, explained, options, style));
        ImageFile.Write(heatmap, map.IsFlat ? photograph.Pixels : HeatmapOverlay.OnOriginal(map, result.Prepared, photograph.Pixels, style));
        var peak = HeatmapOverlay.PeakInOriginal(map, result.Prepared);
        return new Explained(path, result.Prediction.Grade, explained, options.Method.Name(), layer, map.IsFlat, peak is var (x, y) ? [Math.Round(x, 1), Math.Round(y, 1)] : null, panel, heatmap, GradeReport.ResearchNotice);
    }

    /// <param name="Layer">Null for methods that look at the image.</param>
    /// <param name="Peak">Where the map is highest, in pixels of the photograph, x right, y down; null for an empty map.</param>
    private sealed record Explained(string Image, int Grade, int ExplainedGrade, string Method, string? Layer, bool IsFlat, double[]? Peak, string Panel, string Heatmap, string Notice);
}
