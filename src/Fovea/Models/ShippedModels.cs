namespace Fovea.Models;

/// <summary>The models that come with Fovea; <c>models/</c> holds each with its card.</summary>
public static class ShippedModels
{
    /// <summary>Grades retinopathy in a photograph: models/dr-mobile.fovea. The file may be missing where somebody took it out.</summary>
    public static string Grader { get; } = Of("dr-mobile");

    /// <summary>Tells the risk of macular oedema from a photograph: models/dme-mobile.fovea; it may be missing likewise.</summary>
    public static string DmeRisk { get; } = Of("dme-mobile");

    /// <summary>Finds lesions in a photograph: models/lesions.fovea; it may be missing likewise.</summary>
    public static string Detector { get; } = Of("lesions");

    /// <summary>Judges a photograph's quality beside the measures: models/quality.fovea. It may be missing likewise, and then the measures judge alone.</summary>
    public static string Quality { get; } = Of("quality");

    private static string Of(string name) => Path.Combine(AppContext.BaseDirectory, "models", name + ModelFile.Extension);
}
