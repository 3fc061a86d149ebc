using Fovea.Preprocessing;

namespace Fovea.Explanation;

/// <summary>How an image is explained.</summary>
/// <param name="Method">Default Grad-CAM.</param>
/// <param name="Layer">Of class activation mappings: one of <see cref="Models.GradingModel.Layers"/>. Default: the last, the deepest.</param>
public sealed record ExplanationOptions(ExplanationMethod Method = ExplanationMethod.GradCam, string? Layer = null)
{
    /// <summary>Integrated gradients: steps; SmoothGrad: noisy copies; gradient SHAP: samples. Each costs a forward pass and the way back. Default 32.</summary>
    public int Samples { get; init; } = 32;

    /// <summary>Of SmoothGrad's noise and gradient SHAP's places.</summary>
    public int Seed { get; init; }

    /// <summary>
    /// Gradient SHAP: what the image is compared with, e.g. photographs without disease, prepared by the same model. Null: the image's own copies at four strengths of blur, in which no lesion is left.
    /// </summary>
    public IReadOnlyList<PreparedImage>? References { get; init; }

    /// <summary>Occlusion: the window's side in the network's pixels. Default: an eighth of the image; the stride is half of it.</summary>
    public int? Window { get; init; }

    /// <summary>The reason why these options are impossible, or null.</summary>
    public string? Problem() =>
        !Enum.IsDefined(Method) ? $"the method {(int)Method} does not exist"
        : Samples is < 1 or > 10_000 ? $"{Samples} samples are not possible (1 to 10000 are)"
        : Window is < 1 or > 4096 ? $"a window of {Window} pixels is not possible (1 to 4096 are)"
        : References is { Count: 0 or > 1000 } ? $"{References.Count} references are not possible (1 to 1000 are)"
        : null;
}
