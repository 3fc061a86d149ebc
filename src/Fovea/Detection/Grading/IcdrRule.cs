namespace Fovea.Detection.Grading;

/// <summary>A grade that lesions alone speak for.</summary>
/// <param name="Grade">International Clinical Diabetic Retinopathy grade, 0–4.</param>
/// <param name="Reason">In words.</param>
/// <param name="MaculaThreatened">Hard exudates within a disc diameter of the macula's centre: a sign of macular oedema, whatever the grade.</param>
public sealed record LesionGrade(int Grade, string Reason, bool MaculaThreatened)
{
    /// <summary>Grade 2 or more, or a threatened macula.</summary>
    public bool Referable => Grade >= 2 || MaculaThreatened;
}

/// <summary>
/// The International Clinical Diabetic Retinopathy severity scale (Wilkinson et al. 2003, Ophthalmology 110:1677, table 2), with its 4-2-1 rule. What is not looked for counts as absent: a detector of the four
/// common kinds tells 3 and 4 by haemorrhages alone, or not at all.
/// </summary>
public static class IcdrRule
{
    /// <summary>"More than 20 intraretinal haemorrhages in each of four quadrants."</summary>
    public const int ManyHaemorrhages = 20;

    public static LesionGrade Grade(LesionFeatures features)
    {
        ArgumentNullException.ThrowIfNull(features);
        var exudates = features[LesionKind.HardExudate];
        var macula = exudates.NearestToMacula is <= 1;
        LesionGrade Is(int grade, string reason) => new(grade, reason, macula);

        if (features.Count(LesionKind.NewVessels) > 0) return Is(4, "new vessels");
        if (features.Count(LesionKind.PreretinalHaemorrhage) + features.Count(LesionKind.VitreousHaemorrhage) > 0) return Is(4, "preretinal or vitreous haemorrhage");
        if (features[LesionKind.Haemorrhage].Quadrants.All(n => n > ManyHaemorrhages)) return Is(3, "more than 20 haemorrhages in each of four quadrants");
        if (features[LesionKind.VenousBeading].Quadrants.Count(n => n > 0) >= 2) return Is(3, "venous beading in two quadrants or more");
        if (features.Count(LesionKind.Irma) > 0) return Is(3, "intraretinal microvascular abnormalities");
        if (features.Count(LesionKind.Haemorrhage) > 0) return Is(2, "haemorrhages");
        if (exudates.Count > 0) return Is(2, "hard exudates");
        if (features.Count(LesionKind.SoftExudate) > 0) return Is(2, "soft exudates");
        if (features.Count(LesionKind.VenousBeading) > 0) return Is(2, "venous beading in one quadrant");
        return features.Count(LesionKind.Microaneurysm) > 0 ? Is(1, "microaneurysms only") : Is(0, "no lesion found");
    }
}
