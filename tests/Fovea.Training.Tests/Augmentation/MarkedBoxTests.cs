using Fovea.Imaging;
using Fovea.Training.Augmentation;
using Fovea.Training.MadeUp;
using static Fovea.Training.Tests.Augmentation.TestPictures;

namespace Fovea.Training.Tests.Augmentation;

public sealed class MarkedBoxTests
{
    private static readonly LesionKind[] Kinds = [LesionKind.Microaneurysm, LesionKind.Haemorrhage, LesionKind.HardExudate, LesionKind.SoftExudate];
    private static readonly PaintedRetina[] Retinas = [RetinaPainter.Paint(1, 3, 800), RetinaPainter.Paint(2, 3, 800)];

    [Fact]
    public void Apply_Flip_MirrorsTheBoxExactly()
    {
        var spec = new AugmentationSpec { FlipHorizontal = true, FlipVertical = true };
        ulong both = Enumerable.Range(0, 50).Select(i => (ulong)i).First(i => Slopes(100, 60).Augment(spec, i) is var r && r.At(0, 0, 0) > 100 && r.At(0, 0, 1) > 100);
        MarkedBox box = new Augmenter(spec).Apply(Slopes(100, 60), [new MarkedBox(10, 20, 30, 25, Kind: 4)], null, Key(both)).Boxes.Single();
        Assert.Equal((70, 35, 90, 40, 4), (Math.Round(box.Left, 9), Math.Round(box.Top, 9), Math.Round(box.Right, 9), Math.Round(box.Bottom, 9), box.Kind));
    }

    [Fact]
    public void Apply_QuarterTurn_ExchangesTheSides()
    {
        // About the centre (50, 50) of a square: (x, y) → (100 − y, x).
        MarkedBox box = new Augmenter(new AugmentationSpec { Rotation = Strength.Exactly(90) }).Apply(new Image(100, 100, 3), [new MarkedBox(10, 20, 30, 25)], null, Key()).Boxes.Single();
        Assert.Equal((75, 10, 80, 30), (Math.Round(box.Left, 9), Math.Round(box.Top, 9), Math.Round(box.Right, 9), Math.Round(box.Bottom, 9)));
    }

    [Fact]
    public void Apply_BoxLeavingThePicture_IsClippedThenDropped()
    {
        // Moves 20 pixels to the right and 20 down on 100: of 16 columns 12, 4 or none are left.
        var augmenter = new Augmenter(new AugmentationSpec { Shift = Strength.Exactly(0.2) });
        MarkedBox[] boxes = [new(68, 10, 84, 20, 1), new(76, 10, 92, 20, 2), new(82, 10, 98, 20, 3)];
        var moved = augmenter.Apply(new Image(100, 100, 3), boxes, null, Key(), leastShare: 0.25).Boxes;
        Assert.Equal([1, 2], moved.Select(b => b.Kind));
        Assert.Equal(100, moved[0].Right, 1e-9);
        Assert.Equal(88, moved[0].Left, 1e-9);
        Assert.Equal([1], augmenter.Apply(new Image(100, 100, 3), boxes, null, Key(), leastShare: 0.5).Boxes.Select(b => b.Kind));
    }

    [Fact]
    public void IntersectionOverUnion_ByHand() =>
        Assert.Equal(25.0 / 175, new MarkedBox(0, 0, 10, 10).IntersectionOverUnion(new MarkedBox(5, 5, 15, 15)), 12);

    /// <summary>The truth is drawn again: the mask of each lesion is warped with the image, and its box measured.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void Apply_AffineOnMadeUpRetinas_BoxesStayOnTheirLesions(bool outlines)
    {
        // Boxes alone know nothing of a slanted lesion's shape, so that they are held to it under what turns no axis; outlines under everything.
        var spec = new AugmentationSpec
        {
            FlipHorizontal = true, FlipVertical = true, Rotation = outlines ? Strength.PlusMinus(180) : default, Zoom = Strength.PlusMinus(0.2), Shift = Strength.PlusMinus(0.05),
            Shear = outlines ? Strength.PlusMinus(10) : default,
        };
        var ious = Measure(spec, outlines, samples: 4, leastSide: 28);
        Assert.True(ious.Count >= 60, $"{ious.Count} lesions");
        Assert.True(ious.Min() >= 0.9, $"least {ious.Min():F3}, mean {ious.Average():F3} of {ious.Count}");
    }

