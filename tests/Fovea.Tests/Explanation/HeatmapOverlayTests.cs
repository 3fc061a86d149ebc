using Fovea.Acquisition;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Preprocessing;

namespace Fovea.Tests.Explanation;

public class HeatmapOverlayTests
{
    /// <summary>A bright disc of radius 90 around (210, 110) on black, 400 × 220.</summary>
    private static (Image Photograph, PreparedImage Prepared) Photograph()
    {
        var image = new Image(400, 220, 3);
        image.FillCircle(210, 110, 90, new Colour(180, 90, 40));
        return (image, Preprocessor.Prepare(new FundusImage(image, "disc"), new PreprocessingSpec { Size = 64 }));
    }

    /// <summary>8 × 8 cells with one at 1.</summary>
    private static ActivationMap Peak(int x, int y)
    {
        var values = new float[64];
        values[y * 8 + x] = 1;
        return ActivationMap.FromRaw(8, 8, values);
    }

    [Theory]
    [InlineData(1, 2)]
    [InlineData(6, 5)]
    public void InOriginal_OneCell_PeaksWhereTheCellCameFrom(int x, int y)
    {
        var (_, prepared) = Photograph();
        var heat = HeatmapOverlay.InOriginal(Peak(x, y), prepared);
        Assert.Equal((400, 220), (heat.Width, heat.Height));
        var (sumX, sumY, sum) = (0.0, 0.0, 0.0);
        for (var i = 0; i < heat.Pixels.Length; i++)
            (sumX, sumY, sum) = (sumX + heat.Pixels[i] * (i % 400), sumY + heat.Pixels[i] * (i / 400), sum + heat.Pixels[i]);
        // The field of view is the square of side 180 around (210, 110), so a cell is 22.5 pixels wide; its centre lies at (cell + ½)·22.5 from the square's corner (120, 20).
        Assert.Equal(120 + (x + 0.5) * 22.5, sumX / sum, 1.5);
        Assert.Equal(20 + (y + 0.5) * 22.5, sumY / sum, 1.5);
    }

    [Fact]
    public void OnOriginal_BlackBorder_StaysBlack()
    {
        var (photograph, prepared) = Photograph();
        var overlay = HeatmapOverlay.OnOriginal(Peak(4, 4), prepared, photograph);
        Assert.Equal((400, 220), (overlay.Width, overlay.Height));
        Assert.Equal([0, 0, 0], overlay.Row(2)[..3].ToArray());
        Assert.NotEqual(photograph.Row(110).Slice(210 * 3, 3).ToArray(), overlay.Row(110).Slice(210 * 3, 3).ToArray());
    }

    [Fact]
    public void OnOriginal_OctScan_PaintsItsDarkParts()
    {
        var scan = new Image(120, 120, 3);
        for (var i = 0; i < scan.Pixels.Length; i++) scan.Pixels[i] = (byte)(i / 360 / 10 % 2 * 180);
        var overlay = HeatmapOverlay.OnOriginal(Peak(4, 4), Preprocessor.Prepare(new FundusImage(scan, "scan"), new PreprocessingSpec { Size = 64 }), scan);
        Assert.NotEqual([0, 0, 0], overlay.Row(65).Slice(65 * 3, 3).ToArray());
    }

    [Fact]
    public void OnOriginal_OpacityZero_IsThePhotograph()
    {
        var (photograph, prepared) = Photograph();
        Assert.True(photograph.HasSamePixels(HeatmapOverlay.OnOriginal(Peak(4, 4), prepared, photograph, new OverlayStyle(Opacity: 0))));
    }

    [Fact]
    public void OnOriginal_ImageOfAnotherSize_Throws()
    {
        var (_, prepared) = Photograph();
        Assert.Throws<ArgumentException>(() => HeatmapOverlay.OnOriginal(Peak(4, 4), prepared, new Image(20, 20, 3)));
    }

    [Fact]
    public void PeakInOriginal_OneCell_IsItsCentre()
    {
        var (_, prepared) = Photograph();
        var (x, y) = HeatmapOverlay.PeakInOriginal(Peak(6, 5), prepared)!.Value;
        Assert.Equal(120 + 6.5 * 22.5, x, 1.5);
        Assert.Equal(20 + 5.5 * 22.5, y, 1.5);
        Assert.Null(HeatmapOverlay.PeakInOriginal(ActivationMap.FromRaw(2, 2, [1, 1, 1, 1]), prepared));
    }
}
