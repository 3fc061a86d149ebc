using Fovea.Detection;
using Fovea.Detection.Grading;
using Fovea.Imaging;

namespace Fovea.Reporting;

/// <summary>The grade that lesions speak for, beside the grader's.</summary>
/// <param name="Grade">By <see cref="IcdrRule"/>, 0–4.</param>
/// <param name="Reason">In words.</param>
/// <param name="Referable">Grade 2 or more, or hard exudates near the macula.</param>
/// <param name="MaculaThreatened">Hard exudates within a disc diameter of the macula, taken to lie at the field's centre.</param>
/// <param name="Disagrees">One would refer and the other not, or the grades differ by two or more: somebody should look.</param>
/// <param name="Lesions">Counts by kind, of every kind that the detector looks for.</param>
/// <param name="Model">The detector's file.</param>
public sealed record SecondOpinion(int Grade, string Reason, bool Referable, bool MaculaThreatened, bool Disagrees, IReadOnlyDictionary<string, int> Lesions, string Model)
{
    /// <param name="photograph">Upright, RGB.</param>
    /// <param name="grade">The grader's.</param>
    /// <param name="referable">The grader's.</param>
    public static SecondOpinion Of(string name, Image photograph, LesionDetector detector, int grade, bool referable, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(detector);
        var report = LesionReport.Of(name, photograph, detector, detector.Detect(photograph, cancel: cancel));
        var features = report.Features([.. detector.Card.Labels.Select(LesionKinds.Named).OfType<LesionKind>()]);
        var own = IcdrRule.Grade(features);
        return new SecondOpinion(own.Grade, own.Reason, own.Referable, own.MaculaThreatened, Differ(grade, referable, own), features.Kinds.ToDictionary(k => k.Key.Name(), k => k.Value.Count), Path.GetFileName(detector.Name));
    }

    internal static bool Differ(int grade, bool referable, LesionGrade own) => referable != own.Referable || Math.Abs(grade - own.Grade) >= 2;

    /// <summary>The end of a report's line.</summary>
    internal string Words() => $"; lesions speak for grade {Grade} ({Reason}){(MaculaThreatened ? ", near the macula" : "")}{(Disagrees ? ": the two DISAGREE" : "")}";
}
