using System.Text.Json.Serialization;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Training.Augmentation;

namespace Fovea.Training.Recipes;

/// <summary>
/// Everything that decides what a training run computes, apart from the data itself. Read from JSON (comments allowed) by <see cref="RecipeFile"/>;
/// an unknown key is refused. What is left out takes the defaults below.
/// </summary>
public sealed record Recipe
{
    /// <summary>A short name for tables; default: the file's.</summary>
    public string Name { get; init; } = "unnamed";

    /// <summary>Seeds the split, the initial weights, the order of samples, augmentation and dropout.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The licence that the trained weights are given (an SPDX identifier where there is one), for the model's card; null: unknown.</summary>
    public string? Licence { get; init; }

    public ModelRecipe Model { get; init; } = new();
    public HeadSpec Head { get; init; } = new(HeadKind.Softmax, 5);
    public PreprocessingSpec Preprocessing { get; init; } = new();
    public AugmentationSpec Augmentation { get; init; } = new();
    public SplitRecipe Split { get; init; } = new();
    public LossRecipe Loss { get; init; } = new();
    public OptimiserRecipe Optimiser { get; init; } = new();
    public ScheduleRecipe Schedule { get; init; } = new();
    public TrainingRecipe Training { get; init; } = new();
    public LabelRecipe Labels { get; init; } = new();
    public DecodingRecipe Decoding { get; init; } = new();

    /// <summary>Of several data sets given together, the names of those whose images train; empty: all.</summary>
    public IReadOnlyList<string> TrainOn { get; init; } = [];

    /// <summary>
    /// Trainings one after the other on the same network; empty: one, by the recipe itself. A stage takes from the recipe what it does not say. What decides the network and who is measured (seed, model.architecture,
    /// model.pretrained, model.weights, head, preprocessing, split, decoding) is the recipe's alone.
    /// </summary>
    public IReadOnlyList<Recipe> Stages { get; init; } = [];
}

/// <summary>Labels of the training images made better, or less sure, by another run's predictions: not of the network that learnt these labels, but out of fold.</summary>
public sealed record LabelRecipe
{
    /// <summary>A predictions.csv with probabilities; images that it does not name keep their label. Null: labels as they are.</summary>
    public string? Predictions { get; init; }

    /// <summary>Share of the predicted probabilities in the target; the rest is the label's. Default 0.5.</summary>
    public double Share { get; init; } = 0.5;
}

/// <summary>What is fitted between the network's numbers and the grade, on images that choose (the validation part; without one, the training images).</summary>
public enum DecodingFit
{
    /// <summary>Nothing: the most probable grade, rounding, a third of each head.</summary>
    None,

    /// <summary>Regression and three heads: the thresholds with the best quadratic weighted kappa.</summary>
    Thresholds,

    /// <summary>Three heads: the weights of regression, most probable class and ordinal sum, by least squares (the multi-task network's third stage), then rounded.</summary>
    HeadWeights,

    /// <summary>Three heads: the weights, then the thresholds.</summary>
    HeadWeightsAndThresholds,
}

public sealed record DecodingRecipe
{
    public DecodingFit Fit { get; init; } = DecodingFit.None;
}

/// <summary>Which network, and what it starts from.</summary>
public sealed record ModelRecipe
{
    /// <summary>A name of the catalogue (<c>fovea models list</c>).</summary>
    public string Architecture { get; init; } = "mobilenet_v2";

    /// <summary>True where the run must start from pretrained weights: the registered ones of <see cref="Weights"/>, or those given with <c>--weights</c>.</summary>
    public bool Pretrained { get; init; }

    /// <summary>Registered weights (<c>fovea weights list</c>) to start from; null for none. <c>--weights</c> overrides it.</summary>
    public string? Weights { get; init; }

    /// <summary>The last stage that the weights must have, e.g. <c>stage3</c>, for files of a network's first stages: what comes after it starts from random weights if the file lacks it. Null (default): all but the head.</summary>
    public string? WeightsUpTo { get; init; }

