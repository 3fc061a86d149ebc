using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;

namespace Fovea.Explanation;

/// <summary>Explains one prepared image by any method: makes the inputs that the method compares with, and a map of what it answers.</summary>
internal static class Explainer
{
    /// <summary>The blur of what the image is compared with, as a share of its side: no lesion is left, but the retina's colour is. Black, the usual choice, would say of a dark lesion that little is to be seen there.</summary>
    private const double Blur = 0.08;

    /// <summary>Of gradient SHAP's own references.</summary>
    private static readonly double[] Blurs = [0.04, Blur, 0.12, 0.16];

    /// <summary>Maps of pixels are smoothed a little, so that they show densities and not the single pixels at which a gradient flickers: deviation as a share of the side.</summary>
    private const double Smoothing = 0.01;

    /// <param name="plain">The plain network, called for where the serving form does not do.</param>
    /// <param name="serving">Its serving form, which has the last stage's derivatives.</param>
    /// <param name="target">From logits [N, outputs] to the numbers y [N].</param>
    /// <exception cref="ArgumentException">There is no such layer, or the options are impossible.</exception>
    internal static ActivationMap Explain(Func<Network> plain, ServingNetwork serving, PreparedImage prepared, PreprocessingSpec spec, Func<Tensor, Tensor> target, ExplanationOptions options, CancellationToken cancel)
    {
        if (options.Problem() is { } problem) throw new ArgumentException(problem, nameof(options));
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var x = ImageBatch.ToTensor([prepared.Pixels], spec);
        var (width, height) = (prepared.Pixels.Width, prepared.Pixels.Height);
        Tensor Blurred(params double[] shares) => ImageBatch.ToTensor([.. shares.Select(share => prepared.Pixels.GaussianBlur(share * width))], spec);
        if (options.Method is ExplanationMethod.GradCam or ExplanationMethod.GradCamPlusPlus or ExplanationMethod.LayerCam)
        {
            var cut = options.Layer is null || options.Layer == serving.StageNames[^1] ? serving.CallCut : LayerGradients.Cut(plain(), options.Layer);
            return (options.Method switch
            {
                ExplanationMethod.GradCam => GradCam.Of(cut, x, target),
                ExplanationMethod.GradCamPlusPlus => GradCamPlusPlus.Of(cut, x, target),
                _ => LayerCam.Of(cut, x, target),
            })[0];
        }
        var network = plain();
        switch (options.Method)
        {
            case ExplanationMethod.IntegratedGradients:
                return Smoothed(IntegratedGradients.Of(network, x, target, Blurred(Blur), options.Samples).Sum([1], keep: true));
            case ExplanationMethod.SmoothGrad:
                // A gradient's sign says whether a pixel should be lighter or darker, not whether it speaks for the grade: magnitudes, the largest of the channels (Simonyan et al. 2013, arXiv 1312.6034).
                return Smoothed(SmoothGrad.Of(network, x, target, options.Samples, seed: options.Seed).Abs().Amax([1], keep: true));
            case ExplanationMethod.GradientShap:
                var references = options.References is { } given ? ImageBatch.ToTensor([.. given.Select(r => r.Pixels)], spec) : Blurred(Blurs);
                return Smoothed(GradientShap.Of(network, x, target, references, options.Samples, options.Seed).Sum([1], keep: true));
            default:
                var window = options.Window ?? Math.Max(1, width / 8);
                return ActivationMap.FromRaw(width, height, Positive(Occlusion.Of(network, x, target, Blurred(Blur), window, Math.Max(1, window / 2), cancel)));
        }
    }

    /// <summary>From attributions [1, 1, H, W] to their density where they speak for the grade.</summary>
    private static ActivationMap Smoothed(Tensor attributions)
    {
        var sigma = Smoothing * attributions.Size(3);
        var radius = Math.Max(1, (int)Math.Ceiling(3 * sigma));
        var kernel = Enumerable.Range(-radius, 2 * radius + 1).Select(i => Math.Exp(-i * i / (2 * sigma * sigma))).ToArray();
        var sum = kernel.Sum();
        var weights = Tensor.From([.. kernel.Select(k => (float)(k / sum))], 1, 1, 1, kernel.Length);
        var across = Functional.Conv2d(attributions.Contiguous(), weights, padding: new Extent(0, radius));
        return ActivationMap.FromRaw(Functional.Conv2d(across, weights.Transpose(2, 3).Contiguous(), padding: new Extent(radius, 0)).Select(1, 0))[0];
    }

    private static float[] Positive(float[] values) => [.. values.Select(v => float.IsNaN(v) ? v : Math.Max(0, v))];
}
