using System.Text.RegularExpressions;

namespace Fovea.Weights;

/// <summary>
/// timm's names of EfficientNet, MobileNetV2 and MobileNetV3: <c>blocks.STAGE.BLOCK</c> with named parts, where torchvision numbers everything in a row.
/// Which parts a block has (does it widen, does it squeeze and excite) is seen from the file's own names.
/// </summary>
internal static partial class TimmMobileNames
{
    /// <summary>How torchvision numbers the blocks.</summary>
    private enum Layout
    {
        /// <summary><c>features.STAGE.BLOCK.block.PART</c>.</summary>
        EfficientNet,

        /// <summary><c>features.BLOCK.block.PART</c>, counted through; two dense layers at the end.</summary>
        MobileNetV3,

        /// <summary><c>features.BLOCK.conv.PART</c>, counted through; the last convolution of a block is not wrapped.</summary>
        MobileNetV2,
    }

    /// <param name="file">The file's names.</param>
    /// <param name="network">The network's, which show the layout.</param>
    public static Func<string, string> Renaming(IReadOnlySet<string> file, IReadOnlySet<string> network)
    {
        if (LayoutOf(network) is not { } layout || !file.Contains("conv_stem.weight")) return name => name;
        var places = BlockPlaces(file, layout, out var next);
        return name =>
        {
            var block = BlockKey().Match(name);
            if (block.Success) return Block(block.Groups[1].Value, block.Groups[2].Value, block.Groups[3].Value, file, layout, places) ?? name;
            var dot = name.LastIndexOf('.');
            return dot < 0 || Ends(name[..dot], layout, next) is not { } path ? name : path + name[dot..];
        };
    }

    private static Layout? LayoutOf(IReadOnlySet<string> network) =>
        network.Contains("features.1.0.block.0.0.weight") ? Layout.EfficientNet
        : network.Contains("features.1.block.0.0.weight") ? Layout.MobileNetV3
        : network.Contains("features.1.conv.0.0.weight") ? Layout.MobileNetV2
        : null;

    /// <summary>Stem, top and classifier.</summary>
    /// <param name="next">Index in <c>features</c> after the last block.</param>
    private static string? Ends(string layer, Layout layout, int next) => (layer, layout) switch
    {
        ("conv_stem", _) => "features.0.0",
        ("bn1", _) => "features.0.1",
        ("conv_head", Layout.MobileNetV3) => "classifier.0",
        ("classifier", Layout.MobileNetV3) => "classifier.3",
        ("conv_head", _) => $"features.{next}.0",
        ("bn2", _) => $"features.{next}.1",
        ("classifier", _) => "classifier.1",
        _ => null,
    };

    /// <summary>Where torchvision has each block: "STAGE.BLOCK" to its place below <c>features</c>.</summary>
    private static Dictionary<string, string> BlockPlaces(IReadOnlySet<string> file, Layout layout, out int next)
    {
        var blocks = file.Select(name => BlockKey().Match(name)).Where(m => m.Success)
            .Select(m => (Stage: Index(m.Groups[1]), Block: Index(m.Groups[2]))).Distinct().Order().ToList();
        var places = blocks.Select((b, i) => (b.Stage, b.Block, Place: layout == Layout.EfficientNet ? $"{b.Stage + 1}.{b.Block}" : $"{i + 1}"))
            .ToDictionary(p => $"{p.Stage}.{p.Block}", p => p.Place, StringComparer.Ordinal);
        next = 1 + (layout == Layout.EfficientNet ? blocks.Select(b => b.Stage + 1).DefaultIfEmpty(0).Max() : blocks.Count);
        return places;
    }

    private static string? Block(string stage, string block, string part, IReadOnlySet<string> file, Layout layout, Dictionary<string, string> places)
    {
        var place = $"features.{places[$"{Index(stage)}.{Index(block)}"]}";
        var dot = part.LastIndexOf('.');
        if (dot < 0) return null;
        var (layer, tensor) = (part[..dot], part[dot..]);
        bool Has(string name) => file.Contains($"blocks.{stage}.{block}.{name}.weight");
        if (!Has("conv_dw"))
            return layer switch { "conv" => $"{place}.0{tensor}", "bn1" => $"{place}.1{tensor}", _ => null }; // MobileNetV3's last: a plain convolution

        var widens = Has("conv_pwl");
        List<(string Conv, string Norm)> parts = widens ? [("conv_pw", "bn1"), ("conv_dw", "bn2")] : [("conv_dw", "bn1")];
        if (Has("se.conv_reduce")) parts.Add(("se.conv_reduce", "se.conv_expand"));
        parts.Add(widens ? ("conv_pwl", "bn3") : ("conv_pw", "bn2"));

        var index = parts.FindIndex(p => p.Conv == layer || p.Norm == layer);
        if (index < 0) return null;
        var second = parts[index].Norm == layer;
        if (layer.StartsWith("se.", StringComparison.Ordinal)) return $"{place}.block.{index}.{(second ? "fc2" : "fc1")}{tensor}";
        if (layout != Layout.MobileNetV2) return $"{place}.block.{index}.{(second ? 1 : 0)}{tensor}";
        return index == parts.Count - 1 ? $"{place}.conv.{(second ? index + 1 : index)}{tensor}" : $"{place}.conv.{index}.{(second ? 1 : 0)}{tensor}";
    }

    // Three digits at most, so that no file's name can overflow.
    [GeneratedRegex(@"^blocks\.(\d{1,3})\.(\d{1,3})\.(.+)$")]
    private static partial Regex BlockKey();

    private static int Index(Capture digits) => Index(digits.Value);

    private static int Index(string digits) => int.Parse(digits, System.Globalization.CultureInfo.InvariantCulture);
}