    [Fact]
    public void Apply_DistortionsOnMadeUpRetinas_BoxesStayOnTheirLesions()
    {
        var spec = new AugmentationSpec
        {
            FlipHorizontal = true, Rotation = Strength.PlusMinus(180), OpticalDistortion = new(-0.1, 0.2), GridDistortion = Strength.UpTo(0.3), PiecewiseAffine = Strength.UpTo(0.15),
        };
        var ious = Measure(spec, outlines: true, samples: 2, leastSide: 20);
        Assert.True(ious.Count >= 30, $"{ious.Count} lesions");
        Assert.True(ious.Min() >= 0.85 && ious.Average() >= 0.93, $"least {ious.Min():F3}, mean {ious.Average():F3} of {ious.Count}");
    }

    [Fact]
    public void Apply_TurnedBoxesWithoutOutline_FitBetterThanTheirCorners()
    {
        var spec = new AugmentationSpec { Rotation = Strength.PlusMinus(180) };
        double ellipse = Measure(spec, outlines: false, samples: 2, leastSide: 16).Average();
        double corners = Measure(spec, outlines: false, samples: 2, leastSide: 16, corners: true).Average();
        Assert.True(ellipse >= 0.7 && ellipse > corners + 0.1, $"ellipse {ellipse:F3}, corners {corners:F3}");
    }

    /// <param name="leastSide">Smaller lesions are left out: a border of one pixel on a side of n costs about 2/n.</param>
    private static List<double> Measure(AugmentationSpec spec, bool outlines, int samples, int leastSide, bool corners = false)
    {
        var (augmenter, ious) = (new Augmenter(spec), new List<double>());
        for (ulong seed = 0; seed < 2; seed++)
        {
            PaintedRetina retina = Retinas[seed];
            foreach (LesionKind kind in Kinds)
            {
                // Each lesion has a number of its own in the mask, which nearest-neighbour warping keeps.
                ComponentMap map = retina.MaskOf(kind).ConnectedComponents();
                Component[] lesions = [.. map.Components.Where(c => Math.Min(c.Width, c.Height) >= leastSide).Take(200)];
                if (lesions.Length == 0) continue;
                var mask = new Image(retina.Image.Width, retina.Image.Height, 1);
                for (int i = 0; i < mask.Pixels.Length; i++) mask.Pixels[i] = (byte)(Array.FindIndex(lesions, c => c.Label == map.Labels[i]) + 1);
                MarkedBox[] boxes = [.. lesions.Select((c, i) => Marked(c, i + 1, mask))];
                for (ulong sample = 0; sample < (ulong)samples; sample++)
                {
                    // Lesions partly outside are left out: what is measured would be the box of a part.
                    AugmentedImage result = augmenter.Apply(retina.Image, boxes, mask, Key(sample + 100 * seed), leastShare: 0.999);
                    ious.AddRange(result.Boxes.Select(b => b.IntersectionOverUnion(Measured(result.Mask!, (byte)b.Kind))));
                }
            }
        }
        return ious;

        MarkedBox Marked(Component c, int number, Image mask)
        {
            var box = new MarkedBox(c.X, c.Y, c.X + c.Width, c.Y + c.Height, number);
            return outlines ? box with { Outline = Outline(mask, (byte)number) }
                : corners ? box with { Outline = [(box.Left, box.Top), (box.Right, box.Top), (box.Right, box.Bottom), (box.Left, box.Bottom)] }
                : box;
        }
    }

    private static MarkedBox Measured(Image mask, byte number)
    {
        var points = Outline(mask, number);
        return new MarkedBox(points.Min(p => p.X), points.Min(p => p.Y), points.Max(p => p.X), points.Max(p => p.Y));
    }

    /// <summary>The first and the last pixel of each row, by the middles of their four edges.</summary>
    private static List<(double X, double Y)> Outline(Image mask, byte number)
    {
        var points = new List<(double X, double Y)>();
        for (int y = 0; y < mask.Height; y++)
        {
            var row = mask.Row(y);
            int first = row.IndexOf(number), last = row.LastIndexOf(number);
            if (first >= 0) points.AddRange([(first, y + 0.5), (last + 1, y + 0.5), (first + 0.5, y), (first + 0.5, y + 1), (last + 0.5, y), (last + 0.5, y + 1)]);
        }
        return points;
    }
}
