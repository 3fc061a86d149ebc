namespace Fovea.Training.MadeUp;

/// <summary>One vessel: its centre line from the disc outwards, and its radius at each point, both in field radii.</summary>
internal sealed record Vessel(bool IsArtery, int Order, Vector2D[] Path, double[] Radii);

/// <summary>
/// Grows the retinal vessels: an artery and a vein along each of the four arcades, side branches that fork and taper, fine vessels towards the macula that
/// stop before the foveal avascular zone.
/// </summary>
internal sealed class VesselTree
{
    private const double Step = 0.014;          // field radii between points of a path
    private const double AvascularRadius = 0.10; // about 0.4 disc diameters
    private const double Edge = 1.05;           // growth ends beyond the field

    private readonly RetinaAnatomy anatomy;
    private readonly SeededRandom random;
    private readonly List<Vessel> vessels = [];

    private VesselTree(RetinaAnatomy anatomy, SeededRandom random)
    {
        this.anatomy = anatomy;
        this.random = random;
    }

    public static List<Vessel> Grow(RetinaAnatomy anatomy, SeededRandom random)
    {
        var tree = new VesselTree(anatomy, random);
        double vein = anatomy.DiscDiameter * random.NextDouble(0.053, 0.064), artery = vein * random.NextDouble(0.62, 0.75);
        foreach (bool isArtery in (ReadOnlySpan<bool>)[false, true])
        {
            foreach (int vertical in (ReadOnlySpan<int>)[-1, 1])
            {
                double radius = (isArtery ? artery : vein) * random.NextDouble(0.9, 1.1);
                tree.TemporalArcade(isArtery, vertical, radius);
                tree.NasalArcade(isArtery, vertical, radius * 0.75);
                tree.MacularTwig(isArtery, vertical, radius * random.NextDouble(0.26, 0.36));
            }
        }
        return tree.vessels;
    }

    // An arcade leaves the disc vertically, bends over the macula at about two disc diameters and falls back towards the temporal horizon.
    private void TemporalArcade(bool isArtery, int vertical, double radius)
    {
        double inner = isArtery ? -0.035 : 0.02, span = anatomy.Disc.X - anatomy.Fovea.X;
        double height = random.NextDouble(0.47, 0.60) + inner;
        Vector2D At(double temporal, double up, double jitter) =>
            new(anatomy.Disc.X - temporal + jitter * random.Bell(), anatomy.Disc.Y + vertical * (up + jitter * random.Bell()));
        Vector2D[] controls =
        [
            At(isArtery ? 0.01 : -0.01, 0.02, 0.008),
            At(-0.03 - inner, 0.20, 0.02),
            At(span * 0.30, height * 0.80, 0.03),
            At(span * 0.75, height, 0.03),
            At(span * 1.25, height * random.NextDouble(0.92, 1.12), 0.035),
            At(span * 1.80, height * random.NextDouble(0.75, 1.2), 0.05),
            At(span * 2.40, height * random.NextDouble(0.5, 1.3), 0.06),
        ];
        AddTrunk(isArtery, controls, radius, wave: 0.016);
    }

    private void NasalArcade(bool isArtery, int vertical, double radius)
    {
        double steep = random.NextDouble(0.7, 1.4);
        Vector2D At(double nasal, double up) =>
            new(anatomy.Disc.X + nasal + 0.015 * random.Bell(), anatomy.Disc.Y + vertical * (up + 0.015 * random.Bell()));
        double lean = isArtery ? 0.05 : 0;
        AddTrunk(isArtery, [At(0.01, 0.02), At(0.08 + lean, 0.16 * steep), At(0.22 + lean, 0.38 * steep), At(0.40, 0.65 * steep), At(0.6, 1.0 * steep)], radius, 0.012);
    }

    private void MacularTwig(bool isArtery, int vertical, double radius)
    {
        var start = anatomy.Disc + new Vector2D(-0.05 * anatomy.DiscRadiusX, vertical * random.NextDouble(0.1, 0.35) * anatomy.DiscRadiusY);
        var heading = new Vector2D(-1, vertical * random.NextDouble(0.15, 0.6)).Unit;
        Walk(isArtery, start, heading, radius, random.NextDouble(0.4, 0.62), inward: true, order: 2);
    }