    /// <summary>
    /// What is not trained: paths (with all below them), e.g. <c>features.0</c>; names of stages, e.g. <c>stem</c>, <c>stage1</c>, with all layers between the stage before and them; or
    /// <c>backbone</c>, all but the head.
    /// </summary>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>The head starts from random weights, whatever was loaded or an earlier stage has trained: only the encoder is carried over.</summary>
    public bool FreshHead { get; init; }

    /// <summary>So many layers with weights of their own (convolutions, norms, linear layers), counted in the order of computation, are not trained either.</summary>
    public int FreezeFirst { get; init; }

    /// <summary>Which batch norms normalise by the statistics that they were loaded with, and leave them as they are.</summary>
    public KeptStatistics KeepStatistics { get; init; } = KeptStatistics.Frozen;
}

public enum KeptStatistics
{
    /// <summary>Those that are not trained.</summary>
    Frozen,

    /// <summary>All below the head, whether their scales are trained or not: for small batches.</summary>
    Backbone,

    /// <summary>None: also norms that are not trained follow the batches.</summary>
    None,
}

public sealed record SplitRecipe
{
    /// <summary>Shares of the samples, by group and stratified; used where the data set has no split of its own and no folds are asked for.</summary>
    public double Validation { get; init; } = 0.15;

    public double Test { get; init; } = 0.15;
}

public enum LossKind
{
    /// <summary>The head's own: cross-entropy for softmax, binary cross-entropy for ordinal, CORN's for corn, smooth L1 for regression, the first, second and last added up for three heads.</summary>
    Head,

    /// <summary>This and those below: of a regression, and of the regression among three heads.</summary>
    SmoothL1,
    MeanSquaredError,
    MeanAbsoluteError,

    /// <summary>Of softmax and ordinal heads, also among three: the cross-entropy's share of what is well answered already is taken down by (1 − p)^γ.</summary>
    Focal,
}

/// <summary>The losses of three heads and what each counts.</summary>
public sealed record ThreeHeadLosses
{
    /// <summary><see cref="LossKind.Head"/> means <see cref="LossRecipe.Kind"/>.</summary>
    public LossKind Regression { get; init; }

    /// <summary>Head (cross-entropy) or focal.</summary>
    public LossKind Classes { get; init; }

    /// <summary>Head (binary cross-entropy) or focal.</summary>
    public LossKind Ordinal { get; init; }

    public double RegressionWeight { get; init; } = 1;
    public double ClassesWeight { get; init; } = 1;
    public double OrdinalWeight { get; init; } = 1;
}

public enum ClassWeighting
{
    None,

    /// <summary>n / (classes · n_c), as scikit-learn's "balanced", counted on the training part.</summary>
    Balanced,

    /// <summary>The square root of <see cref="Balanced"/>, rescaled to a mean of 1 over the samples: gentler.</summary>
    SquareRoot,
}

public sealed record LossRecipe
{
    public LossKind Kind { get; init; } = LossKind.Head;
    public ClassWeighting ClassWeights { get; init; } = ClassWeighting.None;

    /// <summary>Share of the target that is spread evenly over all classes (softmax), or that each bit is moved towards one half (ordinal, corn); a regression has <see cref="TargetNoise"/> instead.</summary>
    public double LabelSmoothing { get; init; }

    /// <summary>A regression's target moves by up to this much, in grades, up or down, drawn anew for each image and epoch. Default 0.</summary>
    public double TargetNoise { get; init; }

    /// <summary>α of the focal loss: weight of a class, and of a bit that is on (off has 1 − α). Default 0.25 (Lin et al. 2017).</summary>
    public double FocalAlpha { get; init; } = 0.25;

    /// <summary>γ of the focal loss; 0, or 1 and more. Default 2.</summary>
    public double FocalGamma { get; init; } = 2;

    /// <summary>Losses of three heads, one by one.</summary>
    public ThreeHeadLosses Heads { get; init; } = new();

    /// <summary>Adds this times the expected cost Σ p(j)·(|i − j| / (K − 1))^<see cref="CostPower"/> of what a softmax (also among three) says (Galdran et al. 2020, arXiv 2010.00291). Default 0.</summary>
    public double CostWeight { get; init; }

    /// <summary>How costs rise with the distance of grades; 2 as the quadratic kappa's.</summary>
    public double CostPower { get; init; } = 2;

