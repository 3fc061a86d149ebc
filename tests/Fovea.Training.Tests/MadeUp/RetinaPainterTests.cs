using System.Security.Cryptography;
using Fovea.Imaging;
using Fovea.Training.MadeUp;

namespace Fovea.Training.Tests.MadeUp;

public sealed class RetinaPainterTests
{
    private static readonly LesionKind[] ProliferativeSigns = [LesionKind.NewVessels, LesionKind.PreretinalHaemorrhage, LesionKind.VitreousHaemorrhage];

    [Fact]
    public void Paint_SameSpec_SameBytesEverywhere()
    {
        // A golden value: painted with arithmetic that IEEE 754 fixes, so it holds on every machine. It changes only when the painter is changed on purpose.
        var (image, _) = RetinaPainter.Paint(new MadeUpRetinaSpec(7, 3, 96) { Eye = Eye.Left, Fault = CameraFault.Blur, FaultStrength = 0.2 });
        Assert.Equal("FC91BAF2170CB21A", Convert.ToHexString(SHA256.HashData(image.Pixels))[..16]);
    }

    [Fact]
    public void Paint_OtherSeed_OtherPicture() =>
        Assert.False(RetinaPainter.Paint(1, 0, 64).Image.HasSamePixels(RetinaPainter.Paint(2, 0, 64).Image));

    [Fact]
    public void Paint_OtherGrade_SameAnatomy()
    {
        RetinaTruth healthy = RetinaPainter.Paint(5, 0, 64).Truth, severe = RetinaPainter.Paint(5, 4, 64).Truth;
        Assert.Equal(healthy.Disc, severe.Disc);
        Assert.Equal(healthy.Fovea, severe.Fovea);
    }

    [Theory]
    [InlineData(Framing.Square)]
    [InlineData(Framing.VerticalCrop)]
    [InlineData(Framing.Tight)]
    [InlineData(Framing.Spacious)]
    public void Paint_EveryGrade_FollowsTheGradingRules(Framing framing)
    {
        for (ulong seed = 0; seed < 8; seed++)
        {
            RetinaTruth Truth(int grade) => RetinaPainter.Paint(new MadeUpRetinaSpec(seed, grade, 128) { Framing = framing, Eye = (Eye)(seed % 2) }).Truth;
            Assert.Empty(Truth(0).Lesions);

            RetinaTruth mild = Truth(1);
            Assert.InRange(mild.Count(LesionKind.Microaneurysm), 5, 30);
            Assert.Equal(mild.Lesions.Count, mild.Count(LesionKind.Microaneurysm));

            RetinaTruth moderate = Truth(2);
            Assert.Contains(moderate.Lesions, lesion => lesion.Kind != LesionKind.Microaneurysm);
            Assert.False(MeetsFourTwoOne(moderate));
            Assert.DoesNotContain(moderate.Lesions, lesion => ProliferativeSigns.Contains(lesion.Kind));

            RetinaTruth severe = Truth(3);
            Assert.True(MeetsFourTwoOne(severe), $"seed {seed}");
            Assert.DoesNotContain(severe.Lesions, lesion => ProliferativeSigns.Contains(lesion.Kind));

            Assert.True(Truth(4).Lesions.Any(lesion => ProliferativeSigns.Contains(lesion.Kind)), $"seed {seed}");
        }
    }

    // More than 20 haemorrhages in each of 4 quadrants, venous beading in 2, or IRMA in 1.
    private static bool MeetsFourTwoOne(RetinaTruth truth)
    {
        Quadrant[] all = Enum.GetValues<Quadrant>();
        return all.All(quadrant => truth.Count(LesionKind.Haemorrhage, quadrant) > 20)
            || all.Count(quadrant => truth.Count(LesionKind.VenousBeading, quadrant) > 0) >= 2
            || truth.Count(LesionKind.Irma) > 0;
    }

    [Fact]
    public void Paint_Lesions_AreWhereTheTruthSaysAndAreSeen()
    {
        const ulong seed = 11;
        PaintedRetina healthy = RetinaPainter.Paint(seed, 0, 256), ill = RetinaPainter.Paint(seed, 2, 256);
        Assert.NotEmpty(ill.Truth.Lesions);
        foreach (PaintedLesion lesion in ill.Truth.Lesions)
        {
            PixelBox box = lesion.Box;
            Assert.True(box is { X: >= 0, Y: >= 0, Width: > 0, Height: > 0 } && box.X + box.Width <= ill.Truth.Width && box.Y + box.Height <= ill.Truth.Height);
            int marked = 0;
            double difference = 0;
            for (int y = box.Y; y < box.Y + box.Height; y++)
            {
                for (int x = box.X; x < box.X + box.Width; x++)
                {
                    if ((ill.Marks[y * ill.Truth.Width + x] >> (int)lesion.Kind & 1) == 0) continue;
                    marked++;
                    // Camera and anatomy are the same for both, so only the lesion makes a difference.
                    difference += Math.Abs(ill.Image.Row(y)[3 * x + 1] - healthy.Image.Row(y)[3 * x + 1]);
                }
            }
            Assert.True(marked > 0, $"{lesion} has no marked pixel");
            Assert.True(difference / marked > 5, $"{lesion} cannot be seen: mean difference {difference / marked:F1}");
        }
    }

