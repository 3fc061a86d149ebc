using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Torch.Serving;

namespace Fovea.Detection;

/// <summary>
/// A detector in the form that serves (docs/decisions/0011-serving.md): backbone, pyramid and proposal network with batch norms folded and weights packed, for each size of picture. What depends on values, the
/// choice of proposals and all behind it, is the plain one's. It finds what <see cref="FasterRcnn.Detect(DetectionBatch, DetectionSettings?, ProposalSettings?)"/> finds, up to float32's rounding. Weights that change later are not seen.
/// </summary>
internal sealed class ServingDetector(FasterRcnn network) : IDisposable
{
    private readonly ServingForms<Extent> _forms = new();

    /// <inheritdoc cref="FasterRcnn.Detect(DetectionBatch, DetectionSettings?, ProposalSettings?)"/>
    /// <param name="batch">On the CPU, float32.</param>
    public IReadOnlyList<DetectedBox[]> Detect(DetectionBatch batch, DetectionSettings settings, ProposalSettings? proposals = null)
    {
        ArgumentNullException.ThrowIfNull(batch);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var (height, width) = (batch.Padded.Height, batch.Padded.Width);
        var maps = _forms.Use(batch.Padded, () => new ServingProgram(x => network.Maps(x, Phase.Inference), 3, height, width), program => program.Run(batch.Images));
        return network.Detect(network.Assemble(maps, batch.Padded), batch, settings, proposals);
    }

    public void Dispose() => _forms.Dispose();
}
