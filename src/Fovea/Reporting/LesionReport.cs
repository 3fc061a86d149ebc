using Fovea.Detection;
using Fovea.Detection.Grading;
using Fovea.Imaging;
using Fovea.Preprocessing;

namespace Fovea.Reporting;

/// <summary>A lesion that was found.</summary>
/// <param name="Label">Its kind, e.g. <c>hard_exudate</c>.</param>
/// <param name="Score">The network's confidence, 0–1; not calibrated.</param>
/// <param name="Left">Pixels of the photograph, x right, y down, half-open; likewise the others.</param>
public sealed record FoundLesion(string Label, double Score, double Left, double Top, double Right, double Bottom);

/// <summary>What a detector found in one photograph; what <c>fovea detect --json</c> prints.</summary>
/// <param name="Width">Pixels of the upright photograph.</param>
/// <param name="Height">Pixels of the upright photograph.</param>
/// <param name="Lesions">By falling score.</param>
public sealed record LesionReport(string Image, int Width, int Height, string Model, string WeightsSha256, IReadOnlyList<FoundLesion> Lesions)
{
    /// <summary>Where the macula is taken to lie, the field's centre, and the field's radius; null: unknown.</summary>
    public RetinaPlaces? Places { get; init; }

    /// <summary>So that nobody takes a number for a diagnosis.</summary>
    public string Notice { get; } = GradeReport.ResearchNotice;

    /// <param name="threshold">Least score; null: each label's own, of the model file.</param>
    public static LesionReport Of(string name, Image photograph, LesionDetector detector, IReadOnlyList<DetectedBox> found, double? threshold = null)
    {
        ArgumentNullException.ThrowIfNull(detector);
        var card = detector.Card;
        double Least(string label) => threshold ?? (card.Thresholds.TryGetValue(label, out var own) ? own : card.Detection.ScoreThreshold);
        FoundLesion[] lesions =
        [
            .. found.Select(d => new FoundLesion(card.Labels[d.Label - 1], d.Score, d.Bounds.Left, d.Bounds.Top, d.Bounds.Right, d.Bounds.Bottom)).Where(l => l.Score >= Least(l.Label)),
        ];
        return new LesionReport(name, photograph.Width, photograph.Height, detector.Name, card.WeightsSha256, lesions) { Places = RetinaPlaces.Of(FieldOfView.Find(photograph)) };
    }

    /// <summary>What a grade can be made of: counts, areas and places of the lesions. Labels that name no kind of lesion are passed over.</summary>
    /// <param name="kinds">That were looked for.</param>
    /// <exception cref="InvalidOperationException"><see cref="Places"/> is not known.</exception>
    public LesionFeatures Features(IReadOnlyList<LesionKind> kinds) => LesionFeatures.Of(
        [.. Lesions.Where(l => LesionKinds.Named(l.Label) is not null).Select(l => (LesionKinds.Named(l.Label)!.Value, new Box((float)l.Left, (float)l.Top, (float)l.Right, (float)l.Bottom)))],
        kinds, Places ?? throw new InvalidOperationException("the field of view is not known"));

    /// <summary>One line for people, e.g. <c>photo.jpg: 12 microaneurysm, 3 haemorrhage</c>.</summary>
    public string Line()
    {
        var counts = Lesions.CountBy(l => l.Label).OrderByDescending(c => c.Value).Select(c => $"{c.Value} {c.Key}");
        return $"{Image}: {(Lesions.Count == 0 ? "no lesion found" : string.Join(", ", counts))}";
    }

    /// <summary>The photograph with the boxes in it, a colour a kind, and which is which.</summary>
    public Image Drawing(Image photograph, IReadOnlyList<string> labels)
    {
        ArgumentNullException.ThrowIfNull(photograph);
        var picture = photograph.Clone();
        var unit = Math.Max(1, Math.Max(Width, Height) / 1000);
        foreach (var lesion in Lesions)
            picture.DrawRectangle(lesion.Left - 0.5 - unit, lesion.Top - 0.5 - unit, lesion.Right - 0.5 + unit, lesion.Bottom - 0.5 + unit, ColourOf(lesion.Label, labels), unit);
        var y = 20.0 * unit;
        foreach (var label in labels)
        {
            picture.DrawText($"{label}: {Lesions.Count(l => l.Label == label)}", 10 * unit, y, 10 * unit, ColourOf(label, labels), unit);
            y += 18 * unit;
        }
        return picture;
    }

    private static readonly Colour[] Colours =
        [new(255, 64, 64), new(64, 200, 255), new(255, 230, 60), new(255, 255, 255), new(120, 255, 120), new(255, 140, 0), new(220, 120, 255), new(0, 255, 220), new(180, 180, 180)];

    private static Colour ColourOf(string label, IReadOnlyList<string> labels)
    {
        for (var i = 0; i < labels.Count; i++)
            if (labels[i] == label) return Colours[i % Colours.Length];
        return Colours[^1];
    }
}
