using Fovea.Imaging;

namespace Fovea.Training.MadeUp;

/// <summary>A made-up photograph, what is known of it, and which pixels each kind of lesion covers.</summary>
/// <param name="Marks">One value per pixel, row-major; bit k is set where <see cref="LesionKind"/> k was painted.</param>
public sealed record PaintedRetina(Image Image, RetinaTruth Truth, ushort[] Marks)
{
    public void Deconstruct(out Image image, out RetinaTruth truth) => (image, truth) = (Image, Truth);

    /// <summary>A 1-channel picture of the same size: 255 where the kind was painted, else 0.</summary>
    public Image MaskOf(LesionKind kind)
    {
        byte[] mask = new byte[Marks.Length];
        for (int i = 0; i < mask.Length; i++) mask[i] = (Marks[i] >> (int)kind & 1) != 0 ? (byte)255 : (byte)0;
        return new Image(Truth.Width, Truth.Height, 1, mask);
    }
}

/// <summary>
/// Paints fundus photographs whose truth is known: for the demonstration, for tests, for load tests without patients' pictures. They are never to be mixed into a
/// score that is called real. A specification paints the same bytes on every machine.
/// </summary>
public static class RetinaPainter
{
    /// <exception cref="ArgumentOutOfRangeException">The specification is out of its ranges.</exception>
    public static PaintedRetina Paint(MadeUpRetinaSpec spec)
    {
        spec.Validate();
        ulong patientSeed = spec.PatientSeed ?? spec.Seed;
        // A stream for each part, so that e.g. another grade leaves the anatomy as it is.
        SeededRandom Patient(ulong part) => SeededRandom.For(patientSeed, 0x70617469656E74, part);
        SeededRandom Part(ulong part) => SeededRandom.For(spec.Seed, 0x657965, (ulong)spec.Eye, part);

        RetinaAnatomy anatomy = RetinaAnatomy.Draw(Patient(1), Part(1));
        RetinaCanvas canvas = Frame(spec, Part(2));
        List<Vessel> vessels = VesselTree.Grow(anatomy, Part(3));
        PaintVessels(canvas, anatomy, vessels);
        var brush = new LesionBrush(canvas, anatomy, Part(4));
        new LesionPlan(canvas, anatomy, vessels, brush, Part(5)).Paint(spec.Grade);
        Image image = new FundusCamera(canvas, Patient(6), Part(6)).Expose(new FundusBackground(anatomy, Part(7)), spec.Fault, spec.FaultStrength);
        return new PaintedRetina(image, Truth(spec, canvas, anatomy, brush.Painted), canvas.Marks);
    }

    public static PaintedRetina Paint(ulong seed, int grade, int size) => Paint(new MadeUpRetinaSpec(seed, grade, size));

    private static RetinaCanvas Frame(MadeUpRetinaSpec spec, SeededRandom random)
    {
        int size = spec.Size;
        double half = (size - 1) / 2.0, shift = random.NextDouble(-0.01, 0.01) * size;
        (int width, int height, double radius) = spec.Framing switch
        {
            Framing.VerticalCrop => (size, (int)(size * random.NextDouble(0.74, 0.84)), 0.495 * size),
            Framing.Tight => (size, size, size * random.NextDouble(0.53, 0.60)),
            Framing.Spacious => ((int)(size * random.NextDouble(1.3, 1.5)), size, size * random.NextDouble(0.42, 0.48)),
            _ => (size, size, 0.49 * size),
        };
        double centreX = (width - 1) / 2.0 + (spec.Framing is Framing.Spacious or Framing.Tight ? shift * 2 : 0);
        double centreY = spec.Framing == Framing.Square ? half : (height - 1) / 2.0 + shift;
        return new RetinaCanvas(width, height, centreX, centreY, radius, mirrored: spec.Eye == Eye.Left);
    }

    private static void PaintVessels(RetinaCanvas canvas, RetinaAnatomy anatomy, List<Vessel> vessels)
    {
        foreach (Vessel vessel in vessels)
        {
            float[] layer = vessel.IsArtery ? canvas.Arteries : canvas.Veins;
            for (int i = 0; i + 1 < vessel.Path.Length; i++)
            {
                double ra = vessel.Radii[i], rb = vessel.Radii[i + 1];
                double thin = Math.Min(1, 0.45 + ra / 0.011);
                canvas.Stroke(layer, vessel.Path[i], vessel.Path[i + 1], ra, rb, thin, 0.45);
                // The central light reflex is a third of an artery's width, fainter and narrower on veins.
                if (ra > 0.006 && anatomy.DiscDistance(vessel.Path[i]) > 0.6)
                    canvas.Stroke(canvas.Reflex, vessel.Path[i], vessel.Path[i + 1], ra * 0.32, rb * 0.32, vessel.IsArtery ? 0.75 : 0.3, 0.8);
            }
        }
    }

    private static RetinaTruth Truth(MadeUpRetinaSpec spec, RetinaCanvas canvas, RetinaAnatomy anatomy, IReadOnlyList<PaintedLesion> lesions)
    {
        PixelEllipse Ellipse(Vector2D centre, double rx, double ry)
        {
            (double x, double y) = canvas.ToPixel(centre);
            return new PixelEllipse(x, y, rx * canvas.Radius, ry * canvas.Radius);
        }
        (double foveaX, double foveaY) = canvas.ToPixel(anatomy.Fovea);
        double near = anatomy.DiscDiameter * canvas.Radius;
        var exudates = lesions.Where(lesion => lesion.Kind == LesionKind.HardExudate).ToList();
        bool central = exudates.Any(lesion => Math.Sqrt(Square(lesion.Box.X + (lesion.Box.Width - 1) / 2.0 - foveaX) + Square(lesion.Box.Y + (lesion.Box.Height - 1) / 2.0 - foveaY)) <= near);
        return new RetinaTruth(
            spec.Seed, spec.Grade, exudates.Count == 0 ? 0 : central ? 2 : 1, spec.Eye, spec.Framing, spec.Fault, spec.Fault == CameraFault.None ? 0 : spec.FaultStrength,
            canvas.Width, canvas.Height, new PixelEllipse(canvas.CentreX, canvas.CentreY, canvas.Radius, canvas.Radius),
            Ellipse(anatomy.Disc, anatomy.DiscRadiusX, anatomy.DiscRadiusY), Ellipse(anatomy.Cup, anatomy.CupRadiusX, anatomy.CupRadiusY),
            new PixelPoint(foveaX, foveaY), lesions);
    }

    private static double Square(double x) => x * x;
}
