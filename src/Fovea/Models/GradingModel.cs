using Fovea.Acquisition;
using Fovea.Calibration;
using Fovea.Explanation;
using Fovea.Preprocessing;

namespace Fovea.Models;

/// <summary>A photograph's grade by one model.</summary>
/// <param name="Image">The photograph's name.</param>
/// <param name="Prepared">What the network saw, for <see cref="GradingModel.Explain(PreparedImage, int, string)"/>.</param>
public sealed record GradeResult(string Image, GradePrediction Prediction, PreparedImage Prepared);

/// <summary>What a model said of one image.</summary>
/// <param name="Logits">Before decoding, one for each of <see cref="HeadSpec.Outputs"/>.</param>
/// <param name="Features">Means over the picture of the last stage's channels, of all members of an ensemble one after the other; empty where they were not asked for.</param>
public sealed record ModelReading(GradePrediction Prediction, float[] Logits, float[] Features);

/// <summary>
/// A model loaded to serve, one network or a packed ensemble: prepares photographs as it was trained, runs it, and decodes what it says. Safe for concurrent calls; dispose it after the last.
/// </summary>
public abstract class GradingModel : IDisposable
{
    private protected GradingModel(string name, ModelCard card) => (Name, Card) = (name, card);

    /// <summary>The file as the caller named it.</summary>
    public string Name { get; }

    public ModelCard Card { get; }

    /// <summary>Layers that <see cref="Explain(PreparedImage, int, string)"/> can look at, shallow to deep; the last is the default.</summary>
    public abstract IReadOnlyList<string> Layers { get; }

    /// <exception cref="ModelFileException">The file is missing, damaged or impossible; the message names file, reason and remedy.</exception>
    public static GradingModel Load(string path) => Of(ModelFile.Read(path), () => ModelFile.Read(path));

    /// <summary>The same, of a model for one task.</summary>
    /// <param name="task">Of <see cref="ModelTasks"/>.</param>
    /// <param name="purpose">The task in words, for the message.</param>
    /// <param name="remedy">How to get such a model, for the message.</param>
    /// <exception cref="ModelFileException">The file is missing, damaged or impossible, or its model is for another task.</exception>
    public static GradingModel Load(string path, string task, string purpose, string remedy) => ModelFile.ReadCard(path) is var card && card.Task == task ? Load(path)
        : throw new ModelFileException(path, $"a model for {ModelCard.OneLine(card.Task)}, not for {purpose}", remedy);

    /// <summary>The same of a file that was read before, and is kept.</summary>
    public static GradingModel Of(ModelFile file)
    {
        ArgumentNullException.ThrowIfNull(file);
        return Of(file, again: null);
    }

    /// <param name="again">Reads the file again, so that its weights need not be kept beside the packed ones; null: keep them.</param>
    private static GradingModel Of(ModelFile file, Func<ModelFile>? again) => file.Members.Count > 0 ? EnsembleModel.Of(file, again) : NetworkModel.Of(file, again);

    /// <summary>
    /// A copy in which some stages have forgotten what they were trained: they hold weights as a training starts with. For the sanity check of explanations, which must change with the weights
    /// (Adebayo et al. 2018, arXiv 1810.03292).
    /// </summary>
    /// <param name="stages">Of <see cref="Layers"/>; null among them is the head.</param>
    /// <param name="seed">Of libtorch's generator, which all threads share: the same seed draws the same weights where no other thread draws.</param>
    public abstract GradingModel WithFreshWeights(IReadOnlyCollection<string?> stages, ulong seed);

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

    /// <summary>The photograph as this model sees it.</summary>
    public abstract PreparedImage Prepare(FundusImage photograph);

    /// <summary>Grades images that <see cref="Prepare"/> made, as one batch.</summary>
    /// <exception cref="ModelFileException">The network put out something that is not a number.</exception>
    public IReadOnlyList<GradePrediction> Predict(IReadOnlyList<PreparedImage> prepared) => [.. Read(prepared, features: false).Select(r => r.Prediction)];

    /// <summary>Grades images that <see cref="Prepare"/> made, as one batch, and gives what the grades came from, for evaluation and calibration.</summary>
    /// <param name="features">Whether the features are wanted.</param>
    /// <exception cref="ModelFileException">The network put out something that is not a number.</exception>
    public abstract IReadOnlyList<ModelReading> Read(IReadOnlyList<PreparedImage> prepared, bool features = true);

    /// <summary>Where the network saw what speaks for a grade, by Grad-CAM.</summary>
    /// <param name="grade">0 … classes−1; for a regression head any grade gives the map of the value.</param>
    /// <param name="layer">One of <see cref="Layers"/>; null for the last.</param>
    /// <exception cref="ArgumentException">There is no such layer or grade.</exception>
    public ActivationMap Explain(PreparedImage prepared, int grade, string? layer = null) => Explain(prepared, grade, new ExplanationOptions(Layer: layer));

    /// <summary>Where the network saw what speaks for a grade, by any method. Of an ensemble the mean of its members' maps.</summary>
    /// <param name="grade">0 … classes−1; for a regression head any grade gives the map of the value.</param>
    /// <exception cref="ArgumentException">There is no such layer or grade, or the options are impossible.</exception>
    /// <exception cref="ModelFileException">The network's derivatives are no numbers.</exception>
    public abstract ActivationMap Explain(PreparedImage prepared, int grade, ExplanationOptions options, CancellationToken cancel = default);

    /// <summary>Grades images and explains the grades by Grad-CAM, in one forward pass where the model is one network: a batch costs little more than <see cref="Predict"/>.</summary>
    /// <param name="layer">One of <see cref="Layers"/>; null for the last.</param>
    /// <exception cref="ArgumentException">There is no such layer.</exception>
    /// <exception cref="ModelFileException">The network put out something that is not a number.</exception>
    public abstract IReadOnlyList<(GradePrediction Prediction, ActivationMap Map)> PredictAndExplain(IReadOnlyList<PreparedImage> prepared, string? layer = null);

    public abstract void Dispose();
}
