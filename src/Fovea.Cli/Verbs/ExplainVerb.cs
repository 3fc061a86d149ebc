using System.CommandLine;
using Fovea.Acquisition;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Quality;

namespace Fovea.Cli.Verbs;

/// <summary>Shows where a model saw what decided a grade.</summary>
internal static class ExplainVerb
{
    public static Command Create()
    {
        var image = new Argument<string>("image") { Description = "A photograph." };
        var model = ModelOption.Create();
        var output = new Option<string>("--out") { Description = "Folder for the pictures; made if it is missing.", Required = true, HelpName = "DIR" };
        var grade = new Option<int?>("--class") { Description = "The grade to explain. Default: the one that the model gives.", HelpName = "K" };
        var layer = new Option<string?>("--layer") { Description = "The layer to look at; see `fovea models list --json`. Default: the deepest.", HelpName = "NAME" };
        var colours = new Option<string>("--colormap") { Description = "OpenCV's colour map: turbo, jet, viridis, inferno, spring …", DefaultValueFactory = _ => "turbo", HelpName = "NAME" };
        var opacity = new Option<double>("--opacity") { Description = "Share of the map's colour, 0 to 1.", DefaultValueFactory = _ => 0.5, HelpName = "X" };
        var json = JsonOutput.Option();
        return new Command("explain", "Draw where a model saw what decided a grade (Grad-CAM).") { image, model, output, grade, layer, colours, opacity, json }.Runs((parse, cancel) =>
        {
            var style = new OverlayStyle(ColoursOf(parse.GetValue(colours)!), parse.GetValue(opacity));
            if (style.Opacity is not (>= 0 and <= 1)) throw new UsageException("--opacity: not a share. Give 0 to 1.");
            using var loaded = GradingModel.Load(ModelOption.PathOf(parse.GetValue(model)));
            if (parse.GetValue(grade) is { } k && (k < 0 || k >= loaded.Card.Head.Classes))
                throw new UsageException($"--class: the model has no grade {k}. Give 0 to {loaded.Card.Head.Classes - 1}.");
            if (parse.GetValue(layer) is { } name && !loaded.Layers.Contains(name))
                throw new UsageException($"--layer: no layer is named {name}. There are {string.Join(", ", loaded.Layers)}.");
            var path = parse.GetValue(image)!;
            var photograph = FundusImage.Read(path);
            var quality = QualityAssessor.Assess(photograph);
            cancel.ThrowIfCancellationRequested();
            var result = loaded.Grade(photograph);
            var explained = parse.GetValue(grade) ?? result.Prediction.Grade;
            var map = loaded.Explain(result.Prepared, explained, parse.GetValue(layer));
            // Explaining a bad photograph may be just what somebody wants, so this warns and goes on, unless there is nothing to show.
            if (map.IsFlat) quality.ThrowIfUngradable(path);
            if (!quality.Gradable) Console.Error.WriteLine($"{path}: ungradable, {quality.Problems[0].Finding}. Do not rely on this grade.");
            if (map.IsFlat)
                Console.Error.WriteLine($"{path}: no region stands out for grade {explained}; the map is empty. Try another --layer or --class.");
            var overlay = map.IsFlat ? photograph.Pixels : HeatmapOverlay.OnOriginal(map, result.Prepared, photograph.Pixels, style);
            var verdict = $"grade {result.Prediction.Grade} ({result.Prediction.Probabilities[result.Prediction.Grade] * 100:0} %)" +
                (explained == result.Prediction.Grade ? "" : $", map of {explained}") + (map.IsFlat ? ", empty map" : "");

            var folder = parse.GetValue(output)!;
            Directory.CreateDirectory(folder);
            var stem = Path.Combine(folder, Path.GetFileNameWithoutExtension(path));
            var (panel, heatmap) = ($"{stem}.panel.png", $"{stem}.heatmap.png");
            ImageFile.Write(panel, ExplanationPanel.Draw(photograph.Pixels, result.Prepared, overlay, verdict));
            ImageFile.Write(heatmap, overlay);
            if (parse.GetValue(json))
                JsonOutput.WriteLine(new Explained(path, result.Prediction.Grade, explained, parse.GetValue(layer) ?? loaded.Layers[^1], map.IsFlat, panel, heatmap));
            else
                Console.Out.WriteLine($"{panel}\n{heatmap}");
            return ExitCodes.Ok;
        });
    }

    private static ColourMap ColoursOf(string name)
    {
        // Numbers would pass Enum.TryParse too.
        if (Enum.GetNames<ColourMap>().FirstOrDefault(n => string.Equals(n, name, StringComparison.OrdinalIgnoreCase)) is { } found) return Enum.Parse<ColourMap>(found);
        var nearest = NearestName.Of(name, Enum.GetNames<ColourMap>()) is { } near ? $"Did you mean {near.ToLowerInvariant()}? " : "";
        throw new UsageException($"--colormap: no colour map is named {name}. {nearest}There are {string.Join(", ", Enum.GetNames<ColourMap>()).ToLowerInvariant()}.");
    }

    private sealed record Explained(string Image, int Grade, int ExplainedGrade, string Layer, bool IsFlat, string Panel, string Heatmap);
}
