using Fovea.Calibration;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Torch.Distributed;
using Fovea.Torch.Modules;
using Fovea.Training.Losses;
using Fovea.Training.Metrics;
using Fovea.Training.Preparation;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Evaluation;

/// <summary>The scores that choose an epoch; no intervals.</summary>
public sealed record EpochScore(double Loss, double? QuadraticWeightedKappa, double? Accuracy, double? Auc, double? F1Macro);

/// <summary>Runs a network over prepared images in inference phase.</summary>
public sealed class NetworkEvaluator
{
    private const int BatchSize = 16;

    private readonly Network _network;
    private readonly HeadSpec _head;
    private readonly PreprocessingSpec _preprocessing;
    private readonly bool _bfloat16;
    private readonly TestTimeViews _views;

    public NetworkEvaluator(Network network, HeadSpec head, PreprocessingSpec preprocessing, bool flipAverage = false, bool bfloat16 = false)
    {
        (_network, _head, _preprocessing, _bfloat16) = (network, head, preprocessing, bfloat16);
        _views = new TestTimeViews(new TestTimeRecipe { Views = flipAverage ? TestTimeKind.Flips : TestTimeKind.None }, new(), 0);
    }

    public NetworkEvaluator(Network network, Recipe recipe)
        : this(network, recipe.Head, recipe.Preprocessing, recipe.Training.FlipAverage, recipe.Training.UsesBFloat16)
    {
        if (recipe.Training.TestTime.Views != TestTimeKind.None) _views = new TestTimeViews(recipe.Training.TestTime, recipe.Augmentation, (ulong)recipe.Seed);
    }

    /// <summary>The processes that share the images out among them, each with the same network; null (default): this one does all.</summary>
    public ProcessGroup? Ranks { get; init; }

    /// <summary>Row-major [N, outputs] logits in float32; averaged over the recipe's views.</summary>
    public float[] Logits(PreparedSet set, Action<int>? done = null, CancellationToken cancel = default)
    {
        using var noGrad = new NoGrad();
        var logits = new float[set.Count * _head.Outputs];
        var (first, own) = Ranks?.Share(set.Count) ?? (0, set.Count);
        for (var start = first; start < first + own; start += BatchSize)
        {
            cancel.ThrowIfCancellationRequested();
            var count = Math.Min(BatchSize, first + own - start);
            Image[] images = [.. Enumerable.Range(start, count).Select(i => set.Images[i])];
            var views = new float[_views.Count][];
            for (var v = 0; v < views.Length; v++)
            {
                using var scope = new TensorScope();
                views[v] = Forward(_views.View(v, images, start, _preprocessing)).ToArray<float>();
            }
            _views.Combine(views).CopyTo(logits, start * _head.Outputs);
            done?.Invoke(start + count);
        }
        if (Ranks is null) return logits;
        using var all = Tensor.From(logits, set.Count, _head.Outputs).OutliveScopes();
        Ranks.Sum(all);
        return all.ToArray<float>();
    }

    private Tensor Forward(Tensor x)
    {
        using var autocast = new Autocast(_bfloat16);
        return _network.Call(x, Phase.Inference).Logits.To(ScalarType.Float32);
    }

    /// <summary>Decodes and scores without intervals, for choosing an epoch.</summary>
    public EpochScore Score(PreparedSet set, GradeLoss loss)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var logits = Logits(set);
        var value = loss.Call(Tensor.From(logits, set.Count, _head.Outputs), Tensor.From([.. set.Labels.Select(l => (long)l)])).Item();
        var report = MetricsReport.Compute(Predict(set, logits), new MetricsOptions { Resamples = 0 });
        return new EpochScore(value, report.QuadraticWeightedKappa, report.Accuracy, report.Auc, report.F1Macro);
    }

    /// <summary>The decoded predictions of a set, with its groups.</summary>
    public Predictions Predict(PreparedSet set, float[]? logits = null, DecodingSpec? decoding = null)
    {
        var decoded = new GradeDecoder(_head, decoding).Decode(logits ?? Logits(set));
        return new Predictions(_head.Classes, set.Ids, [.. set.Labels], [.. decoded.Select(d => d.Grade)], [.. decoded.Select(d => d.Probabilities.ToArray())],
            [.. set.Groups.Select(g => g.ToString(System.Globalization.CultureInfo.InvariantCulture))]);
    }
}
