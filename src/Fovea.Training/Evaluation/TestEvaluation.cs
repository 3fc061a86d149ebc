using Fovea.Calibration;
using Fovea.Models;
using Fovea.Training.Metrics;
using Fovea.Training.Recipes;
using Fovea.Training.Splits;

namespace Fovea.Training.Evaluation;

/// <summary>The only door to a <see cref="TestPart"/>.</summary>
public static class TestEvaluation
{
    /// <summary>Predicts every image of the part with a finished network.</summary>
    /// <param name="decoding">As it was fitted on other images; null: the head's own.</param>
    public static Predictions Predict(Network network, Recipe recipe, TestPart part, DecodingSpec? decoding = null) => new NetworkEvaluator(network, recipe).Predict(part.Images, null, decoding);
}
