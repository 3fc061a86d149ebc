using Fovea.Detection;
using Fovea.Training.Augmentation;
using Fovea.Training.Recipes;

namespace Fovea.Training.Detection;

/// <summary>
/// Everything that decides what the training of a detector computes, apart from the data. Read from JSON by <see cref="DetectionRecipeFile"/>; known by its <c>"task": "lesions"</c>. What is left out
/// takes the defaults below.
/// </summary>
public sealed record DetectionRecipe
{
    /// <summary>What <see cref="Task"/> must be.</summary>
    public const string Lesions = "lesions";

    public string Task { get; init; } = Lesions;

    /// <summary>A short name for tables; default: the file's.</summary>
    public string Name { get; init; } = "unnamed";

    /// <summary>Seeds the split, the initial weights, tiles, augmentation and samples.</summary>
    public int Seed { get; init; } = 1;

    /// <summary>The licence that the trained weights are given (an SPDX identifier where there is one), for the detector's card; null: unknown.</summary>
    public string? Licence { get; init; }

    public DetectorRecipe Model { get; init; } = new();

    /// <summary>Kinds that are looked for, in the order of their labels.</summary>
    public IReadOnlyList<string> Labels { get; init; } = ["microaneurysm", "haemorrhage", "hard_exudate", "soft_exudate"];

    public TileRecipe Tiles { get; init; } = new();
    public AugmentationSpec Augmentation { get; init; } = new();

    /// <summary>Shares of the photographs; used where the data set has no parts of its own and no folds are asked for.</summary>
    public SplitRecipe Split { get; init; } = new() { Validation = 0.15, Test = 0.15 };

    public SamplingRecipe Sampling { get; init; } = new();
    public OptimiserRecipe Optimiser { get; init; } = new() { Kind = OptimiserKind.Sgd, LearningRate = 0.01, WeightDecay = 1e-4, ClipNorm = 10 };
    public ScheduleRecipe Schedule { get; init; } = new() { WarmupEpochs = 0.5 };
    public DetectionTrainingRecipe Training { get; init; } = new();

    /// <summary>How found boxes are chosen, in training's evaluations and in the model file.</summary>
    public DetectionSettings Detection { get; init; } = new(0.05, 0.3, 300);
}

/// <summary>Which detector, and what it starts from.</summary>
public sealed record DetectorRecipe
{
    /// <summary>A name of the detectors' catalogue.</summary>
    public string Architecture { get; init; } = "fasterrcnn_mobilenet_v2_fpn";

    /// <summary>True where the backbone must start from pretrained weights: the registered ones of <see cref="Weights"/>, or those given with <c>--weights</c>.</summary>
    public bool Pretrained { get; init; }

    /// <summary>Registered weights of the backbone; null for none. <c>--weights</c> overrides it.</summary>
    public string? Weights { get; init; }

    /// <summary>Paths below the backbone's body that are not trained, with all below them, e.g. <c>features.0</c>.</summary>
    public IReadOnlyList<string> Freeze { get; init; } = [];

    /// <summary>Batch norms keep the statistics and scales that they were loaded with: batches of a few tiles are too small to measure. False for training from nothing.</summary>
    public bool FrozenNorms { get; init; } = true;

    /// <summary>One box for all labels rather than one for each.</summary>
    public bool ClassAgnosticBoxes { get; init; }

    /// <summary>Sizes of anchors from the training part's boxes (k-means) rather than the catalogue's.</summary>
    public bool FitAnchors { get; init; }
}

/// <summary>What of photographs is shown.</summary>
public sealed record TileRecipe
{
    /// <summary>Photographs are resized to this longer side first; null (default): they keep theirs.</summary>
    public int? LongerSide { get; init; }

    /// <summary>Side of the tiles that are trained on, pixels, a multiple of 32.</summary>
    public int Side { get; init; } = 512;

    /// <summary>Tiles drawn from each photograph in an epoch.</summary>
    public int PerPhotograph { get; init; } = 4;

    /// <summary>Share of the tiles that lie anywhere; the others hold a lesion, whose kind is drawn among those of the photograph, rare kinds more often, so that over all photographs they come evenly.</summary>
    public double AnywhereShare { get; init; } = 0.25;

    /// <summary>Tiles are cut larger or smaller by a factor drawn between these and resized: training at several scales. Default: none.</summary>
    public IReadOnlyList<double> Scales { get; init; } = [1, 1];

    /// <summary>A lesion of which less than this share is in the tile is not shown as one.</summary>
    public double LeastShare { get; init; } = 0.4;

    /// <summary>Tiles of whole photographs, in evaluation and in the model file.</summary>
    public TileSettings Inference { get; init; } = new(1024, 128);
}

/// <summary>Which anchors and proposals the losses see.</summary>
public sealed record SamplingRecipe
{
    public int Anchors { get; init; } = 256;
    public double AnchorPositives { get; init; } = 0.5;

    /// <summary>Share of the background anchors that are those the network takes for lesions most (hard examples) rather than drawn.</summary>
    public double HardAnchors { get; init; }

    public int Proposals { get; init; } = 256;
    public double ProposalPositives { get; init; } = 0.25;

    /// <summary>Least IoU of an anchor with a lesion to be positive; a lesion's best ones are in any case. Below <see cref="AnchorLow"/> it is background.</summary>
    public double AnchorHigh { get; init; } = 0.7;

    public double AnchorLow { get; init; } = 0.3;

    /// <summary>Least IoU of a proposal with a lesion to be positive.</summary>
    public double ProposalHigh { get; init; } = 0.5;

    /// <summary>Proposals of a tile, before and after the suppression of those that overlap.</summary>
    public int BeforeNms { get; init; } = 1000;

    public int AfterNms { get; init; } = 500;

    internal DetectionLossSettings ToSettings() => new()
    {
        AnchorMatcher = new Matcher((float)AnchorHigh, (float)AnchorLow, EachHasOne: true), ProposalMatcher = new Matcher((float)ProposalHigh, (float)ProposalHigh),
        AnchorSampler = new BalancedSampler(Anchors, AnchorPositives, HardAnchors), ProposalSampler = new BalancedSampler(Proposals, ProposalPositives), Proposals = new ProposalSettings(BeforeNms, AfterNms),
    };
}

/// <summary>Which epoch's weights the run delivers.</summary>
public enum DetectionSelection
{
    /// <summary>The last epoch: the validation part decides nothing.</summary>
    Last,

    /// <summary>The epoch with the best mean AP50 on the validation part.</summary>
    BestAp50,
}

public sealed record DetectionTrainingRecipe
{
    public int Epochs { get; init; } = 20;

    /// <summary>Tiles of a step.</summary>
    public int BatchSize { get; init; } = 2;

    /// <summary>Decay per step of the moving average of weights that is evaluated and delivered; null: the weights themselves.</summary>
    public double? Ema { get; init; }

    public DetectionSelection Select { get; init; } = DetectionSelection.Last;

    /// <summary>With folds: also train one detector on all photographs, to be delivered with the folds' figures and thresholds. Default false: folds are measured, and each keeps its own.</summary>
    public bool DeliverAll { get; init; }

    /// <summary>Evaluates on the validation part after every so many epochs (and the last), with <see cref="DetectionSelection.BestAp50"/>.</summary>
    public int EvaluateEvery { get; init; } = 5;

    /// <summary>Seconds between checkpoints inside an epoch; there is always one at its end. Has no influence on the result.</summary>
    public double CheckpointSeconds { get; init; } = 120;
}
