using Fovea.Torch.Modules;

namespace Fovea.Torch.Optimisation;

/// <summary>Parameters that share a learning rate and a decay.</summary>
/// <param name="Parameters">With their paths, which name their state in checkpoints; each parameter belongs to one group.</param>
public sealed record ParameterGroup(IReadOnlyList<(string Path, Tensor Tensor)> Parameters)
{
    /// <summary>Multiplies the optimiser's learning rate: below 1 for layers that came pretrained.</summary>
    public double LearningRateFactor { get; init; } = 1;

    /// <summary>Decay of this group; null (default) for the optimiser's own.</summary>
    public double? WeightDecay { get; init; }

    /// <summary>All parameters of a module.</summary>
    public static ParameterGroup Of(Module module) => new([.. module.NamedParameters()]);

    /// <summary>Two groups: weights of two dimensions or more with the optimiser's decay; biases, norms and other vectors without.</summary>
    public static ParameterGroup[] WithoutDecayOfVectors(Module module) =>
    [
        new([.. module.NamedParameters().Where(p => p.Tensor.Dimensions > 1)]),
        new([.. module.NamedParameters().Where(p => p.Tensor.Dimensions <= 1)]) { WeightDecay = 0 },
    ];
}
