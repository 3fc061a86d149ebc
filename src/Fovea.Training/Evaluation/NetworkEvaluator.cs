using Fovea.Calibration;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Training.Losses;
using Fovea.Training.Metrics;
using Fovea.Training.Preparation;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Evaluation;

/// <summary>The scores that choose an epoch; no intervals.</summary>
public sealed record EpochScore(double Loss, double? QuadraticWeightedKappa, double? Accuracy, double? Auc);

/// <summary>Runs a network over prepared images in inference phase.</summary>
public sealed class NetworkEvaluator(Network network, HeadSpec head, PreprocessingSpec preprocessing, bool flipAverage = false, bool bfloat16 = false)
{
    private const int BatchSize = 16;

    public NetworkEvaluator(Network network, Recipe recipe)
        : this(network, recipe.Head, recipe.Preprocessing, recipe.Training.FlipAverage, recipe.Training.UsesBFloat16)
    {
    }

    /// <summary>Row-major [N, outputs] logits in float32; averaged over the four flips when asked for.</summary>
    public float[] Logits(PreparedSet set, Action<int>? done = null, CancellationToken cancel = default)
    {
        using var noGrad = new NoGrad();
        var logits = new float[set.Count * head.Outputs];
        for (var start = 0; start < set.Count; start += BatchSize)
        {
            cancel.ThrowIfCancellationRequested();
            using var scope = new TensorScope();
            var count = Math.Min(BatchSize, set.Count - start);
            var x = ImageBatch.ToTensor([.. Enumerable.Range(start, count).Select(i => set.Images[i])], preprocessing);
            var y = Forward(x);
            if (flipAverage) y = (y + Forward(x.Flip(3)) + Forward(x.Flip(2)) + Forward(x.Flip(2, 3))) / 4;
            y.CopyTo(logits.AsSpan(start * head.Outputs, count * head.Outputs));
            done?.Invoke(start + count);
        }
        return logits;
    }

    private Tensor Forward(Tensor x)
    {
        using var autocast = new Autocast(bfloat16);
        return network.Call(x, Phase.Inference).Logits.To(ScalarType.Float32);
    }

    /// <summary>Decodes and scores without intervals, for choosing an epoch.</summary>
    public EpochScore Score(PreparedSet set, GradeLoss loss)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var logits = Logits(set);
        var value = loss.Call(Tensor.From(logits, set.Count, head.Outputs), Tensor.From([.. set.Labels.Select(l => (long)l)])).Item();
        var report = MetricsReport.Compute(Predict(set, logits), new MetricsOptions { Resamples = 0 });
        return new EpochScore(value, report.QuadraticWeightedKappa, report.Accuracy, report.Auc);
    }

    /// <summary>The decoded predictions of a set, with its groups.</summary>
    public Predictions Predict(PreparedSet set, float[]? logits = null, DecodingSpec? decoding = null)
    {
        var decoded = new GradeDecoder(head, decoding).Decode(logits ?? Logits(set));
        return new Predictions(head.Classes, set.Ids, [.. set.Labels], [.. decoded.Select(d => d.Grade)], [.. decoded.Select(d => d.Probabilities.ToArray())],
            [.. set.Groups.Select(g => g.ToString(System.Globalization.CultureInfo.InvariantCulture))]);
    }
}
