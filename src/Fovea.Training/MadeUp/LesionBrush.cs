namespace Fovea.Training.MadeUp;

/// <summary>
/// Paints one lesion of each kind. Sizes in disc diameters (DD), after the standard photographs: microaneurysms up to 1/10 DD (a real one is at most 1/12;
/// a little larger here, so that grade 1 can be seen in a small picture), dot and blot haemorrhages to 1/3 DD, flames to 2/3 DD, cotton-wool spots 1/4–1/2 DD.
/// </summary>
internal sealed class LesionBrush(RetinaCanvas canvas, RetinaAnatomy anatomy, SeededRandom random)
{
    private readonly List<PaintedLesion> painted = [];

    public IReadOnlyList<PaintedLesion> Painted => painted;

    private double DD => anatomy.DiscDiameter;

    public void Microaneurysm(Vector2D p) => Lesion(LesionKind.Microaneurysm, p, () =>
    {
        double r = DD * random.NextDouble(0.033, 0.052);
        canvas.Blob(canvas.DeepBlood, p, random.Direction(), r, r * random.NextDouble(0.85, 1), random.NextDouble(0.75, 0.95), 0.5, 0.1, random.NoiseSeed());
    });

    public void Haemorrhage(Vector2D p)
    {
        if (random.Chance(0.3)) Flame(p);
        else Blot(p);
    }

    private void Blot(Vector2D p) => Lesion(LesionKind.Haemorrhage, p, () =>
    {
        double r = DD * (random.Chance(0.65) ? random.NextDouble(0.06, 0.09) : random.NextDouble(0.09, 0.16));
        canvas.Blob(canvas.DeepBlood, p, random.Direction(), r, r * random.NextDouble(0.6, 1), random.NextDouble(0.65, 1), 0.8, 0.4, random.NoiseSeed());
    });

    private void Flame(Vector2D p) => Lesion(LesionKind.Haemorrhage, p, () =>
    {
        Vector2D along = anatomy.FibreDirection(p);
        double length = DD * random.NextDouble(0.12, 0.30), width = length * random.NextDouble(0.16, 0.32);
        double amount = random.NextDouble(0.55, 0.85);
        canvas.Blob(canvas.SurfaceBlood, p, along, length, width, amount, 1, 0.5, random.NoiseSeed());
        for (int i = random.Between(4, 7); i > 0; i--) // the brush-like ends
        {
            Vector2D q = p + along * (length * random.NextDouble(-0.7, 0.7)) + along.Normal * (width * random.NextDouble(-0.8, 0.8));
            canvas.Blob(canvas.SurfaceBlood, q, along, length * random.NextDouble(0.4, 0.7), width * random.NextDouble(0.12, 0.28), amount, 0.8, 0.2, random.NoiseSeed());
        }
    });

    /// <summary>Hard exudates come in clusters, sometimes as a ring round leaking microaneurysms.</summary>
    public void ExudateCluster(Vector2D centre, int count, double spread)
    {
        bool ring = random.Chance(0.3);
        double radius = DD * spread;
        for (int i = 0; i < count; i++)
        {
            Vector2D offset = random.Direction() * (ring ? radius * random.NextDouble(0.8, 1.1) : radius * Math.Abs(random.Bell()) * 0.8);
            Vector2D p = centre + offset;
            if (!canvas.Shows(p, 0.03) || anatomy.DiscDistance(p) < 1.25) continue;
            double r = DD * (random.Chance(0.2) ? random.NextDouble(0.05, 0.095) : random.NextDouble(0.02, 0.05));
            Lesion(LesionKind.HardExudate, p, () =>
                canvas.Blob(canvas.Exudate, p, random.Direction(), r, r * random.NextDouble(0.5, 1), random.NextDouble(0.6, 1), 0.5, 0.7, random.NoiseSeed()));
        }
    }

    public void CottonWoolSpot(Vector2D p) => Lesion(LesionKind.SoftExudate, p, () =>
    {
        double r = DD * random.NextDouble(0.13, 0.24);
        Vector2D across = anatomy.FibreDirection(p).Normal;
        canvas.Blob(canvas.Cotton, p, across, r, r * random.NextDouble(0.5, 0.8), random.NextDouble(0.5, 0.85), 1.3, 0.5, random.NoiseSeed());
    });