    /// <summary>Adds this times 1 − κ, with quadratic weights, of each batch (softmax, also among three). Default 0.</summary>
    public double KappaWeight { get; init; }

    /// <summary>Where smooth L1 turns from a parabola into a line, in grades.</summary>
    public double Beta { get; init; } = 1;
}

public enum OptimiserKind { Sgd, Adam, AdamW, RAdam, RmsProp }

public sealed record OptimiserRecipe
{
    public OptimiserKind Kind { get; init; } = OptimiserKind.AdamW;
    public double LearningRate { get; init; } = 1e-3;

    /// <summary>Multiplies the learning rate of everything below the classifier.</summary>
    public double BackboneFactor { get; init; } = 1;

    /// <summary>Multiplies the learning rate of single stages, by name (<c>"stem": 0.1</c>); on top of <see cref="BackboneFactor"/>.</summary>
    public IReadOnlyDictionary<string, double> StageFactors { get; init; } = new Dictionary<string, double>();

    /// <summary>Each stage learns at this share of the stage above it, the last one at the backbone's rate: discriminative rates (Howard, Ruder 2018, arXiv 1801.06146). Default 1.</summary>
    public double StageDecay { get; init; } = 1;

    public double WeightDecay { get; init; }

    /// <summary>Decay is left off biases and the scales of norms.</summary>
    public bool DecayOnlyWeights { get; init; } = true;

    public double Momentum { get; init; } = 0.9;
    public bool Nesterov { get; init; }

    /// <summary>Gradients are scaled down to this norm; null leaves them.</summary>
    public double? ClipNorm { get; init; }
}

public enum ScheduleKind
{
    Constant,
    Cosine,
    Step,

    /// <summary>Multiplied by <see cref="ScheduleRecipe.Decay"/> after every epoch.</summary>
    Exponential,

    /// <summary>Up from <see cref="ScheduleRecipe.StartFactor"/> over the warm-up, or 0.3 of all steps without one, and down to the final factor, both in half a cosine.</summary>
    OneCycle,

    /// <summary>Multiplied by <see cref="ScheduleRecipe.StepFactor"/> when a score stops getting better, down to the final factor.</summary>
    Plateau,
}

public sealed record ScheduleRecipe
{
    public ScheduleKind Kind { get; init; } = ScheduleKind.Cosine;

    /// <summary>Linear rise from 0, in epochs; fractions allowed.</summary>
    public double WarmupEpochs { get; init; }

    /// <summary>The base rate is held for so many epochs after the warm-up.</summary>
    public double HoldEpochs { get; init; }

    /// <summary>Cosine and one cycle end, and a plateau stops falling, at this share of the base rate.</summary>
    public double FinalFactor { get; init; }

    /// <summary>One cycle begins at this share of the base rate. Default 1/25, PyTorch's.</summary>
    public double StartFactor { get; init; } = 0.04;

    /// <summary>Exponential: multiply by this after each epoch.</summary>
    public double Decay { get; init; } = 0.95;

    /// <summary>Warm-up, hold, cosine and one cycle run once over all stages (those that say so), not once in each. Epochs are counted with the stage's own number of steps.</summary>
    public bool SpansStages { get; init; }

    /// <summary>Plateau: the score that is watched. Default: the validation loss.</summary>
    public Selection Watch { get; init; } = Selection.BestLoss;

    /// <summary>Plateau: the rate falls after so many epochs in a row that were not better. Keras counts so; PyTorch waits one more.</summary>
    public int Patience { get; init; } = 3;

    /// <summary>Plateau: better means by more than this.</summary>
    public double MinDelta { get; init; } = 1e-4;

    /// <summary>Step: multiply by <see cref="StepFactor"/> (a plateau's, too) at each of these epochs.</summary>
    public IReadOnlyList<int> StepEpochs { get; init; } = [];

    public double StepFactor { get; init; } = 0.1;
}

public enum Precision
{
    Float32,

    /// <summary>bfloat16 convolutions and products; weights, norms and losses stay float32.</summary>
    BFloat16,

    /// <summary>bfloat16 where the processor multiplies it natively, float32 elsewhere. Results then differ between machines in the last digits.</summary>
    Auto,
}

