using Fovea.Models;
using Fovea.Torch.Optimisation;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>From a recipe's words to an optimiser with its parameter groups.</summary>
internal static class OptimiserFactory
{
    /// <summary>
    /// Groups of equal rate and decay: head, and backbone or its stages where these have rates of their own; each with and without weight decay (biases and norms go without, when the recipe says so).
    /// </summary>
    /// <exception cref="RecipeException">A stage is named that the network does not have.</exception>
    internal static Optimiser Create(Recipe whole, Network network)
    {
        var recipe = whole.Optimiser;
        var rates = Rates(whole, network);
        var groups = network.NamedParameters()
            .Where(p => p.Tensor.RequiresGrad)
            .GroupBy(p => (Rate: rates(p.Path), Head: network.IsHead(p.Path), Decays: p.Tensor.Dimensions > 1 || !recipe.DecayOnlyWeights))
            .Select(g => new ParameterGroup([.. g])
            {
                LearningRateFactor = g.Key.Rate,
                WeightDecay = g.Key.Decays ? recipe.WeightDecay : 0,
            })
            .ToArray();
        return Create(recipe, groups);
    }

    internal static Optimiser Create(OptimiserRecipe recipe, ParameterGroup[] groups) => recipe.Kind switch
    {
        OptimiserKind.Sgd => new Sgd(groups, recipe.LearningRate, recipe.Momentum, nesterov: recipe.Nesterov),
        OptimiserKind.Adam => new Adam(groups, recipe.LearningRate),
        OptimiserKind.RAdam => new RAdam(groups, recipe.LearningRate),
        OptimiserKind.RmsProp => new RmsProp(groups, recipe.LearningRate),
        _ => new AdamW(groups, recipe.LearningRate),
    };

    /// <summary>The factor of a parameter's learning rate.</summary>
    private static Func<string, double> Rates(Recipe recipe, Network network)
    {
        var o = recipe.Optimiser;
        if (o.StageFactors.Count == 0 && o.StageDecay == 1) return path => network.IsHead(path) ? 1 : o.BackboneFactor;
        foreach (var name in o.StageFactors.Keys)
            if (!network.StageNames.Contains(name))
                throw new RecipeException(recipe.Name, $"optimiser.stageFactors names '{name}', which the network does not have", $"Its stages are {string.Join(", ", network.StageNames)}");
        var trace = NetworkTrace.Of(network, recipe.Preprocessing.Size);
        var stages = network.StageNames;
        var factors = stages.Select((name, i) => (name, Factor: Math.Pow(o.StageDecay, stages.Count - 1 - i) * o.StageFactors.GetValueOrDefault(name, 1))).ToDictionary(f => f.name, f => f.Factor);
        return path => network.IsHead(path) ? 1 : o.BackboneFactor * (trace.StageOf(path) is { } stage ? factors[stage] : 1);
    }
}
