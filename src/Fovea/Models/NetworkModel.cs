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
    private readonly ServingNetwork _serving;
    private readonly Lazy<Network> _plain; // made when something asks for what the serving form cannot do: most never ask
    private readonly GradeDecoder _decoder;

    /// <param name="make">Makes the network with its weights, the same each time.</param>
    private NetworkModel(string name, ModelCard card, Func<Network> make) : base(name, card)
    {
        _decoder = new GradeDecoder(Card.Head, Card.Decoding);
        _serving = new ServingNetwork(Ready(make()), owns: true, takesWeights: true);
        _plain = new Lazy<Network>(() => Ready(make()));
    }

    /// <param name="again">Reads the file again, so that its weights need not be kept beside the packed ones; null: keep them.</param>
    /// <exception cref="ModelFileException">Names or shapes of the weights are not the architecture's.</exception>
    internal static NetworkModel Of(ModelFile file, Func<ModelFile>? again)
    {
        var (name, card) = (file.Name, file.Card);
        ModelFile? kept = file;
        return new NetworkModel(name, card, () =>
        {
            var read = kept ?? again!();
            if (again is not null) kept = null;
            return read.Card.WeightsSha256 == card.WeightsSha256 ? read.CreateNetwork()
                : throw new ModelFileException(name, "it is another model than when it was opened", "Open it again, or put the first one back.");
        });
    }

    private static Network Ready(Network network)
    {
        network.RequireGrad(false);
        network.UseChannelsLast();
        TorchMemory.ReleaseCache(); // what reading and reordering took for a moment
        return network;
    }

    public override IReadOnlyList<string> Layers => _serving.StageNames;

    public override GradingModel WithFreshWeights(IReadOnlyCollection<string?> stages, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(stages);
        return new NetworkModel(Name, Card, () =>
        {
            var size = Card.Preprocessing.Size;
            TorchRuntime.Seed(seed);
            var copy = ModelCatalog.Create(Card.Architecture, NetworkOptions.For(Card.Head, size));
            using var shapes = ModelCatalog.CreateShapesOnly(Card.Architecture, NetworkOptions.For(Card.Head, size));
            var trace = NetworkTrace.Of(shapes, size);
            copy.LoadState(_plain.Value.State().Where(w => !stages.Contains(trace.StageOf(w.Key))).ToDictionary(w => w.Key, w => w.Value));
            return copy;
        });
    }

    public override PreparedImage Prepare(FundusImage photograph) => Preprocessor.Prepare(photograph, Card.Preprocessing);

    public override IReadOnlyList<ModelReading> Read(IReadOnlyList<PreparedImage> prepared, bool features = true)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        if (prepared.Count == 0) return [];
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var x = ImageBatch.ToTensor([.. prepared.Select(p => p.Pixels)], Card.Preprocessing);
        var output = _serving.Call(x);
        var logits = output.Logits.To(ScalarType.Float32).ToArray<float>();
        var means = features ? output.Stages[^1].Value.Mean([2, 3]).Contiguous().To(ScalarType.Float32).ToArray<float>() : [];
        var width = means.Length / prepared.Count;
        return Checked(() => _decoder.Decode(logits).Select((p, i) => new ModelReading(p, logits.AsSpan(i * Card.Head.Outputs, Card.Head.Outputs).ToArray(), means.AsSpan(i * width, width).ToArray())).ToArray());
    }

    public override ActivationMap Explain(PreparedImage prepared, int grade, ExplanationOptions options, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        ArgumentNullException.ThrowIfNull(options);
        return Checked(() => Explainer.Explain(() => _plain.Value, _serving, prepared, Card.Preprocessing, ExplanationTarget.For(Card.Head, grade), options, cancel));
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
            var cut = layer is null || layer == _serving.StageNames[^1] ? _serving.CallCut : LayerGradients.Cut(_plain.Value, layer);
            var maps = GradCam.Of(cut, x, logits =>
            {
                predictions = _decoder.Decode(logits);
                // Each image's own grade; what one image's number depends on does not depend on the others'.
                return Tensor.Cat([.. predictions.Select((p, i) => ExplanationTarget.For(Card.Head, grades?[i] ?? p.Grade)(logits.Narrow(0, i, 1)))]);
            });
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

    public override void Dispose()
    {
        _serving.Dispose();
        if (_plain.IsValueCreated) _plain.Value.Dispose();
    }
}
