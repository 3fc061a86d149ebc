namespace Fovea.Training.MadeUp;

/// <summary>The slowly varying parts of a fundus: pigment, choroidal vessels shining through, macula, nerve fibres, optic disc. Everything but vessels and lesions.</summary>
internal sealed class FundusBackground
{
    private readonly RetinaAnatomy anatomy;
    private readonly uint mottleSeed, choroidSeed, grainSeed, rimSeed;
    private readonly double maculaDepth, maculaWidth, fovealDot, fovealReflex, sheen, crescent;
    private readonly Colour3 disc, cup;

    public FundusBackground(RetinaAnatomy anatomy, SeededRandom random)
    {
        this.anatomy = anatomy;
        (mottleSeed, choroidSeed, grainSeed, rimSeed) = (random.NoiseSeed(), random.NoiseSeed(), random.NoiseSeed(), random.NoiseSeed());
        maculaDepth = random.NextDouble(0.16, 0.30) * anatomy.Pigment;
        maculaWidth = random.NextDouble(0.22, 0.32);
        fovealDot = random.NextDouble(0.08, 0.2) * anatomy.Pigment;
        fovealReflex = random.Chance(0.4) ? random.NextDouble(0.05, 0.2) : 0;
        sheen = random.NextDouble(0.02, 0.10);
        crescent = random.Chance(0.4) ? random.NextDouble(0.1, 0.35) : 0;
        // Disc against its surround, measured on IDRiD: 1.18, 1.28, 1.52 over the whole disc; the cup is paler than the rim.
        Colour3 f = anatomy.Fundus;
        disc = new Colour3(f.R * 1.22 + 16, f.G * 1.36 + 12, f.B * 1.5 + 10) * random.NextDouble(0.97, 1.05);
        cup = new Colour3(f.R * 1.32 + 24, f.G * 1.85 + 34, f.B * 2.2 + 28);
    }

    /// <summary>Colour at a place of the field, before illumination.</summary>
    public Colour3 At(Vector2D p)
    {
        Colour3 c = anatomy.Fundus;
        double toFovea = p.DistanceTo(anatomy.Fovea), toDisc = anatomy.DiscDistance(p);

        // Pigment: broad patches and fine mottling.
        double patches = ValueNoise.Fractal(mottleSeed, p.X * 2.2 + 50, p.Y * 2.2 + 50, 3) - 0.5;
        double grain = ValueNoise.Fractal(grainSeed, p.X * 26 + 500, p.Y * 26 + 500, 2) - 0.5;
        double light = 1 + 0.22 * patches + 0.07 * grain;
        c = new Colour3(c.R * light, c.G * (light + 0.18 * patches + 0.07 * grain), c.B * (light + 0.1 * patches));

        // Choroidal vessels: bright orange bands between dark ones, hidden under the macula's pigment.
        double shine = anatomy.Choroid * PortableMath.SmoothStep((toFovea - 0.25) / 0.5);
        if (shine > 0.02)
        {
            double bend = ValueNoise.Fractal(choroidSeed, p.X * 3 + 20, p.Y * 3 + 20, 2) * 2.4;
            Vector2D away = p - anatomy.Disc;
            double bands = ValueNoise.At(choroidSeed + 1, away.X * 6 + bend * 2 + 90, away.Y * 9 + bend * 3 + 90);
            double fine = ValueNoise.At(choroidSeed + 2, away.X * 14 + bend * 4 + 90, away.Y * 12 - bend * 3 + 90);
            double ridge = 1 - Math.Abs(2 * bands - 1) * 1.6 - 0.5 * Math.Abs(2 * fine - 1);
            c = new Colour3(c.R * (1 + 0.10 * shine * ridge), c.G * (1 + 0.20 * shine * ridge), c.B * (1 + 0.12 * shine * ridge));
        }

        // Macula: darker, redder; the fovea a deeper dot, sometimes with its reflex.
        double m = maculaDepth * Bell(toFovea / maculaWidth) + fovealDot * Bell(toFovea / 0.065);
        c = new Colour3(c.R * (1 - 0.75 * m), c.G * (1 - 1.05 * m), c.B * (1 - 0.9 * m));
        if (fovealReflex > 0)
        {
            double glint = fovealReflex * Bell(toFovea / 0.018) * 255;
            c += new Colour3(0.5 * glint, 0.45 * glint, 0.25 * glint);
        }

        // Nerve fibres: a pale sheen about the disc, above and below.
        double fibres = sheen * Bell((toDisc - 1.6) / 2.2) * (0.5 + 0.5 * Math.Abs(p.Y - anatomy.Disc.Y) / (p.DistanceTo(anatomy.Disc) + 0.02));
        fibres *= 0.6 + 0.8 * ValueNoise.At(rimSeed, 30 + 14 * (p.Y - anatomy.Disc.Y) / (0.2 + Math.Abs(p.X - anatomy.Disc.X)), toDisc * 0.7);
        c += new Colour3(150, 140, 90) * fibres;

        return toDisc < 1.5 ? WithDisc(c, p, toDisc) : c;
    }

    private Colour3 WithDisc(Colour3 c, Vector2D p, double toDisc)
    {
        double uneven = 0.06 * (ValueNoise.At(rimSeed + 1, p.X * 14 + 70, p.Y * 14 + 70) - 0.5);
        double d = toDisc + uneven;
        if (crescent > 0) // a pale crescent of bare sclera on the temporal side
        {
            double temporal = PortableMath.SmoothStep((anatomy.Disc.X - p.X) / anatomy.DiscRadiusX * 0.8);
            c = Colour3.Mix(c, disc, crescent * temporal * PortableMath.SmoothStep((1.3 - d) / 0.15));
        }
        double cover = PortableMath.SmoothStep((1 - d) / 0.16 + 0.5);
        if (cover <= 0) return c;
        double cx = (p.X - anatomy.Cup.X) / anatomy.CupRadiusX, cy = (p.Y - anatomy.Cup.Y) / anatomy.CupRadiusY;
        double pale = PortableMath.SmoothStep((1.05 - Math.Sqrt(cx * cx + cy * cy)) / 0.75);
        // The nasal rim is thicker and pinker.
        double nasal = 0.10 * Math.Clamp((p.X - anatomy.Disc.X) / anatomy.DiscRadiusX, -0.5, 1);
        var rim = new Colour3(disc.R * (1 - 0.3 * nasal), disc.G * (1 - 1.4 * nasal), disc.B * (1 - nasal));
        double texture = 1 + 0.05 * (ValueNoise.At(rimSeed + 2, p.X * 40, p.Y * 40) - 0.5);
        return Colour3.Mix(c, Colour3.Mix(rim, cup, pale) * texture, cover);
    }

    private static double Bell(double x) => x * x > 40 ? 0 : PortableMath.Exp(-x * x);
}