    [Theory]
    [InlineData(Eye.Right)]
    [InlineData(Eye.Left)]
    public void Paint_Eye_PutsTheDiscOnItsNasalSide(Eye eye)
    {
        RetinaTruth truth = RetinaPainter.Paint(new MadeUpRetinaSpec(3, 0, 128) { Eye = eye }).Truth;
        // Photographed from in front: the right eye's nasal side is on the right of the picture.
        Assert.Equal(eye == Eye.Right, truth.Disc.X > truth.Fovea.X);
        double diameters = Math.Abs(truth.Disc.X - truth.Fovea.X) / (truth.Disc.RadiusX + truth.Disc.RadiusY);
        Assert.InRange(diameters, 2.3, 2.8);
    }

    [Fact]
    public void Paint_Anatomy_LooksAsItShould()
    {
        for (ulong seed = 20; seed < 30; seed++)
        {
            var (image, truth) = RetinaPainter.Paint(seed, 0, 200);
            double all = MeanGreen(image, truth.Field.X, truth.Field.Y, truth.Field.RadiusX * 0.9);
            Assert.True(MeanGreen(image, truth.Disc.X, truth.Disc.Y, truth.Disc.RadiusX * 0.8) > all * 1.08, "the disc is the brightest");
            Assert.True(MeanGreen(image, truth.Fovea.X, truth.Fovea.Y, truth.Disc.RadiusX * 0.5) < all * 0.97, "the macula is darker");
            Assert.True(image.Pixels[0] < 10 && image.Pixels[^1] < 10, "black outside of the field");
            double[] mean = image.MeanAndDeviation().Mean;
            Assert.True(mean[0] > mean[1] && mean[1] > mean[2], "red above green above blue");
        }
    }

    [Theory]
    [InlineData(Framing.Square, 200, 200)]
    [InlineData(Framing.Tight, 200, 200)]
    [InlineData(Framing.VerticalCrop, 200, 158)]
    [InlineData(Framing.Spacious, 280, 200)]
    public void Paint_Framing_CutsTheFieldAsNamed(Framing framing, int width, int height)
    {
        var (image, truth) = RetinaPainter.Paint(new MadeUpRetinaSpec(4, 1, 200) { Framing = framing });
        Assert.InRange(image.Width, width * 0.9, width * 1.1);
        Assert.InRange(image.Height, height * 0.9, height * 1.1);
        bool cutAbove = truth.Field.Y - truth.Field.RadiusY < -1, cutLeft = truth.Field.X - truth.Field.RadiusX < -1;
        Assert.Equal(framing is Framing.VerticalCrop or Framing.Tight, cutAbove);
        Assert.Equal(framing is Framing.Tight, cutLeft);
    }

    [Fact]
    public void Paint_Faults_ShowAsNamed()
    {
        Image Paint(CameraFault fault) => RetinaPainter.Paint(new MadeUpRetinaSpec(9, 2, 160) { Fault = fault, FaultStrength = 1 }).Image;
        Image clean = Paint(CameraFault.None);
        double[] mean = clean.MeanAndDeviation().Mean;
        Assert.True(Paint(CameraFault.Dark).MeanAndDeviation().Mean[0] < 0.3 * mean[0]);
        Assert.True(Paint(CameraFault.Overexposed).MeanAndDeviation().Mean[1] > 1.5 * mean[1]);
        Assert.True(Paint(CameraFault.Blur).LaplacianVariance() < 0.8 * clean.LaplacianVariance());
        Assert.True(Paint(CameraFault.BlueCast).MeanAndDeviation().Mean[2] > mean[2] + 25);
        Assert.True(Paint(CameraFault.PinkCast).MeanAndDeviation().Mean[2] > mean[2] + 25);
        double[] green = Paint(CameraFault.GreenCast).MeanAndDeviation().Mean;
        Assert.True(green[1] > green[0]);
    }

    [Theory]
    [InlineData(-1, 64, 0.5)]
    [InlineData(5, 64, 0.5)]
    [InlineData(0, 31, 0.5)]
    [InlineData(0, 5000, 0.5)]
    [InlineData(0, 64, double.NaN)]
    public void Paint_SpecOutOfRange_Throws(int grade, int size, double strength) =>
        Assert.Throws<ArgumentOutOfRangeException>(() => RetinaPainter.Paint(new MadeUpRetinaSpec(1, grade, size) { FaultStrength = strength }));

    private static double MeanGreen(Image image, double x, double y, double radius)
    {
        double sum = 0;
        int count = 0;
        for (int row = (int)(y - radius); row <= y + radius; row++)
        {
            for (int column = (int)(x - radius); column <= x + radius; column++)
            {
                if ((row - y) * (row - y) + (column - x) * (column - x) > radius * radius) continue;
                sum += image.Row(row)[3 * column + 1];
                count++;
            }
        }
        return sum / count;
    }
}
