namespace Fovea.Training.MadeUp;

/// <summary>
/// The places and colours of one healthy eye. Proportions of a 45–50° photograph: the optic disc is about 0.27 of the field's radius wide, the fovea lies
/// 2.4–2.7 disc diameters temporal of it and a little below (measured on IDRiD: disc 115 px of an 814 px field).
/// </summary>
internal sealed record RetinaAnatomy(
    Vector2D Disc, double DiscRadiusX, double DiscRadiusY, Vector2D Cup, double CupRadiusX, double CupRadiusY, Vector2D Fovea,
    Colour3 Fundus, double Choroid, double Pigment, double Tortuosity)
{
    /// <summary>Disc diameter: the field's own measure of lengths on the retina.</summary>
    public double DiscDiameter => DiscRadiusX + DiscRadiusY;

    // Median colours of the posterior pole of IDRiD photographs, from bright orange to dark red, tan and pink.
    private static readonly Colour3[] Palettes =
    [
        new(185, 88, 20), new(205, 96, 22), new(140, 47, 10), new(186, 112, 66), new(165, 92, 42), new(176, 72, 8), new(172, 84, 58), new(196, 84, 30),
    ];

    public static RetinaAnatomy Draw(SeededRandom patient, SeededRandom eye)
    {
        Colour3 first = Palettes[patient.NextInt(Palettes.Length)], second = Palettes[patient.NextInt(Palettes.Length)];
        Colour3 fundus = Colour3.Mix(first, second, patient.NextDouble(0, 0.6)) * patient.NextDouble(0.92, 1.06);
        double choroid = patient.Chance(0.35) ? patient.NextDouble(0.35, 1) : patient.NextDouble(0.05, 0.3);
        double pigment = patient.NextDouble(0.6, 1.2);
        double tortuosity = patient.NextDouble(0.5, 1.5);
        double radius = patient.NextDouble(0.125, 0.145);
        double cupRatio = patient.NextDouble(0.3, 0.6);

        var fovea = new Vector2D(-0.10 + 0.05 * eye.Bell(), 0.03 + 0.04 * eye.Bell());
        var disc = fovea + new Vector2D(radius * 2 * eye.NextDouble(2.4, 2.7), -eye.NextDouble(0.04, 0.13));
        double rx = radius * eye.NextDouble(0.92, 1), ry = radius * eye.NextDouble(1, 1.08);
        var cup = disc + new Vector2D(-0.15 * rx * eye.NextDouble(), ry * eye.NextDouble(-0.1, 0.1));
        return new RetinaAnatomy(disc, rx, ry, cup, rx * cupRatio, ry * cupRatio * eye.NextDouble(1, 1.1), fovea, fundus, choroid, pigment, tortuosity);
    }

    /// <summary>Distance from the disc's centre in disc radii: below 1 on the disc.</summary>
    public double DiscDistance(Vector2D p)
    {
        double x = (p.X - Disc.X) / DiscRadiusX, y = (p.Y - Disc.Y) / DiscRadiusY;
        return Math.Sqrt(x * x + y * y);
    }

    public Quadrant QuadrantOf(Vector2D p) => (p.Y < Fovea.Y, p.X > Fovea.X) switch
    {
        (true, true) => Quadrant.SuperiorNasal,
        (true, false) => Quadrant.SuperiorTemporal,
        (false, true) => Quadrant.InferiorNasal,
        (false, false) => Quadrant.InferiorTemporal,
    };

    /// <summary>The direction of the nerve fibres, along which flame haemorrhages and cotton-wool spots lie: out of the disc, arching round the fovea.</summary>
    public Vector2D FibreDirection(Vector2D p)
    {
        Vector2D outward = (p - Disc).Unit, aroundFovea = (p - Fovea).Unit.Normal;
        if (aroundFovea.Dot(outward) < 0) aroundFovea *= -1;
        double near = PortableMath.Exp(-Square(p.DistanceTo(Fovea) / 0.6));
        return (outward * (1 - 0.7 * near) + aroundFovea * (0.7 * near)).Unit;
    }

    private static double Square(double x) => x * x;
}

/// <summary>Red, green, blue, 0 … 255 but not yet clipped.</summary>
internal readonly record struct Colour3(double R, double G, double B)
{
    public static Colour3 Mix(Colour3 a, Colour3 b, double share) => a * (1 - share) + b * share;
    public static Colour3 operator *(Colour3 c, double k) => new(c.R * k, c.G * k, c.B * k);
    public static Colour3 operator +(Colour3 a, Colour3 b) => new(a.R + b.R, a.G + b.G, a.B + b.B);
}
