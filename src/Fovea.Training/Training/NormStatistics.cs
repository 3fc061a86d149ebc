using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Training.Training;

/// <summary>Measures anew what batch norms normalise by, for weights that were never trained as they are: an average over epochs (Izmailov et al. 2018, arXiv 1803.05407), as torch.optim.swa_utils.update_bn.</summary>
internal static class NormStatistics
{
    /// <param name="batches">Normalised images [N, 3, H, W]; each is disposed of by the caller's scope.</param>
    internal static void Measure(Network network, IEnumerable<Tensor> batches, bool bfloat16)
    {
        var norms = network.NamedModules().Select(m => m.Module).OfType<BatchNorm2d>().Where(n => !n.KeepsStatistics).Select(n => (Norm: n, n.Momentum)).ToArray();
        if (norms.Length == 0) return;
        using var noGrad = new NoGrad();
        foreach (var (norm, _) in norms)
        {
            norm.RunningMean.FillInPlace(0);
            norm.RunningVariance.FillInPlace(1);
        }
        var seen = 0;
        try
        {
            foreach (var x in batches)
            {
                seen++;
                foreach (var (norm, _) in norms) norm.Momentum = 1.0 / seen; // the mean of all batches
                using var scope = new TensorScope();
                using var autocast = new Autocast(bfloat16);
                network.Call(x, Phase.Training);
            }
        }
        finally
        {
            foreach (var (norm, momentum) in norms) norm.Momentum = momentum;
        }
    }
}
