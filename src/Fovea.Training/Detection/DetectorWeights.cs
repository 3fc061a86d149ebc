using Fovea.Detection;
using Fovea.Models;
using Fovea.Torch.Files;
using Fovea.Torch.Modules;
using Fovea.Training.Training;
using Fovea.Weights;

namespace Fovea.Training.Detection;

/// <summary>A detector starts from a classifier's weights, or from those of another detector.</summary>
/// <param name="Backbone">The name of whose weights they are.</param>
/// <param name="Loaded">Tensors taken.</param>
/// <param name="PassedOver">Tensors of stages and heads that the detector does not have.</param>
public sealed record BackboneLoaded(string File, string Backbone, int Loaded, int PassedOver) : TrainingEvent
{
    public override string ToString() => $"{Backbone}: {Loaded} tensors from {File}{(PassedOver == 0 ? "" : $"; {PassedOver} that a detector has no use for")}.";
}

/// <summary>Loads a backbone, or a whole detector, for a detector.</summary>
internal static class DetectorWeights
{
    private const string BodyPrefix = "backbone.body.";

    /// <summary>What depends on the labels and on the number of anchors, and stays fresh where those differ.</summary>
    private static readonly string[] Outputs = ["rpn.head.cls_logits.", "rpn.head.bbox_pred.", "roi_heads.box_predictor."];

    /// <summary>Weights of a classifier in any of the kinds that <see cref="PretrainedWeights.Read"/> knows, or a detector's model file.</summary>
    public static IReadOnlyDictionary<string, StoredTensor> Read(string path) => ModelFile.Is(path) && DetectorFile.Is(path) ? DetectorFile.Read(path).Weights : PretrainedWeights.Read(path);

    /// <summary>All tensors of the detector's stages must be there; the file's later stages and classifier are passed over.</summary>
    /// <exception cref="WeightsFormatException">A tensor is missing or of another shape.</exception>
    public static BackboneLoaded Load(FasterRcnn detector, IReadOnlyDictionary<string, StoredTensor> weights, string path)
    {
        if (weights.Keys.Any(key => key.StartsWith(BodyPrefix, StringComparison.Ordinal))) return LoadWhole(detector, weights, path);
        var (body, name) = (detector.Backbone.Body, DetectorCatalog.Find(detector.Name).Backbone);
        // Names are recognised against the whole classifier, of which the detector's body may be the beginning.
        using var whole = ModelCatalog.CreateShapesOnly(name, new NetworkOptions(1));
        var (translated, _) = PretrainedWeights.Translate(whole, weights);
        var known = body.NamedParameters().Concat(body.NamedBuffers()).Select(t => t.Path).ToHashSet(StringComparer.Ordinal);
        var taken = translated.Where(w => known.Contains(w.Key)).ToDictionary(w => w.Key, w => w.Value, StringComparer.Ordinal);
        var report = body.LoadState(taken);
        if (!report.IsExact)
            throw new WeightsFormatException(path, $"its weights do not fit the stages of {name}: {report}", "Check that the file belongs to this network.");
        return new BackboneLoaded(path, name, taken.Count, translated.Count - taken.Count);
    }

    private static BackboneLoaded LoadWhole(FasterRcnn detector, IReadOnlyDictionary<string, StoredTensor> weights, string path)
    {
        var report = detector.LoadState(weights);
        bool Foreign(string name) => !Outputs.Any(o => name.StartsWith(o, StringComparison.Ordinal));
        var rest = new StateReport([.. report.Missing], [.. report.Unexpected], [.. report.Mismatched.Where(Foreign)]);
        return rest.IsExact ? new BackboneLoaded(path, detector.Name, weights.Count - report.Mismatched.Count, report.Mismatched.Count)
            : throw new WeightsFormatException(path, $"its weights do not fit {detector.Name}: {rest}", "Give a detector of the same architecture, or its backbone's weights.");
    }
}
