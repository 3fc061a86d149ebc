using Fovea.Models;
using Fovea.Torch.Optimisation;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>From a recipe's words to an optimiser with its parameter groups.</summary>
internal static class OptimiserFactory
{
    /// <summary>Up to four groups: backbone and classifier, each with and without weight decay (biases and norms go without, when the recipe says so).</summary>
    internal static Optimiser Create(OptimiserRecipe recipe, Network network)
    {
        var groups = network.NamedParameters()
            .Where(p => p.Tensor.RequiresGrad)
            .GroupBy(p => (Head: network.IsHead(p.Path), Decays: p.Tensor.Dimensions > 1 || !recipe.DecayOnlyWeights))
            .Select(g => new ParameterGroup([.. g])
            {
                LearningRateFactor = g.Key.Head ? 1 : recipe.BackboneFactor,
                WeightDecay = g.Key.Decays ? recipe.WeightDecay : 0,
            })
            .ToArray();
        return recipe.Kind switch
        {
            OptimiserKind.Sgd => new Sgd(groups, recipe.LearningRate, recipe.Momentum, nesterov: recipe.Nesterov),
            OptimiserKind.Adam => new Adam(groups, recipe.LearningRate),
            OptimiserKind.RAdam => new RAdam(groups, recipe.LearningRate),
            OptimiserKind.RmsProp => new RmsProp(groups, recipe.LearningRate),
            _ => new AdamW(groups, recipe.LearningRate),
        };
    }
}
