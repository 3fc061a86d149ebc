using Fovea.Imaging;
using Fovea.Training.Augmentation;
using Fovea.Training.Data.Lesions;
using Fovea.Training.Detection;

namespace Fovea.Training.Tests.Detection;

public class TileRegionTests
{
    private static Image Photograph(int width, int height)
    {
        var image = new Image(width, height, 3);
        for (var y = 0; y < height; y++)
            for (var x = 0; x < width; x++) (image.Pixels[3 * (y * width + x)], image.Pixels[3 * (y * width + x) + 1]) = ((byte)x, (byte)y);
        return image;
    }

    [Fact]
    public void Cut_BoxesAtTheEdge_AreCutOrLeftOut()
    {
        MarkedBox[] boxes = [new(45, 25, 65, 35, 1), new(30, 10, 50, 30, 2), new(95, 60, 105, 70, 3), new(0, 0, 10, 10, 1)];
        var (tile, found) = new TileRegion(40, 20, 64).Cut(Photograph(200, 100), boxes, 64, leastShare: 0.4);
        Assert.Equal((40, 20), (tile.Pixels[0], tile.Pixels[1]));
        // The second shows 10 × 10 of 20 × 20, a quarter: left out. The third shows 9 of 10 columns.
        Assert.Equal([new MarkedBox(5, 5, 25, 15, 1), new MarkedBox(55, 40, 64, 50, 3)], found);
        // Twice as large a square at the same tile: everything at half size.
        var (half, halves) = new TileRegion(40, 20, 64).Cut(Photograph(200, 100), boxes[..1], 32, 0.4);
        Assert.Equal((32, 32), (half.Width, half.Height));
        Assert.Equal([new MarkedBox(2.5, 2.5, 12.5, 7.5, 1)], halves);
    }

    [Fact]
    public void Cut_BeyondThePhotograph_IsBlackThere()
    {
        var (tile, found) = new TileRegion(-12, -32, 64).Cut(Photograph(40, 30), [new MarkedBox(0, 0, 10, 10, 1)], 64, 0.4);
        Assert.Equal(0, tile.Pixels[0]);
        Assert.Equal((5, 3), (tile.Pixels[3 * ((32 + 3) * 64 + 12 + 5)], tile.Pixels[3 * ((32 + 3) * 64 + 12 + 5) + 1]));
        Assert.Equal([new MarkedBox(12, 32, 22, 42, 1)], found);
    }

    [Fact]
    public void Draw_WithLesions_ShowsTheRareKindAsOften()
    {
        var recipe = new TileRecipe { Side = 64, AnywhereShare = 0 };
        MarkedBox[] boxes = [.. Enumerable.Range(0, 50).Select(i => new MarkedBox(10 + i, 10, 16 + i, 16, 1)), new(300, 200, 320, 210, 2)];
        var rare = 0;
        for (var i = 0; i < 400; i++)
        {
            var region = TileRegion.Draw(400, 300, boxes, recipe, SeededRandom.For(3, (ulong)i));
            Assert.True(region.X >= 0 && region.Y >= 0 && region.X + 64 <= 400 && region.Y + 64 <= 300);
            if (region.X <= 300 && region.X + 64 >= 320 && region.Y <= 200 && region.Y + 64 >= 210) rare++;
        }
        Assert.InRange(rare, 160, 240); // half of 400, ± 4 standard deviations
    }

    /// <summary>Kind 1 on all four photographs, kind 2 on one: drawn 4 times as often where it is, 4/5 of 400 ± 4 standard deviations.</summary>
    [Fact]
    public void Draw_KindOfFewPhotographs_ComesMoreOftenWhereItIs()
    {
        var recipe = new TileRecipe { Side = 64, AnywhereShare = 0 };
        MarkedBox common = new(10, 10, 16, 16, 1), rare = new(300, 200, 320, 210, 2);
        var weights = TileRegion.KindWeights([.. Enumerable.Range(0, 4).Select(i => new TrainingPhotograph(i, "", i == 0 ? [common, common, rare] : [common]))]);
        Assert.Equal((0.25, 1), (weights[1], weights[2]));
        var count = Enumerable.Range(0, 400).Count(i => TileRegion.Draw(400, 300, [common, rare], recipe, SeededRandom.For(3, (ulong)i), weights).X > 200);
        Assert.InRange(count, 288, 352);
    }

    /// <summary>Two squares a pixel apart are one region once gaps are closed; a lone pixel is noise.</summary>
    [Fact]
    public void Of_Mask_JoinsWhatNearlyTouches()
    {
        var mask = new Image(40, 30, 1);
        void Fill(int x0, int y0, int x1, int y1)
        {
            for (var y = y0; y < y1; y++) mask.Row(y)[x0..x1].Fill(255);
        }
        Fill(5, 5, 10, 10);
        Fill(11, 5, 15, 10);
        Fill(20, 20, 26, 23);
        mask.Row(28)[35] = 255;
        var boxes = MaskBoxes.Of(mask, LesionKind.HardExudate).Select(b => b.Bounds).ToArray();
        Assert.Equal([new MarkedBox(5, 5, 15, 10, 2), new MarkedBox(20, 20, 26, 23, 2)], boxes);
    }
}
