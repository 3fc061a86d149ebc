using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Quality;

namespace Fovea.Tests.Quality;

public sealed class QualityAssessorTests
{
    [Fact]
    public void Assess_PlainDisc_MeasuresWhatWasDrawn()
    {
        // A flat disc of radius 150 in 400 × 300: diameter 301, share π·150²/(400·300) = 0.589, luma 0.299·200 + 0.587·100 + 0.114·50 = 124.2.
        var measures = Assess(Disc(400, 300, 150, new Colour(200, 100, 50))).Measures;
        Assert.InRange(measures.FieldDiameter, 296, 304);
        Assert.InRange(measures.FieldShare, 0.57, 0.60);
        Assert.Equal(124.2, measures.Brightness, 0.2);
        Assert.Equal(0.5, measures.GreenToRed, 2);
        Assert.Equal(0.25, measures.BlueToRed, 2);
        Assert.Equal(1, measures.RetinaColoured);
        Assert.Equal(0, measures.CornerShare, 2);
        Assert.InRange(measures.Sharpness, 0, 0.3); // a flat field has no detail but rounding
        Assert.Equal((400, 300), (measures.Width, measures.Height));
    }

    [Fact]
    public void Assess_FlatDisc_IsBlurred() => Assert.Equal([QualityReason.Blurred], Reasons(Disc(400, 300, 150, new Colour(200, 100, 50))));

    [Fact]
    public void Assess_Black_IsTooDark() => Assert.Equal([QualityReason.TooDark], Reasons(new Image(300, 300, 3)));

    [Fact]
    public void Assess_SmallField_IsTooSmall() => Assert.Contains(QualityReason.TooSmall, Reasons(Disc(400, 400, 80, new Colour(200, 100, 50))));

    [Fact]
    public void Assess_White_IsOverexposedAndNoFundus() =>
        Assert.Equal([QualityReason.NotAFundusPhotograph, QualityReason.Overexposed], Reasons(Image.Filled(300, 300, 3, Colour.White)));

    [Fact]
    public void Assess_GreyRetina_HasNotARetinasColours() => Assert.Contains(QualityReason.ColourCast, Reasons(Disc(400, 300, 150, new Colour(120, 120, 120))));

    [Fact]
    public void Assess_RectangleOnBlack_IsNoFundus()
    {
        var image = new Image(500, 400, 3);
        image.FillRectangle(60, 60, 440, 340, new Colour(200, 100, 50));
        Assert.Contains(QualityReason.NotAFundusPhotograph, Reasons(image));
    }

    [Fact]
    public void Assess_GreenLandscape_IsNoFundus()
    {
        var image = new Image(400, 300, 3);
        for (var y = 0; y < 300; y++)
            for (var x = 0; x < 400; x++)
                (image.Row(y)[3 * x], image.Row(y)[3 * x + 1], image.Row(y)[3 * x + 2]) = y < 120 ? ((byte)120, (byte)160, (byte)230) : ((byte)50, (byte)(110 + x * 7 % 40), (byte)40);
        Assert.Contains(QualityReason.NotAFundusPhotograph, Reasons(image));
    }

    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 4000)]
    [InlineData(7, 3)]
    [InlineData(28, 28)]
    public void Assess_OddSizes_AreUngradableAndDoNotThrow(int width, int height) =>
        Assert.False(Assess(Image.Filled(width, height, 3, new Colour(200, 100, 50))).Gradable);

    [Fact]
    public void ThrowIfUngradable_Message_IsOneLineWithReasonAndRemedy()
    {
        var thrown = Assert.Throws<UngradableException>(() => Assess(new Image(300, 300, 3)).ThrowIfUngradable("eye.jpg"));
        Assert.Equal(
            "eye.jpg: ungradable, too dark (mean brightness 0 of 255, at least 25 is needed). Raise the flash or the exposure, or widen the pupil, and photograph again.", thrown.Message);
        Assert.Equal(QualityReason.TooDark, thrown.Report.Problems[0].Reason);
    }

    [Fact]
    public void Near_OfAPhotographALittleAboveALimit_NamesItAndAnUngradableOneHasNone()
    {
        var bright = Disc(400, 300, 150, new Colour(200, 100, 50));
        for (var x = 60; x < 340; x += 12) bright.DrawLine(x, 20, x + 20, 280, new Colour(120, 40, 20), 3);
        var brightness = Assess(bright).Measures.Brightness;
        QualityReport At(double wanted) => Assess(Image.AddWeighted(bright, wanted / brightness, bright, 0, 0));
        Assert.Equal((true, 0), (Assess(bright).Gradable, Assess(bright).Near.Count));
        // The limit is 25, the margin 15 %: nearly too dark up to 28.75.
        Assert.Equal([QualityReason.TooDark], At(27).Near.Select(p => p.Reason));
        Assert.True(At(27).Gradable);
        Assert.Empty(At(31).Near);
        Assert.False(At(23).Gradable);
        Assert.Empty(At(23).Near);
    }

    [Fact]
    public void Assess_RealPhotographs_AreGradable()
    {
        // Every eighth of IDRiD; all 413 were gradable when the limits were set. At most one in a hundred may be refused.
        var folder = Path.Combine(DataFolder(), "idrid", "grading", "images");
        if (!Directory.Exists(folder)) Assert.Skip("idrid/grading is not here; set FOVEA_DATA to the folder of the real data");
        string[] refused = [.. Directory.GetFiles(folder, "*.jpg").Order(StringComparer.Ordinal).Where((_, i) => i % 8 == 0).Where(file => !QualityAssessor.Assess(FundusImage.Read(file)).Gradable)];
        Assert.Empty(refused);
    }

    private static string DataFolder()
    {
        if (Environment.GetEnvironmentVariable("FOVEA_DATA") is { } named) return named;
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Fovea.slnx"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Fovea.slnx above the tests");
        return Path.Combine(folder, "..", "shared", "data");
    }

    private static Image Disc(int width, int height, double radius, Colour colour)
    {
        var image = new Image(width, height, 3);
        image.FillCircle((width - 1) / 2.0, (height - 1) / 2.0, radius, colour);
        return image;
    }

    private static QualityReport Assess(Image image) => QualityAssessor.Assess(new FundusImage(image, "test"));

    private static QualityReason[] Reasons(Image image) => [.. Assess(image).Problems.Select(problem => problem.Reason)];
}
