namespace Fovea.Training.Metrics;

/// <summary>A yes/no decision that follows from the class: the clinical questions behind a grade.</summary>
/// <param name="Key">Its name in reports for machines.</param>
/// <param name="Title">Its name for people.</param>
/// <param name="Positive">Classes that mean yes.</param>
/// <param name="Threshold">Where they are all from a grade on, that grade.</param>
public sealed record Decision(string Key, string Title, IReadOnlyList<int> Positive, int? Threshold = null)
{
    /// <summary>Sensitivities at which the specificity is reported.</summary>
    public static IReadOnlyList<double> Sensitivities { get; } = [0.90, 0.95];

    /// <summary>What is asked of the five grades of diabetic retinopathy: any, referable, vision-threatening.</summary>
    public static IReadOnlyList<Decision> OfGrades { get; } =
    [
        new("anyRetinopathy", "any retinopathy (grade 1 or more)", [1, 2, 3, 4], 1),
        new("referable", "referable (grade 2 or more)", [2, 3, 4], 2),
        new("visionThreatening", "vision-threatening (3 or more)", [3, 4], 3),
    ];

    /// <summary>Whether something has to be done within days.</summary>
    public static Decision Urgent(IReadOnlyList<int> classes) => new("urgent", "urgent", [.. classes.Distinct().Order()]);

    /// <summary>
    /// Urgent classes by their names: choroidal neovascularisation and diabetic macular oedema, as in Kermany et al. 2018, where they are referred at once. Null where the names do not speak of OCT.
    /// </summary>
    public static Decision? UrgentByName(IReadOnlyList<string> classNames)
    {
        int[] urgent = [.. Enumerable.Range(0, classNames.Count).Where(c => classNames[c].ToUpperInvariant() is "CNV" or "DME" or "CHOROIDAL NEOVASCULARIZATION" or "DIABETIC MACULAR EDEMA")];
        return urgent.Length > 0 && urgent.Length < classNames.Count ? Urgent(urgent) : null;
    }

    public bool IsPositive(int c) => Positive.Contains(c);
}
