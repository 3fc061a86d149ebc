using System.Text.Json.Nodes;

namespace Fovea.Training.Recipes;

/// <summary>A stage in JSON is what it says otherwise than its recipe.</summary>
internal static class RecipeStages
{
    // What decides the network and who is measured.
    private static readonly string[] RecipesOnly = ["seed", "licence", "head", "preprocessing", "split", "decoding", "labels"], ModelOnly = ["architecture", "pretrained", "weights", "weightsUpTo"];

    /// <summary>Fills in each stage from the recipe around it.</summary>
    /// <param name="fillIn">Adds what the first lacks from the second.</param>
    /// <exception cref="RecipeException">A stage says what only the recipe may.</exception>
    internal static void Complete(JsonObject root, Action<JsonObject> presets, Action<JsonObject, JsonObject> fillIn, string name)
    {
        if (root["stages"] is not JsonArray stages) return;
        var number = 0;
        foreach (var stage in stages.OfType<JsonObject>())
        {
            number++;
            foreach (var key in RecipesOnly) Refuse(stage, root, key, $"stages.{number - 1}.{key}", name);
            if (stage["model"] is JsonObject model && root["model"] is JsonObject whole)
                foreach (var key in ModelOnly) Refuse(model, whole, key, $"stages.{number - 1}.model.{key}", name);
            presets(stage);
            var rest = (JsonObject)root.DeepClone();
            rest.Remove("stages");
            rest["name"] = $"stage {number}";
            fillIn(stage, rest);
        }
    }

    /// <summary>Takes out of each stage what the recipe says, too.</summary>
    internal static void Shorten(JsonObject root)
    {
        if (root["stages"] is not JsonArray stages) return;
        foreach (var stage in stages.OfType<JsonObject>())
        {
            stage.Remove("stages");
            foreach (var (key, value) in stage.ToArray())
            {
                if (JsonNode.DeepEquals(value, root[key])) stage.Remove(key);
                // A preset fills in what is not said, so that an augmentation is said whole.
                else if (key != "augmentation" && value is JsonObject inner && root[key] is JsonObject outer)
                    foreach (var (innerKey, innerValue) in inner.ToArray())
                        if (JsonNode.DeepEquals(innerValue, outer[innerKey])) inner.Remove(innerKey);
            }
        }
    }

    private static void Refuse(JsonObject stage, JsonObject root, string key, string path, string name)
    {
        if (stage.TryGetPropertyValue(key, out var value) && !JsonNode.DeepEquals(value, root[key]))
            throw new RecipeException(name, $"{path} differs from the recipe's", "Say it once, outside of the stages");
    }
}
