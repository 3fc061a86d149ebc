using System.Globalization;
using System.Runtime.InteropServices;
using System.Security.Cryptography;
using System.Text.Json;

namespace Fovea.Imaging.Tests;

/// <summary>Every operation gives what cv2 4.6 gives for the same picture, bit for bit.</summary>
public sealed class OperationParityTests
{
    private static readonly JsonElement Oracle = Picture.Json("operations.json");
    private static readonly Image Rgb = Picture.Formula(257, 193, 3), Grey = Picture.Formula(257, 193, 1);
    private static readonly AffineTransform Matrix = new(0.9, -0.4, 40.25, 0.35, 1.1, -12.5);

    public static TheoryData<string> Names => [.. Oracle.GetProperty("images").EnumerateObject().Select(p => p.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void Operation_OfTheFormula_EqualsOpenCv(string name) =>
        Picture.AssertEqual(Oracle.GetProperty("images").GetProperty(name), Compute(name.Split(' ')));

    private static Image Compute(string[] words) => words switch
    {
        ["formula"] => Rgb,
        ["formula", "grey"] => Grey,
        ["resize", var how, var size, .. var rest] => (rest.Length > 0 ? Grey : Rgb).Resize(
            int.Parse(size.Split('x')[0]), int.Parse(size.Split('x')[1]), Enum.Parse<Interpolation>(how)),
        ["warp", "grey"] => Grey.WarpAffine(Matrix, 211, 180),
        ["warp", var how, var border] => Rgb.WarpAffine(
            Matrix, 211, 180, Enum.Parse<Interpolation>(how), Enum.Parse<Border>(border), new Colour(10, 20, 30)),
        ["blur", var sigma, .. var rest] => (rest.Length > 0 ? Grey : Rgb).GaussianBlur(Number(sigma)),
        ["median", var size] => Rgb.MedianBlur(int.Parse(size)),
        ["addWeighted", "4", "-4", "128"] => Image.AddWeighted(Rgb, 4, Rgb.GaussianBlur(14), -4, 128),
        ["addWeighted", var alpha, var beta, var gamma] => Image.AddWeighted(Rgb, Number(alpha), Rgb.FlipHorizontal(), Number(beta), Number(gamma)),
        ["clahe", var clip, var tiles, .. var rest] => (rest.Length > 0 ? Grey : Rgb).Clahe(Number(clip), int.Parse(tiles)),
        ["to", "Hsv"] => Rgb.ToHsv(),
        ["from", "Hsv"] => Rgb.ToHsv().FromHsv(),
        ["to", "Lab"] => Rgb.ToLab(),
        ["from", "Lab"] => Rgb.ToLab().FromLab(),
        ["to", "YCrCb"] => Rgb.ToYCrCb(),
        ["from", "YCrCb"] => Rgb.ToYCrCb().FromYCrCb(),
        ["to", "grey"] => Rgb.ToGrey(),
        ["to", "rgb"] => Grey.ToRgb(),
        ["map", var map] => Grey.ApplyColourMap(Enum.Parse<ColourMap>(map)),
        ["flip", "horizontal"] => Rgb.FlipHorizontal(),
        ["flip", "vertical"] => Rgb.FlipVertical(),
        ["rotate", var turns] => Rgb.Rotate90(int.Parse(turns)),
        ["transpose"] => Rgb.Transpose(),
        ["erode", var r] => Grey.Erode(int.Parse(r)),
        ["dilate", var r] => Grey.Dilate(int.Parse(r)),
        ["open", var r] => Grey.Open(int.Parse(r)),
        ["close", var r] => Grey.Close(int.Parse(r)),
        ["remap", var how, var border] => Borrowed((s, d, shape) => BorrowedPixels.Remap(s, d, shape, Waves(), Enum.Parse<Interpolation>(how), Enum.Parse<Border>(border))),
        ["filter"] => Borrowed((s, d, shape) => BorrowedPixels.Filter(s, d, shape, [-0.25f, -0.5f, 0, -0.5f, 2.5f, 0.25f, 0, 0.25f, -0.75f])),
        ["jpeg", var quality] => Borrowed((s, d, shape) => BorrowedPixels.JpegRoundTrip(s, d, shape, int.Parse(quality))),
        ["drawing"] => Drawing(),
        _ => throw new ArgumentException(string.Join(' ', words)),
    };

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);

    private static Image Borrowed(Action<byte[], byte[], PixelShape> operation)
    {
        var result = new Image(Rgb.Width, Rgb.Height, 3);
        operation(Rgb.Pixels, result.Pixels, new PixelShape(Rgb.Width, Rgb.Height, 3));
        return result;
    }

    /// <summary>Exact in float32, so that no language rounds it otherwise.</summary>
    private static float[] Waves()
    {
        var map = new float[2 * 257 * 193];
        for (var (y, at) = (0, 0); y < 193; y++)
        {
            for (var x = 0; x < 257; x++)
            {
                map[at++] = x + (y * y / 4096f) - 4;
                map[at++] = y - (x / 16f) + 2;
            }
        }
        return map;
    }

    [Fact]
    public void BorrowedPixels_WarpAndBlur_EqualThoseOfImage()
    {
        Assert.True(Rgb.WarpAffine(Matrix, 257, 193).HasSamePixels(Borrowed((s, d, shape) => BorrowedPixels.WarpAffine(s, d, shape, Matrix, Interpolation.Linear, Border.Constant))));
        Assert.True(Rgb.GaussianBlur(2).HasSamePixels(Borrowed((s, d, shape) => BorrowedPixels.GaussianBlur(s, d, shape, 2))));
    }

    [Fact]
    public void BorrowedPixels_WrongShapes_AreRefused()
    {
        var shape = new PixelShape(4, 4, 3);
        var (good, small) = (new byte[48], new byte[47]);
        Assert.Throws<ArgumentException>(() => BorrowedPixels.GaussianBlur(small, new byte[48], shape, 1));
        Assert.Throws<ArgumentException>(() => BorrowedPixels.GaussianBlur(good, small, shape, 1));
        Assert.Throws<ArgumentException>(() => BorrowedPixels.GaussianBlur(good, good, shape, 1));
        Assert.Throws<ArgumentException>(() => BorrowedPixels.Remap(good, new byte[48], shape, new float[31], Interpolation.Linear, Border.Constant));
        Assert.Throws<ArgumentException>(() => BorrowedPixels.Filter(good, new byte[48], shape, new float[4]));
        Assert.Throws<ArgumentOutOfRangeException>(() => BorrowedPixels.JpegRoundTrip(good, new byte[48], shape, 0));
        Assert.Throws<ArgumentException>(() => BorrowedPixels.WarpAffine(good, new byte[48], shape, AffineTransform.Scaling(0, 1), Interpolation.Linear, Border.Constant));
        Assert.Throws<OverflowException>(() => new PixelShape(int.MaxValue, 3, 3).Length);
    }

    private static Image Drawing()
    {
        var image = Rgb.Clone();
        image.DrawLine(10.5, 20, 200, 150.25, new Colour(255, 0, 0), 3);
        image.FillCircle(128, 96, 30.5, new Colour(0, 255, 0));
        image.DrawCircle(60, 60, 25, new Colour(0, 0, 255), 2);
        image.DrawEllipse(150, 60, 40, 20, 30, new Colour(250, 250, 0), 2);
        image.DrawRectangle(5, 6, 70, 40, new Colour(1, 2, 3));
        image.FillPolygon([(200, 20), (250, 30), (220, 80)], new Colour(200, 100, 50));
        image.DrawText("Grade 2", 20, 180, 14, Colour.White);
        return image;
    }

    [Fact]
    public void MeanAndDeviation_WithAndWithoutMask_EqualOpenCv()
    {
        var expected = Oracle.GetProperty("measures");
        var (mean, deviation) = Rgb.MeanAndDeviation();
        var (maskedMean, maskedDeviation) = Rgb.MeanAndDeviation(Grey.Threshold(200));
        // Sums of integers: only the last division and root may round differently.
        AssertClose(expected.GetProperty("mean"), mean);
        AssertClose(expected.GetProperty("deviation"), deviation);
        AssertClose(expected.GetProperty("maskedMean"), maskedMean);
        AssertClose(expected.GetProperty("maskedDeviation"), maskedDeviation);

        static void AssertClose(JsonElement expected, double[] actual)
        {
            for (var c = 0; c < 3; c++)
                Assert.Equal(expected[c].GetDouble(), actual[c], 1e-9);
        }
    }

    [Fact]
    public void LaplacianVariance_OfTheFormula_EqualsOpenCv() =>
        Assert.Equal(1, Grey.LaplacianVariance() / Oracle.GetProperty("measures").GetProperty("laplacianVariance").GetDouble(), 1e-9);

    [Fact]
    public void Histogram_OfGreen_EqualsNumPy() =>
        Assert.Equal(Oracle.GetProperty("measures").GetProperty("histogram").EnumerateArray().Select(e => e.GetInt32()), Rgb.Histogram(1));

    [Fact]
    public void ConnectedComponents_OfAMask_EqualOpenCv()
    {
        var expected = Oracle.GetProperty("measures");
        var mask = Grey.Threshold(200);
        var map = mask.ConnectedComponents();
        Assert.Equal(expected.GetProperty("components8").GetInt32(), map.Components.Count);
        Assert.Equal(expected.GetProperty("components4").GetInt32(), mask.ConnectedComponents(diagonal: false).Components.Count);
        Assert.Equal(
            expected.GetProperty("labels").GetString(), Convert.ToHexStringLower(SHA256.HashData(MemoryMarshal.AsBytes<int>(map.Labels))));
        var one = expected.GetProperty("component1").EnumerateArray().Select(e => e.GetDouble()).ToArray();
        var c = map.Components[0];
        Assert.Equal(one, (double[])[c.X, c.Y, c.Width, c.Height, c.Area, c.CentroidX, c.CentroidY]);
    }
}
