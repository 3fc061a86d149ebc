using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Explanation;

/// <summary>What the methods that look at pixels have in common.</summary>
internal static class PixelGradients
{
    /// <summary>Images in one pass: enough to be quick, few enough for the memory of a graph of a whole network.</summary>
    internal const int Chunk = 8;

    /// <summary>∂y/∂x, [N, C, H, W].</summary>
    internal static Tensor Of(Network network, Tensor x, Func<Tensor, Tensor> target)
    {
        using var enableGrad = new EnableGrad();
        using var scope = new TensorScope();
        var input = x.Detach();
        input.RequiresGrad = true;
        var gradient = Gradient.Of(target(network.Call(input, Phase.Inference).Logits), [input])[0];
        return scope.Keep(gradient ?? input.Detach().ZerosLike());
    }

    /// <summary>Adds up the gradients at <paramref name="count"/> inputs, a few at a time.</summary>
    /// <param name="inputs">From the first and the number of inputs to [n, C, H, W].</param>
    /// <param name="weigh">What is added: from the gradients, and the inputs they were taken at, to [n, C, H, W]. Null: the gradients.</param>
    /// <returns>[1, C, H, W].</returns>
    internal static Tensor Sum(Network network, Func<Tensor, Tensor> target, int count, Func<int, int, Tensor> inputs, Func<Tensor, int, Tensor>? weigh = null)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        Tensor? sum = null;
        for (var start = 0; start < count; start += Chunk)
        {
            using var chunk = new TensorScope();
            var gradients = Of(network, inputs(start, Math.Min(Chunk, count - start)), target);
            var part = (weigh?.Invoke(gradients, start) ?? gradients).Sum([0], keep: true);
            if (sum is null) sum = chunk.Keep(part);
            else sum.AddInPlace(part);
        }
        return scope.Keep(sum ?? throw new ArgumentOutOfRangeException(nameof(count), count, "at least one input is needed"));
    }

    /// <exception cref="ArgumentException">Not one image.</exception>
    internal static void RequireOneImage(Tensor x)
    {
        if (x.Dimensions != 4 || x.Size(0) != 1) throw new ArgumentException($"one image [1, C, H, W] is needed, not [{string.Join(", ", x.Shape)}]", nameof(x));
    }
}
