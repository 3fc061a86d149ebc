namespace Fovea.Explanation;

/// <summary>How a network is asked where it saw what spoke for a grade.</summary>
public enum ExplanationMethod
{
    /// <summary>See <see cref="Explanation.GradCam"/>: the default, at little more than the cost of grading.</summary>
    GradCam,

    /// <summary>See <see cref="Explanation.GradCamPlusPlus"/>.</summary>
    GradCamPlusPlus,

    /// <summary>See <see cref="Explanation.LayerCam"/>: for shallow layers, whose grid is fine.</summary>
    LayerCam,

    /// <summary>See <see cref="Explanation.IntegratedGradients"/>.</summary>
    IntegratedGradients,

    /// <summary>See <see cref="Explanation.SmoothGrad"/>.</summary>
    SmoothGrad,

    /// <summary>See <see cref="Explanation.Occlusion"/>: needs no gradient, but hundreds of forward passes.</summary>
    Occlusion,

    /// <summary>See <see cref="Explanation.GradientShap"/>.</summary>
    GradientShap,
}

/// <summary>What there is to say of the methods.</summary>
public static class ExplanationMethods
{
    /// <summary>In the enumeration's order.</summary>
    private static readonly (string Name, string Title)[] Texts =
    [
        ("grad-cam", "Grad-CAM"), ("grad-cam++", "Grad-CAM++"), ("layer-cam", "LayerCAM"), ("integrated-gradients", "integrated gradients"), ("smooth-grad", "SmoothGrad"),
        ("occlusion", "occlusion"), ("gradient-shap", "gradient SHAP"),
    ];

    /// <summary>The names that <see cref="Named"/> knows, in the enumeration's order.</summary>
    public static IReadOnlyList<string> Names => [.. Texts.Select(t => t.Name)];

    /// <summary>As commands and files call it: <c>grad-cam</c>.</summary>
    public static string Name(this ExplanationMethod method) => Texts[(int)method].Name;

    /// <summary>As people call it: Grad-CAM.</summary>
    public static string Title(this ExplanationMethod method) => Texts[(int)method].Title;

    /// <summary>The method of a name; null where it names none. Case, hyphens and spaces do not count.</summary>
    public static ExplanationMethod? Named(string name)
    {
        static string Plain(string text) => text.ToLowerInvariant().Replace("-", "", StringComparison.Ordinal).Replace(" ", "", StringComparison.Ordinal);
        var index = Array.FindIndex(Texts, t => Plain(t.Name) == Plain(name));
        return index < 0 ? null : (ExplanationMethod)index;
    }

    /// <summary>Whether it looks at one layer, on whose grid the map then is; the others look at the input's pixels.</summary>
    public static bool LooksAtLayer(this ExplanationMethod method) => method is ExplanationMethod.GradCam or ExplanationMethod.GradCamPlusPlus or ExplanationMethod.LayerCam;
}