    private void AddTrunk(bool isArtery, Vector2D[] controls, double radius, double wave)
    {
        uint seed = random.NoiseSeed();
        double amplitude = wave * anatomy.Tortuosity * (isArtery ? 0.8 : 1.1);
        var path = new List<Vector2D>();
        double travelled = 0;
        for (int i = 0; i + 1 < controls.Length; i++)
        {
            Vector2D p0 = controls[Math.Max(i - 1, 0)], p1 = controls[i], p2 = controls[i + 1], p3 = controls[Math.Min(i + 2, controls.Length - 1)];
            int steps = Math.Max(2, (int)Math.Ceiling(p1.DistanceTo(p2) / Step));
            for (int k = 0; k < steps; k++)
            {
                double t = (double)k / steps;
                Vector2D p = CatmullRom(p0, p1, p2, p3, t), q = CatmullRom(p0, p1, p2, p3, t + 0.02);
                double grown = Math.Min(1, travelled / 0.15);
                double swing = (ValueNoise.At(seed, travelled * 9, 0) - 0.5) * 2 + (ValueNoise.At(seed + 1, travelled * 22, 0) - 0.5) * 0.7;
                path.Add(p + (q - p).Unit.Normal * (swing * amplitude * grown));
                travelled += p1.DistanceTo(p2) / steps;
            }
        }
        path.RemoveAll(p => p.Length > 1.6);
        double[] radii = new double[path.Count];
        for (int i = 0; i < radii.Length; i++) radii[i] = radius * (1 - 0.6 * Math.Min(1, i * Step / 1.6));
        Add(isArtery, 0, path, radii);

        // Side branches, alternately outwards and towards the macula.
        int side = random.Chance(0.5) ? 1 : -1;
        for (double s = random.NextDouble(0.22, 0.34); s < 1.7; s += random.NextDouble(0.12, 0.26), side = -side)
        {
            int i = (int)(s / Step);
            if (i + 2 >= path.Count) break;
            Vector2D along = (path[i + 1] - path[i - 1]).Unit;
            Vector2D heading = along.Turned(side * random.NextDouble(0.5, 1.0));
            bool inward = heading.Dot(anatomy.Fovea - path[i]) > 0 && path[i].X < anatomy.Disc.X - anatomy.DiscRadiusX;
            double share = random.Chance(0.25) ? random.NextDouble(0.55, 0.7) : random.NextDouble(0.28, 0.48);
            Walk(isArtery, path[i], heading, radii[i] * share, inward ? random.NextDouble(0.28, 0.55) : random.NextDouble(0.35, 0.9), inward, order: 1);
        }
    }

    // A random walk whose turning is itself smoothly random: twigs wind but do not zigzag.
    private void Walk(bool isArtery, Vector2D start, Vector2D heading, double radius, double length, bool inward, int order)
    {
        int steps = (int)(length / Step);
        var path = new List<Vector2D>(steps) { start };
        Vector2D p = start;
        Vector2D course = heading; // what it tends back to, so that it winds without curling up
        double turn = 0, nextFork = random.NextDouble(0.10, 0.26);
        int side = random.Chance(0.5) ? 1 : -1;
        for (int i = 1; i <= steps; i++)
        {
            turn = turn * 0.84 + 0.042 * anatomy.Tortuosity * random.Bell();
            Vector2D toFovea = anatomy.Fovea - p;
            Vector2D pull = inward ? toFovea.Unit * 0.03 : (toFovea.Unit * -1 + (p - anatomy.Disc).Unit) * 0.02;
            course = (course + pull).Unit;
            heading = (heading + heading.Normal * turn + pull + course * 0.07).Unit;
            p += heading * Step;
            if (p.Length > Edge || p.DistanceTo(anatomy.Fovea) < AvascularRadius || (inward && toFovea.Length < 0.2 && i > 6 && random.Chance(0.12))) break;
            path.Add(p);
            if (order < 3 && i * Step > nextFork && radius > 0.0022)
            {
                nextFork += random.NextDouble(0.13, 0.30);
                side = -side;
                Walk(isArtery, p, heading.Turned(side * random.NextDouble(0.4, 0.8)), radius * random.NextDouble(0.5, 0.72), (length - i * Step) * random.NextDouble(0.5, 0.9),
                    inward, order + 1);
            }
        }
        if (path.Count < 4) return;
        double[] radii = new double[path.Count];
        for (int i = 0; i < radii.Length; i++) radii[i] = Math.Max(0.0014, radius * (1 - 0.65 * i / Math.Max(1, steps)));
        Add(isArtery, order, path, radii);
    }

    private void Add(bool isArtery, int order, List<Vector2D> path, double[] radii) => vessels.Add(new Vessel(isArtery, order, [.. path], radii));

    private static Vector2D CatmullRom(Vector2D p0, Vector2D p1, Vector2D p2, Vector2D p3, double t) =>
        0.5 * (2 * p1 + (p2 - p0) * t + (2 * p0 - 5 * p1 + 4 * p2 - p3) * (t * t) + (3 * p1 - p0 - 3 * p2 + p3) * (t * t * t));
}
