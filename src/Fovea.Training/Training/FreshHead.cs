using Fovea.Models;
using Fovea.Torch;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>Carries only the encoder over: the head starts anew, whatever was loaded or trained before.</summary>
internal static class FreshHead
{
    private const ulong Stream = 5;

    /// <param name="stage">From 0; each stage's head starts from other numbers.</param>
    internal static void Apply(Network network, Recipe recipe, int stage)
    {
        if (!recipe.Model.FreshHead) return;
        TorchRuntime.Seed(SeededRandom.For((ulong)recipe.Seed, Stream, (ulong)stage).NextUInt64());
        using var noGrad = new NoGrad();
        using var other = ModelCatalog.Create(recipe.Model.Architecture, NetworkOptions.For(recipe.Head, recipe.Preprocessing.Size));
        var fresh = other.NamedParameters().Concat(other.NamedBuffers()).ToDictionary(t => t.Path, t => t.Tensor, StringComparer.Ordinal);
        foreach (var (path, tensor) in network.NamedParameters().Concat(network.NamedBuffers()))
            if (network.IsHead(path)) tensor.CopyInPlace(fresh[path]);
    }
}
