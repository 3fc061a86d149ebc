using Fovea.Calibration;
using Fovea.Models;
using Fovea.Torch.Distributed;
using Fovea.Training.Metrics;
using Fovea.Training.Recipes;
using Fovea.Training.Splits;

namespace Fovea.Training.Evaluation;

/// <summary>The only door to a <see cref="TestPart"/>.</summary>
public static class TestEvaluation
{
    /// <summary>Predicts every image of the part with a finished network.</summary>
    /// <param name="decoding">As it was fitted on other images; null: the head's own.</param>
    /// <param name="ranks">The processes that share the images out among them; each gets all predictions.</param>
    public static Predictions Predict(Network network, Recipe recipe, TestPart part, DecodingSpec? decoding = null, ProcessGroup? ranks = null) =>
        new NetworkEvaluator(network, recipe) { Ranks = ranks }.Predict(part.Images, null, decoding);
}
