using Fovea.Models;
using Fovea.Torch.Modules;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>Leaves parts of a pretrained network as they are.</summary>
public static class Freezing
{
    private const string Backbone = "backbone";

    /// <summary>Freezes what the recipe names, and the statistics of batch norms as it says.</summary>
    /// <param name="inputSize">Side of the input, to run through the network in its order.</param>
    /// <exception cref="RecipeException">The network has nothing at a path, or nothing would be left to train.</exception>
    public static void Apply(Network network, ModelRecipe model, int inputSize, string recipe)
    {
        ArgumentNullException.ThrowIfNull(network);
        ArgumentNullException.ThrowIfNull(model);
        var trace = new Lazy<NetworkTrace>(() => NetworkTrace.Of(network, inputSize));
        var frozen = new HashSet<string>(StringComparer.Ordinal);
        foreach (var name in model.Freeze) frozen.UnionWith(Named(network, name, trace, recipe));
        if (model.FreezeFirst > 0) frozen.UnionWith(First(network, model.FreezeFirst, trace, recipe));

        foreach (var (path, tensor) in network.NamedParameters()) tensor.RequiresGrad = !frozen.Contains(path); // an earlier stage may have frozen others
        foreach (var (path, module) in network.NamedModules())
            if (module is BatchNorm2d norm)
                norm.KeepsStatistics = model.KeepStatistics switch
                {
                    KeptStatistics.None => false,
                    KeptStatistics.Backbone => !network.IsHead(path + ".weight"),
                    _ => frozen.Contains(path + ".weight"),
                };
        if (frozen.Count > 0 && !network.NamedParameters().Any(p => p.Tensor.RequiresGrad))
            throw new RecipeException(recipe, "model.freeze leaves nothing to train", $"Leave out {network.HeadPath}");
    }

    private static IEnumerable<string> Named(Network network, string name, Lazy<NetworkTrace> trace, string recipe)
    {
        if (name == Backbone) return network.BackboneParameters().Select(p => p.Path);
        if (network.StageNames.Contains(name)) return network.NamedParameters().Select(p => p.Path).Where(p => trace.Value.StageOf(p) == name);
        if (network.NamedModules().Any(m => m.Path == name) || network.NamedModules().Any(m => m.Path.StartsWith(name + ".", StringComparison.Ordinal)))
            return network.NamedParameters().Select(p => p.Path).Where(p => p.StartsWith(name + ".", StringComparison.Ordinal));
        var names = network.NamedModules().Select(m => m.Path).Where(n => n.Length > 0).Concat(network.StageNames).Append(Backbone);
        throw new RecipeException(recipe, $"model.freeze names '{name}', which the network does not have",
            NearestName.Of(name, names) is { } near ? $"Did you mean '{near}'" : $"Its stages are {string.Join(", ", network.StageNames)}");
    }

    private static IEnumerable<string> First(Network network, int count, Lazy<NetworkTrace> trace, string recipe)
    {
        var layers = trace.Value.Layers;
        if (count >= layers.Count) throw new RecipeException(recipe, $"model.freezeFirst is {count}, the network has {layers.Count} layers", $"Use less than {layers.Count}");
        var paths = layers.Take(count).Select(l => l.Path + ".").ToArray();
        // Blocks that hold a parameter beside layers come after them in the order, so a path below a frozen block is frozen already.
        return network.NamedParameters().Select(p => p.Path).Where(p => paths.Any(path => p.StartsWith(path, StringComparison.Ordinal)));
    }
}
