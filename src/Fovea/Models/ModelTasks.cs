namespace Fovea.Models;

/// <summary>What a model can decide: values of <see cref="ModelCard.Task"/>.</summary>
public static class ModelTasks
{
    /// <summary>The grade of diabetic retinopathy, or any other classes of the user's own.</summary>
    public const string Grade = "dr-grade";

    /// <summary>Risk of diabetic macular oedema, 0–2 on IDRiD's scale (Porwal et al. 2018): no hard exudates; away from the macula; within a disc diameter of its centre.</summary>
    public const string DmeRisk = "dme-risk";

    /// <summary>Whether a photograph can be graded, and what is wrong with it.</summary>
    public const string Quality = "photograph-quality";

    /// <summary>What an OCT scan shows: the classes of Kermany et al. 2018.</summary>
    public const string OctClass = "oct-class";
}
