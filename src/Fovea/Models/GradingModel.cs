using Fovea.Acquisition;
using Fovea.Calibration;
using Fovea.Explanation;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>A photograph's grade by one model.</summary>
/// <param name="Image">The photograph's name.</param>
/// <param name="Prepared">What the network saw, for <see cref="GradingModel.Explain(PreparedImage, int, string)"/>.</param>
public sealed record GradeResult(string Image, GradePrediction Prediction, PreparedImage Prepared);

/// <summary>What a network said of one image.</summary>
/// <param name="Logits">Before decoding, one for each of <see cref="HeadSpec.Outputs"/>.</param>
/// <param name="Features">Means over the picture of the last stage's channels; empty where they were not asked for.</param>
public sealed record ModelReading(GradePrediction Prediction, float[] Logits, float[] Features);

/// <summary>
/// A model loaded to serve: prepares photographs as the network was trained, runs it, and decodes what it says. Safe for concurrent calls; dispose it after the last.
/// </summary>
public sealed class GradingModel : IDisposable
{
    private readonly Network _network;
    private readonly ServingNetwork _serving;
    private readonly GradeDecoder _decoder;

    private GradingModel(string name, ModelCard card, Network network)
    {
        (Name, Card, _network) = (name, card, network);
        _decoder = new GradeDecoder(Card.Head, Card.Decoding);
        _network.RequireGrad(false);
        _network.UseChannelsLast();
        TorchMemory.ReleaseCache(); // what reading and reordering took for a moment
        _serving = new ServingNetwork(_network, owns: true);
    }

    /// <summary>The file as the caller named it.</summary>
    public string Name { get; }

    public ModelCard Card { get; }

    /// <summary>Layers that <see cref="Explain(PreparedImage, int, string)"/> can look at, shallow to deep; the last is the default.</summary>
    public IReadOnlyList<string> Layers => _network.StageNames;

    /// <exception cref="ModelFileException">The file is missing, damaged or impossible; the message names file, reason and remedy.</exception>
    public static GradingModel Load(string path) => Of(ModelFile.Read(path));

    /// <summary>The same of a file that was read before.</summary>
    public static GradingModel Of(ModelFile file) => new(file.Name, file.Card, file.CreateNetwork());

    /// <summary>
    /// A copy in which some stages have forgotten what they were trained: they hold weights as a training starts with. For the sanity check of explanations, which must change with the weights
    /// (Adebayo et al. 2018, arXiv 1810.03292).
    /// </summary>
    /// <param name="stages">Of <see cref="Layers"/>; null among them is the head.</param>
    /// <param name="seed">Of libtorch's generator, which all threads share: the same seed draws the same weights where no other thread draws.</param>
    public GradingModel WithFreshWeights(IReadOnlyCollection<string?> stages, ulong seed)
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
        return new GradingModel(Name, Card, copy);
    }

    /// <summary>Grades one photograph. Its quality is the caller's to judge first.</summary>
    /// <exception cref="ModelFileException">The network put out something that is not a number.</exception>
    public GradeResult Grade(FundusImage photograph) => Grade([photograph])[0];

    /// <summary>Grades photographs as one batch, in their order. Memory grows with their number.</summary>
    /// <exception cref="ModelFileException">The network put out something that is not a number.</exception>
    public IReadOnlyList<GradeResult> Grade(IReadOnlyList<FundusImage> photographs)
    {
        ArgumentNullException.ThrowIfNull(photographs);
        PreparedImage[] prepared = [.. photographs.Select(Prepare)];
        return [.. Predict(prepared).Select((p, i) => new GradeResult(photographs[i].Name, p, prepared[i]))];
    }

    /// <summary>The photograph as this model's network sees it.</summary>
    public PreparedImage Prepare(FundusImage photograph) => Preprocessor.Prepare(photograph, Card.Preprocessing);

    /// <summary>Grades images that <see cref="Prepare"/> made, as one batch.</summary>
    /// <exception cref="ModelFileException">The network put out something that is not a number.</exception>
    public IReadOnlyList<GradePrediction> Predict(IReadOnlyList<PreparedImage> prepared) => [.. Read(prepared, features: false).Select(r => r.Prediction)];

    /// <summary>Grades images that <see cref="Prepare"/> made, as one batch, and gives what the grades came from, for evaluation and calibration.</summary>
    /// <param name="features">Whether the features are wanted.</param>
    /// <exception cref="ModelFileException">The network put out something that is not a number.</exception>
    public IReadOnlyList<ModelReading> Read(IReadOnlyList<PreparedImage> prepared, bool features = true)
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

    /// <summary>Where the network saw what speaks for a grade, by Grad-CAM.</summary>
    /// <param name="grade">0 … classes−1; for a regression head any grade gives the map of the value.</param>
    /// <param name="layer">One of <see cref="Layers"/>; null for the last.</param>
    /// <exception cref="ArgumentException">There is no such layer or grade.</exception>
    public ActivationMap Explain(PreparedImage prepared, int grade, string? layer = null) => Explain(prepared, grade, new ExplanationOptions(Layer: layer));

    /// <summary>Where the network saw what speaks for a grade, by any method.</summary>
    /// <param name="grade">0 … classes−1; for a regression head any grade gives the map of the value.</param>
    /// <exception cref="ArgumentException">There is no such layer or grade, or the options are impossible.</exception>
    /// <exception cref="ModelFileException">The network's derivatives are no numbers.</exception>
    public ActivationMap Explain(PreparedImage prepared, int grade, ExplanationOptions options, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        ArgumentNullException.ThrowIfNull(options);
        return Checked(() => Explainer.Explain(_network, prepared, Card.Preprocessing, ExplanationTarget.For(Card.Head, grade), options, cancel));
    }

    /// <summary>Grades images and explains the grades by Grad-CAM, in one forward pass: a batch costs little more than <see cref="Predict"/>.</summary>
    /// <param name="layer">One of <see cref="Layers"/>; null for the last.</param>
    /// <exception cref="ArgumentException">There is no such layer.</exception>
    /// <exception cref="ModelFileException">The network put out something that is not a number.</exception>
    public IReadOnlyList<(GradePrediction Prediction, ActivationMap Map)> PredictAndExplain(IReadOnlyList<PreparedImage> prepared, string? layer = null)
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
                return Tensor.Cat([.. predictions.Select((p, i) => ExplanationTarget.For(Card.Head, p.Grade)(logits.Narrow(0, i, 1)))]);
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

    public void Dispose() => _serving.Dispose();
}
