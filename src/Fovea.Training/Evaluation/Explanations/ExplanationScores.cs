namespace Fovea.Training.Evaluation.Explanations;

/// <summary>A share with its 95 % interval after Wilson 1927.</summary>
public sealed record Share(int Count, int Of, double Value, double Low, double High)
{
    private const double Z = 1.959964;

    public static Share From(int count, int of)
    {
        if (of == 0) return new Share(count, of, double.NaN, double.NaN, double.NaN);
        double p = (double)count / of, z2 = Z * Z / of, centre = (p + z2 / 2) / (1 + z2), half = Z / (1 + z2) * Math.Sqrt(p * (1 - p) / of + z2 / (4 * of));
        return new Share(count, of, p, Math.Max(0, centre - half), Math.Min(1, centre + half));
    }
}

/// <summary>How often a map's highest point lies on a lesion (the pointing game; Zhang et al. 2016, arXiv 1608.00507), and how often it would without the map.</summary>
/// <param name="Hits">A flat map is a miss.</param>
/// <param name="Chance">A point drawn from the field of view: the mean share of it within the tolerance of a lesion.</param>
/// <param name="Centre">The field of view's centre instead of the map's highest point.</param>
/// <param name="OtherImages">The highest point of another image's map: what knowing where lesions usually are is worth.</param>
public sealed record PointingGame(Share Hits, double Chance, double Centre, double OtherImages);

/// <summary>The share of a map's sum over the field of view that lies on lesions, without a tolerance; means over the images.</summary>
/// <param name="Chance">An even map: the share of the field that lesions cover.</param>
/// <param name="OtherImages">Another image's map.</param>
public sealed record MapEnergy(double Mean, double Chance, double OtherImages);

/// <summary>Mean areas under the curves of <see cref="PerturbationCurve"/>.</summary>
public sealed record MeanCurves(int Images, double Deletion, double Insertion, double RandomDeletion, double RandomInsertion, IReadOnlyList<double> DeletionCurve, IReadOnlyList<double> InsertionCurve);

/// <summary>What is left of the maps after the weights of the head and of more and more stages were drawn anew (Adebayo et al. 2018, arXiv 1810.03292). A map that stays does not explain the model.</summary>
/// <param name="Randomised">Head first, then stages from the deepest on.</param>
/// <param name="RankCorrelation">Spearman's, of the cells with those of the trained model's map; the mean over images and seeds. A flat map counts as 0.</param>
/// <param name="Pointing">Hits of the pointing game, over images and seeds.</param>
/// <param name="Energy">Mean share of the energy on lesions.</param>
/// <param name="Flat">Maps that are flat.</param>
public sealed record RandomisedStage(IReadOnlyList<string> Randomised, double RankCorrelation, Share Pointing, double Energy, int Flat);

/// <param name="Explained">The grade that was explained: the model's, but 1 where it said 0.</param>
public sealed record ImageScore(string Image, int Predicted, int Explained, bool Flat, bool Hit, double Chance, double Energy, double EnergyChance);

/// <summary>Maps against marked lesions.</summary>
/// <param name="Images">With at least one lesion in the field of view.</param>
/// <param name="Tolerance">Share of the field of view's diameter within which a point counts as on a lesion.</param>
/// <param name="Missed">Images that the model calls healthy; they are explained for grade 1 and counted with the others.</param>
public sealed record ExplanationScores(
    string Model, string Data, string Method, string? Layer, int Images, double Tolerance, int Flat, int Missed, PointingGame Pointing, PointingGame PointingOfFound, MapEnergy Energy,
    MeanCurves? Curves, int Seeds, IReadOnlyList<RandomisedStage> Randomisation, IReadOnlyList<ImageScore> PerImage);
