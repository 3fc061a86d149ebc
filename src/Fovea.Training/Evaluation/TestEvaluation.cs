using Fovea.Models;
using Fovea.Training.Metrics;
using Fovea.Training.Recipes;
using Fovea.Training.Splits;

namespace Fovea.Training.Evaluation;

/// <summary>The only door to a <see cref="TestPart"/>.</summary>
public static class TestEvaluation
{
    /// <summary>Predicts every image of the part with a finished network.</summary>
    public static Predictions Predict(Network network, Recipe recipe, TestPart part) => new NetworkEvaluator(network, recipe).Predict(part.Images);
}
