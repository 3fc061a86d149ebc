using System.Reflection;
using System.Text.Json;
using Fovea.Calibration;
using Fovea.Models;
using Fovea.Training.Data;
using Fovea.Training.Metrics;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>What a trained model says of itself.</summary>
internal static class ModelCards
{
    /// <param name="training">Ids of the images that it was trained on.</param>
    /// <param name="part">What the figures were measured on: test, validation, heldOut.</param>
    internal static ModelCard For(Recipe recipe, Dataset data, IReadOnlyList<string> training, MetricsReport metrics, string part, DecodingSpec? decoding = null)
    {
        var kinds = data.Kind.Split('+');
        var figures = new Dictionary<string, CardMetric>();
        void Add(string name, double? value)
        {
            if (value is not { } v) return;
            figures[$"{part}.{name}"] = metrics.Intervals.TryGetValue(name, out var i) ? new CardMetric(v, i.Low, i.High) : new CardMetric(v);
        }
        Add("quadraticWeightedKappa", metrics.QuadraticWeightedKappa);
        Add("accuracy", metrics.Accuracy);
        Add("auc", metrics.Auc);
        return new ModelCard
        {
            Task = data.Task,
            Architecture = recipe.Model.Architecture,
            Preprocessing = recipe.Preprocessing,
            Head = recipe.Head,
            Decoding = decoding ?? new DecodingSpec(),
            Classes = data.ClassNames,
            Licence = recipe.Licence ?? "unknown: trained on the user's own data",
            Data = [.. training.CountBy(id => data.Samples[data.Find(id)!.Value].Origin).Select(set => Of(set.Key, set.Value, kinds))],
            Metrics = figures,
            Recipe = JsonSerializer.SerializeToElement(recipe, RecipeFile.Options),
            Created = DateTimeOffset.UtcNow,
            Producer = $"fovea {typeof(ModelCards).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}",
        };
    }

    // A set that the user named like a kind is not that kind.
    private static CardData Of(string origin, int images, string[] kinds)
    {
        var (licence, source) = kinds.Contains(origin) ? DatasetReaders.LicenceOf(origin) : default;
        return new CardData(origin, "training", images, licence ?? "see the data set", source);
    }
}