/// <summary>Which epoch's weights the run delivers.</summary>
public enum Selection
{
    /// <summary>The epoch with the best quadratic weighted kappa on the validation part.</summary>
    BestKappa,

    /// <summary>The epoch with the best AUC (MedMNIST's) on the validation part.</summary>
    BestAuc,

    /// <summary>The epoch with the best accuracy.</summary>
    BestAccuracy,

    /// <summary>The epoch with the best macro F1.</summary>
    BestMacroF1,

    /// <summary>The epoch with the smallest validation loss.</summary>
    BestLoss,

    /// <summary>The last epoch: the validation part decides nothing.</summary>
    Last,
}

/// <summary>The views of an image whose logits are averaged when evaluating.</summary>
public enum TestTimeKind
{
    /// <summary>The image as it is.</summary>
    None,

    /// <summary>The four flips.</summary>
    Flips,

    /// <summary>Flips and quarter turns: the eight symmetries of the square.</summary>
    Dihedral,

    /// <summary>Random views by the recipe's own augmentation, without mixing, the same at each evaluation.</summary>
    Random,
}

public sealed record TestTimeRecipe
{
    public TestTimeKind Views { get; init; } = TestTimeKind.None;

    /// <summary>Number of random views. Default 10.</summary>
    public int Count { get; init; } = 10;

    /// <summary>Share of the views that is left out at each end, for each output by itself: 0.25 is the trimmed mean of Tymchenko et al. 2020. Default 0, the plain mean.</summary>
    public double Trim { get; init; }
}

public sealed record TrainingRecipe
{
    public int Epochs { get; init; } = 20;
    public int BatchSize { get; init; } = 16;

    /// <summary>Images at a time on their way through the network: the gradients of a batch are added up from parts of so many, for less memory. Batch norms then see the parts. Null: the whole batch.</summary>
    public int? MicroBatch { get; init; }

    /// <summary>Each image is drawn with a weight of 1 / (images of its class)^this: 0 as they come (default), 1 each class equally often.</summary>
    public double ClassSampling { get; init; }
    public Precision Precision { get; init; } = Precision.Float32;

    /// <summary>On several processes: batch norms measure all shares of a batch together, as one process would. Default false: each its own share. One process alone does the same either way.</summary>
    public bool SyncBatchNorm { get; init; }

    /// <summary>Decay per step of the moving average of weights that is evaluated and delivered; null evaluates the weights themselves.</summary>
    public double? Ema { get; init; }

    /// <summary>From this epoch on the mean of the weights at the epochs' ends is delivered (stochastic weight averaging, Izmailov et al. 2018, arXiv 1803.05407), with batch norms measured anew; null never.</summary>
    public int? SwaFrom { get; init; }

    public Selection Select { get; init; } = Selection.BestKappa;

    /// <summary>Averages the outputs of the four flips when evaluating: short for the views "flips".</summary>
    public bool FlipAverage { get; init; }

    /// <summary>What the network is asked when evaluating.</summary>
    public TestTimeRecipe TestTime { get; init; } = new();

    /// <summary>Sides in pixels that the images are scaled to while training, each for an equal share of the epochs, e.g. [128, 192, 256]; evaluation is at the prepared size. Empty: the prepared size throughout.</summary>
    public IReadOnlyList<int> Sizes { get; init; } = [];

    /// <summary>Stops after so many epochs without a better one; null never.</summary>
    public int? Patience { get; init; }

    /// <summary>Evaluates after every so many epochs (and the last).</summary>
    public int EvaluateEvery { get; init; } = 1;

    /// <summary>Writes the network's features of the validation images after every so many evaluated epochs, for TensorBoard's projector; null (default) never. Has no influence on the result.</summary>
    public int? EmbedEvery { get; init; }

    /// <summary>Seconds between checkpoints inside an epoch; there is always one at its end. Has no influence on the result.</summary>
    public double CheckpointSeconds { get; init; } = 120;

    /// <summary>What <see cref="Precision"/> comes to on this machine.</summary>
    [JsonIgnore]
    public bool UsesBFloat16 => Precision == Precision.BFloat16 || (Precision == Precision.Auto && ProcessorFeatures.HasBFloat16);
}
