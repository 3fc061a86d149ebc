namespace Fovea.Models;

/// <summary>The models that come with Fovea; <c>models/</c> holds each with its card.</summary>
public static class ShippedModels
{
    /// <summary>Grades retinopathy in a photograph: models/dr-mobile.fovea. The file may be missing where somebody took it out.</summary>
    public static string Grader { get; } = Path.Combine(AppContext.BaseDirectory, "models", "dr-mobile" + ModelFile.Extension);
}
