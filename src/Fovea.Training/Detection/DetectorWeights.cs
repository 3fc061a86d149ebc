using Fovea.Detection;
using Fovea.Models;
using Fovea.Torch.Files;
using Fovea.Training.Training;
using Fovea.Weights;

namespace Fovea.Training.Detection;

/// <summary>A detector starts from a classifier's weights.</summary>
/// <param name="Loaded">Tensors taken.</param>
/// <param name="PassedOver">Tensors of stages and heads that the detector does not have.</param>
public sealed record BackboneLoaded(string File, string Backbone, int Loaded, int PassedOver) : TrainingEvent
{
    public override string ToString() => $"{Backbone}: {Loaded} tensors from {File}{(PassedOver == 0 ? "" : $"; {PassedOver} that a detector has no use for")}.";
}

/// <summary>Loads a backbone for a detector.</summary>
internal static class DetectorWeights
{
    /// <summary>All tensors of the detector's stages must be there; the file's later stages and classifier are passed over.</summary>
    /// <exception cref="WeightsFormatException">A tensor is missing or of another shape.</exception>
    public static BackboneLoaded Load(FasterRcnn detector, IReadOnlyDictionary<string, StoredTensor> weights, string path)
    {
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
}
