using Fovea.Acquisition;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Preprocessing;
using Fovea.Reporting;

namespace Fovea.Tests.Explanation;

public class ExplanationPanelTests
{
    private static readonly string[] Classes = ["none", "mild", "moderate", "severe", "proliferative"];

    private static readonly GradeReport Report = new("a.jpg", 2, "moderate", [0.05, 0.1, 0.7, 0.1, 0.05], 2, true, "refer to an ophthalmologist", "m.fovea", "0123456789abcdef", null, null, GradeReport.ResearchNotice);

    private static (Image Photograph, PreparedImage Prepared) Photograph()
    {
        var image = new Image(400, 220, 3);
        image.FillCircle(210, 110, 90, new Colour(180, 90, 40));
        return (image, Preprocessor.Prepare(new FundusImage(image, "disc"), new PreprocessingSpec { Size = 64 }));
    }

    private static Image Draw(ActivationMap map, GradeReport? report = null, OverlayStyle? style = null, IReadOnlyList<PanelLesion>? lesions = null)
    {
        var (photograph, prepared) = Photograph();
        return ExplanationPanel.Draw(photograph, prepared, new PanelMap(map, 2, "Grad-CAM, stage4") { Style = style ?? new OverlayStyle() }, report ?? Report, Classes, lesions);
    }

    private static readonly ActivationMap Peak = ActivationMap.FromRaw(2, 2, [0, 1, 0, 0]), Flat = ActivationMap.FromRaw(2, 2, [1, 1, 1, 1]);

    /// <summary>Where two panels differ.</summary>
    private static bool Differ(Image a, Image b, int x, int y, int width, int height) => !a.Crop(x, y, width, height).HasSamePixels(b.Crop(x, y, width, height));

    [Fact]
    public void Draw_Panel_HasTheSizeItSays()
    {
        var panel = Draw(Peak);
        Assert.Equal(ExplanationPanel.Size, (panel.Width, panel.Height));
    }

    [Fact]
    public void Draw_FlatMap_LeavesThePhotographAndSaysSo()
    {
        var (peak, flat) = (Draw(Peak), Draw(Flat));
        // The tile of the map: with an empty one it is the photograph's tile.
        Assert.True(Differ(peak, flat, 564, 58, 520, 520));
        Assert.True(flat.Crop(24, 58, 520, 520).HasSamePixels(flat.Crop(564, 58, 520, 520)));
        Assert.False(peak.Crop(24, 58, 520, 520).HasSamePixels(peak.Crop(564, 58, 520, 520)));
    }

    [Fact]
    public void Draw_OtherColours_ChangeTheMapAndItsBarOnly()
    {
        var (turbo, spring) = (Draw(Peak), Draw(Peak, style: new OverlayStyle(ColourMap.Spring)));
        Assert.True(Differ(turbo, spring, 564, 58, 520, 560));
        Assert.False(Differ(turbo, spring, 0, 0, 550, turbo.Height));
        Assert.False(Differ(turbo, spring, 550, 620, turbo.Width - 550, turbo.Height - 620));
    }

    [Fact]
    public void Draw_Lesions_AreFramedOnThePhotograph()
    {
        // The photograph is 400 wide, its tile 520: 1.3 times; it starts (520 − 286)/2 = 117 below the tile's top. The frame's left edge is at 24 + 200·1.3 − 1 = 283.
        var panel = Draw(Peak, lesions: [new PanelLesion(new PixelBox(200, 100, 20, 20), "haemorrhage", 0.9)]);
        var pixel = panel.Row(58 + 117 + (int)(110 * 1.3)).Slice(3 * 283, 3).ToArray();
        Assert.True(pixel[2] > 200 && pixel[0] < 80, string.Join(' ', pixel));
        Assert.True(Differ(Draw(Peak), panel, 24, 58, 520, 520));
    }

    [Fact]
    public void Draw_LongWordsAndManyClasses_StayInsideThePanel()
    {
        var many = Enumerable.Range(0, 1000).Select(k => $"a class with a very long name that goes on and on, number {k}").ToArray();
        var report = Report with { Probabilities = [.. Enumerable.Repeat(0.001, 1000)], Image = new string('x', 300), GradeName = many[2] };
        var (photograph, prepared) = Photograph();
        var panel = ExplanationPanel.Draw(photograph, prepared, new PanelMap(Peak, 2, "Grad-CAM"), report, many);
        Assert.Equal(ExplanationPanel.Size, (panel.Width, panel.Height));
    }
}
