using System.CommandLine;
using Fovea.Acquisition;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;

namespace Fovea.Cli.Verbs;

/// <summary>The options that say how to explain and how to paint.</summary>
internal sealed class ExplanationChoices
{
    private readonly Option<string> _method = new("--method")
    {
        Description = $"How the model is asked: {string.Join(", ", ExplanationMethods.Names)}.", DefaultValueFactory = _ => ExplanationMethod.GradCam.Name(), HelpName = "NAME",
    };

    private readonly Option<string?> _layer = new("--layer") { Description = "The layer that class activation mappings look at; see `fovea models list --json`. Default: the deepest.", HelpName = "NAME" };

    private readonly Option<int> _samples = new("--samples") { Description = "Steps, noisy copies or samples of integrated-gradients, smooth-grad and gradient-shap.", DefaultValueFactory = _ => 32, HelpName = "N" };

    private readonly Option<string[]> _references = new("--reference")
    {
        Description = "gradient-shap: photographs, or folders of them, that the image is compared with, e.g. healthy ones. Default: its own blurred copies.", HelpName = "PATH",
    };

    private readonly Option<string> _colours = new("--colormap", "--colour") { Description = "OpenCV's colour map: turbo, jet, viridis, inferno, spring …", DefaultValueFactory = _ => "turbo", HelpName = "NAME" };

    private readonly Option<double> _opacity = new("--opacity") { Description = "Share of the map's colour, 0 to 1.", DefaultValueFactory = _ => 0.5, HelpName = "X" };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_method, _layer, _samples, _references, _colours, _opacity]) command.Add(option);
    }

    /// <summary>How to paint.</summary>
    public OverlayStyle Style(ParseResult parse)
    {
        var style = new OverlayStyle(ColoursOf(parse.GetValue(_colours)!), parse.GetValue(_opacity));
        return style.Opacity is >= 0 and <= 1 ? style : throw new UsageException("--opacity: not a share. Give 0 to 1.");
    }

    /// <summary>How to explain, with the model at hand.</summary>
    public ExplanationOptions Options(ParseResult parse, GradingModel model)
    {
        var name = parse.GetValue(_method)!;
        if (ExplanationMethods.Named(name) is not { } method)
        {
            var nearest = NearestName.Of(name, ExplanationMethods.Names) is { } near ? $"Did you mean {near}? " : "";
            throw new UsageException($"--method: no method is named {name}. {nearest}There are {string.Join(", ", ExplanationMethods.Names)}.");
        }
        var layer = parse.GetValue(_layer);
        if (layer is not null && !method.LooksAtLayer()) throw new UsageException($"--layer: {method.Name()} looks at the image, not at a layer. Leave it out.");
        if (layer is not null && !model.Layers.Contains(layer)) throw new UsageException($"--layer: no layer is named {layer}. There are {string.Join(", ", model.Layers)}.");
        if (parse.GetValue(_samples) is var samples && samples is < 1 or > 10_000) throw new UsageException($"--samples: {samples} is out of range. Give 1 to 10000.");
        var references = parse.GetValue(_references) ?? [];
        if (references.Length > 0 && method != ExplanationMethod.GradientShap) throw new UsageException($"--reference: {method.Name()} compares with nothing. Use it with --method gradient-shap.");
        var options = new ExplanationOptions(method, layer) { Samples = samples };
        if (references.Length == 0) return options;
        var paths = ImagePaths.Expand(references);
        if (paths.Count > 1000) throw new UsageException($"--reference: {paths.Count} photographs are too many. Give up to 1000.");
        return options with { References = [.. paths.Select(p => model.Prepare(FundusImage.Read(p)))] };
    }

    private static ColourMap ColoursOf(string name)
    {
        // Numbers would pass Enum.TryParse too.
        if (Enum.GetNames<ColourMap>().FirstOrDefault(n => string.Equals(n, name, StringComparison.OrdinalIgnoreCase)) is { } found) return Enum.Parse<ColourMap>(found);
        var nearest = NearestName.Of(name, Enum.GetNames<ColourMap>()) is { } near ? $"Did you mean {near.ToLowerInvariant()}? " : "";
        throw new UsageException($"--colormap: no colour map is named {name}. {nearest}There are {string.Join(", ", Enum.GetNames<ColourMap>()).ToLowerInvariant()}.");
    }
}
