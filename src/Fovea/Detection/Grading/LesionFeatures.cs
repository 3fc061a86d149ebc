using Fovea.Preprocessing;

namespace Fovea.Detection.Grading;

/// <summary>The retina's places in a photograph. Pixels, x right, y down.</summary>
/// <param name="MaculaX">The macula's centre.</param>
/// <param name="MaculaY">The macula's centre.</param>
/// <param name="Radius">Of the field of view.</param>
public sealed record RetinaPlaces(double MaculaX, double MaculaY, double Radius)
{
    /// <summary>
    /// A disc diameter as a share of the field's radius: about 1/5.5 in photographs of 45 to 50 degrees, where a disc spans 7 to 8 degrees. For photographs whose disc nobody marked.
    /// </summary>
    public const double DiscShare = 0.36;

    public double DiscDiameter => DiscShare * Radius;

    /// <summary>Of a photograph centred on the macula, as screening takes them: the field's centre stands for it.</summary>
    public static RetinaPlaces Of(FieldOfView field) => new(field.CentreX + 0.5, field.CentreY + 0.5, field.Radius);
}

/// <summary>What is counted of one kind of lesion.</summary>
/// <param name="Count">How many.</param>
/// <param name="Area">Sum of the boxes' areas, as a share of the field's.</param>
/// <param name="Quadrants">Counts in the four quadrants around the macula: above left, above right, below left, below right.</param>
/// <param name="NearestToMacula">Least distance of a box's nearest point from the macula, in disc diameters; null without one.</param>
public sealed record KindFeatures(int Count, double Area, IReadOnlyList<int> Quadrants, double? NearestToMacula);

/// <summary>Lesions of an eye as numbers that a grade can be made of.</summary>
/// <param name="Kinds">Every kind that the detector looks for, found or not.</param>
public sealed record LesionFeatures(IReadOnlyDictionary<LesionKind, KindFeatures> Kinds)
{
    /// <summary>Of a kind that is not looked for: none.</summary>
    public KindFeatures this[LesionKind kind] => Kinds.TryGetValue(kind, out var features) ? features : new KindFeatures(0, 0, [0, 0, 0, 0], null);

    public int Count(LesionKind kind) => this[kind].Count;

    /// <param name="lesions">In the pixels of <paramref name="places"/>.</param>
    /// <param name="kinds">Those that were looked for.</param>
    public static LesionFeatures Of(IReadOnlyList<(LesionKind Kind, Box Bounds)> lesions, IReadOnlyList<LesionKind> kinds, RetinaPlaces places)
    {
        ArgumentNullException.ThrowIfNull(lesions);
        ArgumentNullException.ThrowIfNull(places);
        var field = Math.PI * places.Radius * places.Radius;
        return new LesionFeatures(kinds.ToDictionary(kind => kind, kind =>
        {
            Box[] boxes = [.. lesions.Where(l => l.Kind == kind).Select(l => l.Bounds)];
            var quadrants = new int[4];
            foreach (var box in boxes)
            {
                var (x, y) = box.Centre;
                quadrants[(y >= places.MaculaY ? 2 : 0) + (x >= places.MaculaX ? 1 : 0)]++;
            }
            return new KindFeatures(boxes.Length, boxes.Sum(b => (double)b.Area) / field, quadrants, boxes.Length == 0 ? null : boxes.Min(b => Distance(b, places)) / places.DiscDiameter);
        }));
    }

    private static double Distance(in Box box, RetinaPlaces places)
    {
        var dx = Math.Max(0, Math.Max(box.Left - places.MaculaX, places.MaculaX - box.Right));
        var dy = Math.Max(0, Math.Max(box.Top - places.MaculaY, places.MaculaY - box.Bottom));
        return Math.Sqrt(dx * dx + dy * dy);
    }
}
