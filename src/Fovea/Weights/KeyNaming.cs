using System.Text.RegularExpressions;

namespace Fovea.Weights;

/// <summary>How a weights file names its tensors, and what each of them is called in a network here.</summary>
/// <param name="Scheme">Whose names they are: <see cref="Own"/>, <c>timm</c>, <c>pretrained-models</c> ….</param>
/// <param name="Prefix">What stood before every name and was taken off, such as <c>model.</c>; empty when nothing did.</param>
/// <param name="Names">The name here by the name in the file, for all names of the file. Those that the network does not have are kept, without the prefix.</param>
public sealed partial record KeyNaming(string Scheme, string Prefix, IReadOnlyDictionary<string, string> Names)
{
    /// <summary>The network's own names: torchvision's, for the networks that torchvision has.</summary>
    public const string Own = "own";

    private const int MaxPrefixes = 4;

    private delegate Func<string, string> Scheming(IReadOnlySet<string> file, IReadOnlySet<string> network);

    // The first that fits best wins, so what needs no renaming comes first.
    private static readonly (string Scheme, Scheming Renaming)[] Schemes =
    [
        (Own, (_, _) => name => name),
        ("torchvision's site", (_, _) => OlderDenseNet),
        ("GluonCV", (_, _) => Gluon),
        ("pretrained-models", (_, network) => name => PretrainedModels(name, network)),
        ("timm", TimmMobileNames.Renaming),
        ("timm", (_, network) => name => Timm(name, network)),
    ];

    /// <summary>Finds the naming under which most names of the file are names of the network, whatever prefix its names share.</summary>
    /// <param name="file">The file's names.</param>
    /// <param name="network">Names of the network's parameters and buffers.</param>
    /// <returns>The network's own naming when none fits at all: then the names are reported as they are.</returns>
    public static KeyNaming Recognise(IEnumerable<string> file, IReadOnlySet<string> network)
    {
        ArgumentNullException.ThrowIfNull(file);
        ArgumentNullException.ThrowIfNull(network);
        string[] names = [.. file];
        KeyNaming? best = null;
        var found = -1;
        foreach (var prefix in Prefixes(names))
        {
            string[] bare = [.. names.Select(n => n[prefix.Length..])];
            var there = bare.ToHashSet(StringComparer.Ordinal);
            foreach (var (scheme, renaming) in Schemes)
            {
                string[] renamed = [.. bare.Select(renaming(there, network))];
                var fitting = renamed.Count(network.Contains);
                if (fitting <= found || renamed.Distinct(StringComparer.Ordinal).Count() < renamed.Length) continue;
                found = fitting;
                best = new KeyNaming(scheme, prefix, names.Zip(renamed).ToDictionary(p => p.First, p => p.Second, StringComparer.Ordinal));
            }
        }
        return best is not null && found > 0 ? best : new KeyNaming(Own, "", names.ToDictionary(n => n, n => n, StringComparer.Ordinal));
    }

    /// <summary>What was recognised, e.g. <c>timm, behind "model."</c>; null when nothing had to be renamed.</summary>
    public string? Remark() => (Scheme, Prefix) switch
    {
        (Own, "") => null,
        (Own, _) => $"names behind \"{Prefix}\"",
        (_, "") => $"names of {Scheme}",
        _ => $"names of {Scheme}, behind \"{Prefix}\"",
    };

    /// <summary>Nothing, and then the leading components that all names share: one, two, ….</summary>
    private static IEnumerable<string> Prefixes(string[] names)
    {
        var prefix = "";
        yield return prefix;
        for (var i = 0; i < MaxPrefixes && names.Length > 1; i++)
        {
            var dot = names[0].IndexOf('.', prefix.Length);
            if (dot < 0) yield break;
            prefix = names[0][..(dot + 1)];
            if (!Array.TrueForAll(names, n => n.StartsWith(prefix, StringComparison.Ordinal))) yield break;
            yield return prefix;
        }
    }

    /// <summary>torchvision's DenseNet files were saved when a layer was called <c>norm.1</c>; its code calls it <c>norm1</c> and renames while loading.</summary>
    private static string OlderDenseNet(string name) => DenseLayerKey().Replace(name, "$1$2");

