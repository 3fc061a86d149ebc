using System.Reflection;
using System.Text.Json;
using Fovea.Calibration;
using Fovea.Models;
using Fovea.Quality;
using Fovea.Training.Data;
using Fovea.Training.Data.Readers;
using Fovea.Training.MadeUp;
using Fovea.Training.Metrics;
using Fovea.Training.Recipes;

namespace Fovea.Training.Training;

/// <summary>What a trained model says of itself.</summary>
internal static class ModelCards
{
    /// <summary>What a model of this data decides, known by its classes.</summary>
    private static string TaskOf(Dataset data) =>
        data.ClassNames.SequenceEqual(Kermany.Classes) ? "oct-class" : data.ClassNames.SequenceEqual(SpoiledDataset.Classes) ? QualityNetwork.Task : data.Task;

    /// <param name="part">What the figures were measured on: test, validation, heldOut.</param>
    internal static ModelCard For(Recipe recipe, Dataset data, MetricsReport metrics, string part, DecodingSpec? decoding = null)
    {
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
            Task = TaskOf(data),
            Architecture = recipe.Model.Architecture,
            Preprocessing = recipe.Preprocessing,
            Head = recipe.Head,
            Decoding = decoding ?? new DecodingSpec(),
            Classes = data.ClassNames,
            Licence = recipe.Licence ?? "unknown: trained on the user's own data",
            Data = [.. data.Samples.CountBy(s => s.Origin).Select(set => DatasetReaders.LicenceOf(set.Key) is var (licence, source) && licence is not null
                ? new CardData(set.Key, "training", set.Value, licence, source) : new CardData(set.Key, "training", set.Value, "see the data set"))],
            Metrics = figures,
            Recipe = JsonSerializer.SerializeToElement(recipe, RecipeFile.Options),
            Created = DateTimeOffset.UtcNow,
            Producer = $"fovea {typeof(ModelCards).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}",
        };
    }
}
