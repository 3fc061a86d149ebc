using Fovea.Acquisition;
using Fovea.Calibration;
using Fovea.Explanation;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>One network with its own preprocessing and decoding.</summary>
internal sealed class NetworkModel : GradingModel
{
    private readonly Network _network;
    private readonly ServingNetwork _serving;
    private readonly GradeDecoder _decoder;

    internal NetworkModel(string name, ModelCard card, Network network) : base(name, card)
    {
        _network = network;
        _decoder = new GradeDecoder(Card.Head, Card.Decoding);
        _network.RequireGrad(false);
        _network.UseChannelsLast();
        TorchMemory.ReleaseCache(); // what reading and reordering took for a moment
        _serving = new ServingNetwork(_network, owns: true);
    }

    public override IReadOnlyList<string> Layers => _network.StageNames;

    public override GradingModel WithFreshWeights(IReadOnlyCollection<string?> stages, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(stages);
        var size = Card.Preprocessing.Size;
        TorchRuntime.Seed(seed);
        var copy = ModelCatalog.Create(Card.Architecture, NetworkOptions.For(Card.Head, size));
        using (var shapes = ModelCatalog.CreateShapesOnly(Card.Architecture, NetworkOptions.For(Card.Head, size)))
        {
            var trace = NetworkTrace.Of(shapes, size);
            copy.LoadState(_network.State().Where(w => !stages.Contains(trace.StageOf(w.Key))).ToDictionary(w => w.Key, w => w.Value));
        }
        return new NetworkModel(Name, Card, copy);
    }

    public override PreparedImage Prepare(FundusImage photograph) => Preprocessor.Prepare(photograph, Card.Preprocessing);

    public override IReadOnlyList<ModelReading> Read(IReadOnlyList<PreparedImage> prepared, bool features = true)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        if (prepared.Count == 0) return [];
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var x = ImageBatch.ToTensor([.. prepared.Select(p => p.Pixels)], Card.Preprocessing);
        var output = _serving.Call(x, withStages: features);
        var logits = output.Logits.To(ScalarType.Float32).ToArray<float>();
        var means = features ? output.Stages[^1].Value.Mean([2, 3]).Contiguous().To(ScalarType.Float32).ToArray<float>() : [];
        var width = means.Length / prepared.Count;
        return Checked(() => _decoder.Decode(logits).Select((p, i) => new ModelReading(p, logits.AsSpan(i * Card.Head.Outputs, Card.Head.Outputs).ToArray(), means.AsSpan(i * width, width).ToArray())).ToArray());
    }

    public override ActivationMap Explain(PreparedImage prepared, int grade, ExplanationOptions options, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        ArgumentNullException.ThrowIfNull(options);
        return Checked(() => Explainer.Explain(_network, prepared, Card.Preprocessing, ExplanationTarget.For(Card.Head, grade), options, cancel));
    }

    public override IReadOnlyList<(GradePrediction Prediction, ActivationMap Map)> PredictAndExplain(IReadOnlyList<PreparedImage> prepared, string? layer = null) => PredictAndExplain(prepared, null, layer);

    /// <param name="grades">Those to explain, one an image; null: what the network itself says.</param>
    internal IReadOnlyList<(GradePrediction Prediction, ActivationMap Map)> PredictAndExplain(IReadOnlyList<PreparedImage> prepared, IReadOnlyList<int>? grades, string? layer)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        if (prepared.Count == 0) return [];
        using var scope = new TensorScope();
        var x = ImageBatch.ToTensor([.. prepared.Select(p => p.Pixels)], Card.Preprocessing);
        GradePrediction[] predictions = [];
        return Checked(() =>
        {
            var maps = GradCam.Of(_network, x, logits =>
            {
                predictions = _decoder.Decode(logits);
                // Each image's own grade; what one image's number depends on does not depend on the others'.
                return Tensor.Cat([.. predictions.Select((p, i) => ExplanationTarget.For(Card.Head, grades?[i] ?? p.Grade)(logits.Narrow(0, i, 1)))]);
            }, layer);
            return predictions.Zip(maps).ToArray();
        });
    }

    private T Checked<T>(Func<T> compute)
    {
        try
        {
            return compute();
        }
        catch (NotFiniteNumberException e)
        {
            throw new ModelFileException(Name, e.Message, "Train the model anew with `fovea train`; the weights overflow on this image.", e);
        }
    }

    public override void Dispose() => _serving.Dispose();
}