    [GeneratedRegex(@"^(.*denselayer\d+\.(?:norm|relu|conv))\.([12]\..*)$")]
    private static partial Regex DenseLayerKey();

    /// <summary>MXNet joins names by underscores and calls a norm's scale and offset gamma and beta.</summary>
    private static string Gluon(string name) => GluonKey().Replace(name, m =>
        m.Groups[1].Value + "." + m.Groups[2].Value switch { "gamma" => "weight", "beta" => "bias", var same => same });

    [GeneratedRegex("^(.+)_(gamma|beta|running_mean|running_var|weight|bias)$")]
    private static partial Regex GluonKey();

    /// <summary>
    /// github.com/Cadene/pretrained-models.pytorch: the last layer is <c>last_linear</c> everywhere, and VGG's and AlexNet's dense layers have names instead of numbers.
    /// Files that it offers were saved before that renaming, so that <c>fc</c> may stand for its <c>last_linear</c> too.
    /// </summary>
    private static string PretrainedModels(string name, IReadOnlySet<string> network)
    {
        var dot = name.LastIndexOf('.');
        if (dot < 0) return name;
        var (layer, tensor) = (name[..dot], name[dot..]);
        string[] candidates = layer switch
        {
            "last_linear" => ["fc", "classifier.6", "classifier"],
            "fc" => ["last_linear"],
            "last_conv" => ["classifier.1"],                   // SqueezeNet
            "linear0" => ["classifier.0", "classifier.1"],     // VGG, AlexNet
            "linear1" => ["classifier.3", "classifier.4"],
            _ when layer.StartsWith("_features.", StringComparison.Ordinal) => [layer[1..]],
            _ => [],
        };
        return candidates.Select(c => c + tensor).FirstOrDefault(network.Contains) ?? name;
    }

    /// <summary>github.com/huggingface/pytorch-image-models: VGG and ConvNeXt; its ResNet, DenseNet and Inception have torchvision's names already.</summary>
    private static string Timm(string name, IReadOnlySet<string> network)
    {
        foreach (var (pattern, replacement) in TimmRules)
        {
            var renamed = pattern.Replace(name, replacement);
            if (!ReferenceEquals(renamed, name) && network.Contains(renamed)) return renamed;
        }
        var block = ConvNextBlock().Match(name);
        if (block.Success) return $"features.{2 * Number(block, 1) + 1}.{block.Groups[2].Value}.{ConvNextPart(block.Groups[3].Value)}";
        var downsample = ConvNextDownsample().Match(name);
        return downsample.Success ? $"features.{2 * Number(downsample, 1)}.{downsample.Groups[2].Value}" : name;
    }

    private static readonly (Regex Pattern, string Replacement)[] TimmRules =
    [
        (new(@"^pre_logits\.fc1\.", RegexOptions.CultureInvariant), "classifier.0."),          // VGG
        (new(@"^pre_logits\.fc2\.", RegexOptions.CultureInvariant), "classifier.3."),
        (new(@"^head\.fc\.", RegexOptions.CultureInvariant), "classifier.6."),
        (new(@"^stem\.([01])\.", RegexOptions.CultureInvariant), "features.0.$1."),            // ConvNeXt
        (new(@"^head\.norm\.", RegexOptions.CultureInvariant), "classifier.0."),
        (new(@"^head\.fc\.", RegexOptions.CultureInvariant), "classifier.2."),
    ];

    [GeneratedRegex(@"^stages\.(\d)\.blocks\.(\d+)\.(.+)$")]
    private static partial Regex ConvNextBlock();

    [GeneratedRegex(@"^stages\.(\d)\.downsample\.(.+)$")]
    private static partial Regex ConvNextDownsample();

    private static string ConvNextPart(string part) =>
        part == "gamma" ? "layer_scale"
        : part.Replace("conv_dw.", "block.0.", StringComparison.Ordinal).Replace("norm.", "block.2.", StringComparison.Ordinal)
            .Replace("mlp.fc1.", "block.3.", StringComparison.Ordinal).Replace("mlp.fc2.", "block.5.", StringComparison.Ordinal);

    private static int Number(Match match, int group) => match.Groups[group].Value[0] - '0';
}
