using Fovea.Models;
using Fovea.Torch.Modules;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>Leaves parts of a pretrained network as they are.</summary>
public static class Freezing
{
    /// <summary>Freezes the parameters at or below each path, and the statistics of the batch norms there.</summary>
    /// <exception cref="RecipeException">The network has nothing at a path.</exception>
    public static void Apply(Network network, IReadOnlyList<string> paths, string recipe)
    {
        foreach (var path in paths)
        {
            var found = false;
            foreach (var (name, module) in network.NamedModules())
            {
                if (name != path && !name.StartsWith(path + ".", StringComparison.Ordinal)) continue;
                found = true;
                if (module is BatchNorm2d norm) norm.KeepsStatistics = true;
                foreach (var (_, tensor) in module.NamedParameters()) tensor.RequiresGrad = false;
            }
            if (found) continue;
            var names = network.NamedModules().Select(m => m.Path).Where(n => n.Length > 0);
            throw new RecipeException(recipe, $"model.freeze names '{path}', which the network does not have",
                NearestName.Of(path, names) is { } near ? $"Did you mean '{near}'" : $"Its parts are {string.Join(", ", network.Children.Select(c => c.Name))}");
        }
        if (!network.NamedParameters().Any(p => p.Tensor.RequiresGrad))
            throw new RecipeException(recipe, "model.freeze leaves nothing to train", $"Leave out {network.HeadPath}");
    }
}