    /// <summary>Sausage-like swellings along a vein; widens its path's radii from index <paramref name="from"/> to <paramref name="to"/>.</summary>
    public void VenousBeading(Vessel vein, int from, int to)
    {
        double period = random.NextDouble(3.4, 4.6);
        for (int i = from; i <= to; i++) vein.Radii[i] *= 1.05 + 0.5 * PortableMath.Sin(2 * Math.PI * (i - from) / period);
        Vector2D middle = vein.Path[(from + to) / 2];
        Lesion(LesionKind.VenousBeading, middle, () =>
        {
            for (int i = from; i < to; i++) canvas.Stroke(canvas.Veins, vein.Path[i], vein.Path[i + 1], vein.Radii[i], vein.Radii[i + 1], 1);
        });
    }

    /// <summary>A tangle of fine, sharply winding vessels within the retina.</summary>
    public void Irma(Vector2D p) => Lesion(LesionKind.Irma, p, () =>
    {
        Vector2D heading = random.Direction();
        for (int i = random.Between(3, 5); i > 0; i--)
            Strand(canvas.DeepBlood, p, heading.Turned(random.NextDouble(-0.8, 0.8)), DD * random.NextDouble(0.3, 0.6), DD * 0.012, 0.5, 0.75);
    });

    /// <summary>New vessels: a fan of fine loops that grow over the retina's surface, or over the disc.</summary>
    public void NewVessels(Vector2D root, double reach)
    {
        Lesion(LesionKind.NewVessels, root, () =>
        {
            Vector2D heading = random.Direction();
            bool allRound = anatomy.DiscDistance(root) < 1;
            int strands = random.Between(9, 15);
            for (int i = 0; i < strands; i++)
            {
                Vector2D start = root + random.Direction() * (reach * 0.12 * random.NextDouble());
                Vector2D way = allRound ? random.Direction() : heading.Turned(random.NextDouble(-1.3, 1.3));
                Strand(canvas.SurfaceBlood, start, way, reach * random.NextDouble(0.55, 1.1), DD * random.NextDouble(0.015, 0.027), 0.32, 0.85);
            }
        });
    }

    /// <summary>Blood between retina and vitreous: it settles, with a level top, like a boat.</summary>
    public void PreretinalHaemorrhage(Vector2D p, double width) => Lesion(LesionKind.PreretinalHaemorrhage, p, () =>
    {
        (_, double y) = canvas.ToPixel(p);
        double height = width * random.NextDouble(0.55, 0.85);
        canvas.Blob(canvas.SurfaceBlood, p, new Vector2D(1, 0), width, height, 1.3, 0.25, 0.3, random.NoiseSeed(), above: y - height * canvas.Radius * random.NextDouble(0.05, 0.3));
    });

    /// <summary>Blood in the vitreous: a cloud that dims and reddens what is behind it, with denser clots.</summary>
    public void VitreousHaemorrhage(Vector2D p, double radius, double density) => Lesion(LesionKind.VitreousHaemorrhage, p, () =>
    {
        uint seed = random.NoiseSeed();
        for (int y = 0; y < canvas.Height; y++)
        {
            for (int x = 0; x < canvas.Width; x++)
            {
                Vector2D q = canvas.ToRetina(x, y);
                double d = q.DistanceTo(p) / radius;
                if (d > 2 || q.Length > 1) continue;
                double cloud = ValueNoise.Fractal(seed, q.X * 3.2 + 9, q.Y * 3.2 + 9, 4);
                double value = density * PortableMath.SmoothStep(1.35 - d) * PortableMath.SmoothStep((cloud - 0.28) / 0.4);
                canvas.Put(canvas.Haze, x, y, value, density);
            }
        }
    });

    private void Strand(float[] layer, Vector2D p, Vector2D heading, double length, double radius, double winding, double amount)
    {
        double step = Math.Max(0.008, 1.2 / canvas.Radius), turn = 0;
        int steps = Math.Max(3, (int)(length / step));
        for (int i = 0; i < steps; i++)
        {
            turn = turn * 0.7 + winding * Math.Sqrt(step / 0.014) * random.Bell();
            heading = (heading + heading.Normal * turn).Unit;
            Vector2D next = p + heading * step;
            canvas.Stroke(layer, p, next, radius * (1 - 0.5 * i / steps), radius * (1 - 0.5 * (i + 1) / steps), amount);
            p = next;
        }
    }

    private void Lesion(LesionKind kind, Vector2D at, Action paint)
    {
        canvas.BeginLesion(kind);
        paint();
        if (canvas.EndLesion() is var (box, area)) painted.Add(new PaintedLesion(kind, anatomy.QuadrantOf(at), box, area));
    }
}
