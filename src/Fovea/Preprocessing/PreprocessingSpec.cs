namespace Fovea.Preprocessing;

/// <summary>What is taken off an image beside <see cref="PreprocessingSpec.Mean"/>.</summary>
public enum Centring
{
    None,

    /// <summary>The mean over all pixels and channels of the image itself (Keras' samplewise_center).</summary>
    Sample,
}

/// <summary>
/// What is done to a photograph before a network sees it. Part of the model file, never of the caller: what a network was trained with is what it is served with.
/// Named by a chain, or listed step by step; written it is always the list, so that a chain that changes later changes no model.
/// </summary>
public sealed record PreprocessingSpec
{
    private const int MaxSteps = 32;
    private readonly string? _chain;
    private readonly IReadOnlyList<PreprocessingStep>? _steps;
    private readonly IReadOnlyList<double>? _mean, _std;
    private readonly Centring? _centring;

    /// <summary>One of <see cref="PreprocessingChains"/>, whose steps and normalisation are used where none are given. Not beside <see cref="Steps"/>. Default: fov.</summary>
    public string? Chain { init => _chain = value; }

    /// <summary>Side of the prepared square in pixels.</summary>
    public int Size { get; init; } = 224;

    /// <summary>In order; the last that changes the size must leave the prepared one.</summary>
    public IReadOnlyList<PreprocessingStep> Steps { get => _steps ?? Named.Steps(Size); init => _steps = value; }

    /// <summary>Subtracted from each channel (R, G, B) of value/255; default the chain's, mostly ImageNet's.</summary>
    public IReadOnlyList<double> Mean { get => _mean ?? Named.Mean; init => _mean = value; }

    /// <summary>Divides each channel afterwards; default the chain's, mostly ImageNet's.</summary>
    public IReadOnlyList<double> Std { get => _std ?? Named.Std; init => _std = value; }

    /// <summary>Taken off before <see cref="Mean"/> is; default the chain's, mostly none.</summary>
    public Centring Centring { get => _centring ?? Named.Centring; init => _centring = value; }

    private PreprocessingChain Named =>
        PreprocessingChains.Find(_chain ?? PreprocessingChains.Default) ?? throw new InvalidOperationException(PreprocessingChains.Unknown(_chain!));

    /// <summary>The reason why this cannot be done, or null.</summary>
    public string? Problem()
    {
        if (_chain is not null && PreprocessingChains.Find(_chain) is null) return PreprocessingChains.Unknown(_chain);
        if (_chain is not null && _steps is not null) return "both a chain and steps are given";
        if (Size is < 8 or > 4096) return $"a prepared size of {Size} pixels is not possible (8 to 4096 are)";
        if (Steps.Count is 0 or > MaxSteps || Steps.Contains(null!)) return $"there must be 1 to {MaxSteps} steps";
        if (Steps.Select(s => s.Problem()).FirstOrDefault(p => p is not null) is { } step) return step;
        if (Steps.Select(s => s.GivesPreparedSize).LastOrDefault(g => g is not null) is not true) return "the steps do not end in the prepared size; add a resize without a side";
        if (Mean.Count != 3 || !Mean.All(double.IsFinite)) return "mean needs three finite numbers";
        if (Std.Count != 3 || !Std.All(s => double.IsFinite(s) && s > 0)) return "std needs three numbers above 0";
        return Enum.IsDefined(Centring) ? null : $"the centring {(int)Centring} does not exist";
    }
}
