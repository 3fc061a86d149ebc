using Fovea.Detection;
using Fovea.Imaging;
using Fovea.Training.Detection;

namespace Fovea.Training.Tests.Detection;

public class BoxTests
{
    private static DetectedBox Found(float x, float score, int label = 1, float side = 10) => new(new Box(x, 0, x + side, side), label, score);

    /// <summary>From (0, 0, 10, 20) to (5, 10, 25, 20): the centre moves from (5, 10) to (15, 15), by 1 width and 1/4 height; the width doubles, the height halves.</summary>
    [Fact]
    public void Encode_HandWorked_AndBack()
    {
        var (from, to) = (new Box(0, 0, 10, 20), new Box(5, 10, 25, 20));
        var (dx, dy, dw, dh) = BoxCoder.Plain.Encode(from, to);
        Assert.Equal((1f, 0.25f), (dx, dy));
        Assert.Equal(Math.Log(2), dw, 1e-6);
        Assert.Equal(-Math.Log(2), dh, 1e-6);
        foreach (var coder in new[] { BoxCoder.Plain, BoxCoder.Refining })
        {
            var (a, b, c, d) = coder.Encode(from, to);
            var back = coder.Decode(from, [a, b, c, d]);
            Assert.True(Math.Abs(back.Left - 5) + Math.Abs(back.Top - 10) + Math.Abs(back.Right - 25) + Math.Abs(back.Bottom - 20) < 1e-4);
        }
        // A side grows to at most 1000/16 times.
        Assert.Equal(625, BoxCoder.Plain.Decode(from, [0, 0, 50, 0]).Width, 1e-2);
    }

    [Fact]
    public void Greedy_LabelsAndThreshold_AreHeeded()
    {
        // IoU of boxes 10 wide shifted by 5: 50 / 150 = 1/3
        DetectedBox[] boxes = [Found(0, 0.9f), Found(5, 0.8f), Found(5, 0.7f, label: 2)];
        Assert.Equal([boxes[0], boxes[2]], NonMaximumSuppression.Greedy(boxes, 0.3));
        Assert.Equal(boxes, NonMaximumSuppression.Greedy(boxes, 0.34));
        Assert.Empty(NonMaximumSuppression.Greedy([], 0.5));
    }

    /// <summary>Beyond 32 kept boxes neighbours are looked up in cells: the same as by comparing all.</summary>
    [Fact]
    public void Greedy_ManyBoxes_EqualsComparingAll()
    {
        var random = SeededRandom.For(5);
        DetectedBox[] boxes = [.. Enumerable.Range(0, 1500).Select(_ =>
        {
            var (x, y, side) = ((float)random.NextDouble(-50, 2000), (float)random.NextDouble(-50, 1500), (float)random.NextDouble(4, random.NextInt(10) == 0 ? 900 : 60));
            return new DetectedBox(new Box(x, y, x + side, y + side), 1, (float)random.NextDouble());
        })];
        var kept = new List<DetectedBox>();
        foreach (var box in boxes.OrderByDescending(b => b.Score))
            if (!kept.Any(k => k.Bounds.IntersectionOverUnion(box.Bounds) > 0.3)) kept.Add(box);
        Assert.Equal(kept, NonMaximumSuppression.Greedy(boxes, 0.3));
    }

    /// <summary>IoU 1/3: 0.8·exp(−(1/3)²/0.5) = 0.8·exp(−2/9) = 0.6406.</summary>
    [Fact]
    public void Soft_Neighbour_LosesScoreByItsOverlap()
    {
        var result = NonMaximumSuppression.Soft([Found(0, 0.9f), Found(5, 0.8f), Found(100, 0.5f)]);
        Assert.Equal([0.9f, 0.8f * MathF.Exp(-2f / 9), 0.5f], result.Select(r => r.Score), (a, b) => Math.Abs(a - b) < 1e-5);
        Assert.Equal(2, NonMaximumSuppression.Soft([Found(0, 0.9f), Found(0, 0.8f), Found(100, 0.5f)], 0.1f, 0.01f).Length); // a twin is e⁻¹⁰ of itself
    }

    /// <summary>Scores 0.6 and 0.2 at 0 and 4: the mean lies a quarter of the way; the mean score is 0.4, of which two thirds are left where only two of three models saw it.</summary>
    [Fact]
    public void Fuse_TwoBoxes_GivesTheirWeightedMean()
    {
        var fused = Assert.Single(WeightedBoxFusion.Fuse([Found(0, 0.6f), Found(4, 0.2f)], 0.3));
        Assert.Equal(1, fused.Bounds.Left, 1e-5);
        Assert.Equal(11, fused.Bounds.Right, 1e-5);
        Assert.Equal(0.4, fused.Score, 1e-6);
        Assert.Equal(0.4 * 2 / 3, Assert.Single(WeightedBoxFusion.Fuse([Found(0, 0.6f), Found(4, 0.2f)], 0.3, sources: 3)).Score, 1e-6);
        Assert.Equal(2, WeightedBoxFusion.Fuse([Found(0, 0.6f), Found(4, 0.2f, label: 2)], 0.3).Length);
    }

    [Fact]
    public void Of_TileGrid_CoversThePhotographAndOverlaps()
    {
        foreach (var (w, h) in new[] { (4288, 2848), (1024, 1024), (1025, 700), (300, 200) })
        {
            var tiles = TileGrid.Of(w, h, new TileSettings(1024, 128));
            for (var x = 0; x < w; x += 37)
                for (var y = 0; y < h; y += 41) Assert.Contains(tiles, t => x >= t.X && x < t.X + t.Width && y >= t.Y && y < t.Y + t.Height);
            foreach (var column in tiles.Select(t => t.X).Distinct().Order().ToArray() is { Length: > 1 } xs ? xs.Zip(xs.Skip(1)) : []) Assert.True(column.First + 1024 - column.Second >= 128);
            Assert.All(tiles, t => Assert.True(t.X >= 0 && t.Y >= 0 && t.X + t.Width <= w && t.Y + t.Height <= h));
        }
        Assert.Equal(20, TileGrid.Of(4288, 2848, new TileSettings(1024, 128)).Count); // ⌈4160/896⌉ × ⌈2720/896⌉ = 5 × 4
    }

    /// <summary>
    /// Every lesion up to the overlap, wherever it lies: whole in at least one tile that owns it; and no part of it, cut by a seam, is owned by another.
    /// </summary>
    [Fact]
    public void Owns_LesionAnywhere_IsWholeInAnOwnerAndItsPartsAreNobodys()
    {
        var settings = new TileSettings(256, 64);
        var tiles = TileGrid.Of(600, 500, settings);
        var random = SeededRandom.For(9);
        for (var i = 0; i < 3000; i++)
        {
            var side = (float)random.NextDouble(4, 48);
            var (x, y) = ((float)random.NextDouble(0, 600 - side), (float)random.NextDouble(0, 500 - side));
            var lesion = new Box(x, y, x + side, y + side);
            var owners = 0;
            foreach (var tile in tiles)
            {
                var local = lesion.Moved(-tile.X, -tile.Y);
                var seen = local.Clipped(tile.Width, tile.Height);
                if (!seen.HasArea || !tile.Owns(seen, settings.Overlap)) continue;
                Assert.True(seen == local, $"a part of {lesion} belongs to the tile at {tile.X}, {tile.Y}");
                owners++;
            }
            Assert.InRange(owners, 1, 4);
        }
    }

    /// <summary>
    /// Discs drawn anywhere, on seams and corners of tiles too, looked for by an eye that finds all dark regions of a tile, also those that its edge cuts: each is found once, whole, in the photograph's pixels.
    /// </summary>
    [Fact]
    public void Run_DiscsOnSeams_AreFoundOnce()
    {
        var random = SeededRandom.For(11);
        for (var round = 0; round < 20; round++)
        {
            var image = Image.Filled(500, 400, 3, new Colour(200, 100, 50));
            var discs = new List<Box>();
            for (var tries = 0; tries < 300; tries++)
            {
                var (r, x, y) = (2 + random.NextInt(14), 16 + random.NextInt(468), 16 + random.NextInt(368));
                var disc = new Box(x - r, y - r, x + r + 1, y + r + 1);
                if (discs.Any(d => d.Intersection(new Box(disc.Left - 3, disc.Top - 3, disc.Right + 3, disc.Bottom + 3)) > 0)) continue;
                discs.Add(disc);
                for (var py = y - r; py <= y + r; py++)
                    for (var px = x - r; px <= x + r; px++) image.Row(py)[3 * px] = 100; // squares, so that edges are exact
            }
            foreach (var merging in Enum.GetValues<TileMerging>())
            {
                var found = TiledSearch.Run(image, new TileSettings(160, 48), merging, 0.3, Dark, TestContext.Current.CancellationToken);
                Assert.Equal(discs.OrderBy(d => d.Left).ThenBy(d => d.Top), found.Select(f => f.Bounds).OrderBy(d => d.Left).ThenBy(d => d.Top));
            }
        }

        static IReadOnlyList<DetectedBox> Dark(Image tile)
        {
            var mask = new Image(tile.Width, tile.Height, 1);
            for (var i = 0; i < mask.Pixels.Length; i++) mask.Pixels[i] = tile.Pixels[3 * i] == 100 ? (byte)255 : (byte)0;
            return [.. mask.ConnectedComponents().Components.Select(c => new DetectedBox(new Box(c.X, c.Y, c.X + c.Width, c.Y + c.Height), 1, 0.5f))];
        }
    }

    [Fact]
    public void Match_AnchorGrids_EqualsComparingAll()
    {
        var layout = AnchorLayout.Of([[8, 12], [16, 24]], 0.6f, 1, 1.6f);
        var grids = new AnchorGenerator(layout).For((96, 128), [(24, 32), (12, 16)]);
        Box[] all = [.. grids.SelectMany(g => Enumerable.Range(0, g.Count).Select(i => g[i]))];
        Box[] truth = [new(10, 10, 22, 20), new(11, 11, 21, 21), new(100, 60, 118, 75), new(0, 0, 4, 5)];
        foreach (var matcher in new[] { Matcher.Anchors, Matcher.Proposals, new Matcher(0.5f, 0.2f, true) })
            Assert.Equal(matcher.Match(all, truth), matcher.Match(grids, truth));
        Assert.All(Matcher.Anchors.Match(grids, []), m => Assert.Equal(Matcher.Background, m));
    }

    /// <summary>IoU 1, 1/3 and 0 with thresholds 0.7 and 0.3: positive, ignored, background; the second box's best is the first candidate, which overlaps the first more.</summary>
    [Fact]
    public void Match_ThreeCandidates_AreSortedByOverlap()
    {
        Box[] candidates = [new(0, 0, 10, 10), new(5, 0, 15, 10), new(50, 0, 60, 10)];
        Assert.Equal([0, Matcher.Ignored, Matcher.Background], new Matcher(0.7f, 0.3f).Match(candidates, [new Box(0, 0, 10, 10)]));
        // Alone, the box at 52 has only the third candidate, with IoU 80/120 = 2/3 below 0.7: its best all the same.
        Assert.Equal([Matcher.Background, Matcher.Background, 0], Matcher.Anchors.Match(candidates, [new Box(52, 0, 62, 10)]));
        Assert.Equal([Matcher.Background, Matcher.Background, Matcher.Ignored], new Matcher(0.7f, 0.3f).Match(candidates, [new Box(52, 0, 62, 10)]));
    }

    [Fact]
    public void Sample_TenOfHundred_KeepsSharesAndSeeds()
    {
        bool? Kind(int i) => i < 20 ? true : i < 90 ? false : null;
        var sampler = new BalancedSampler(10, 0.25);
        var (positive, background) = sampler.Sample(100, Kind, SeededRandom.For(1));
        Assert.Equal((2, 8), (positive.Length, background.Length));
        Assert.All(positive, i => Assert.True(Kind(i)));
        Assert.All(background, i => Assert.False(Kind(i)));
        Assert.Equal(background.Distinct().Order(), background);
        Assert.Equal(background, sampler.Sample(100, Kind, SeededRandom.For(1)).Background);
        Assert.NotEqual(background, sampler.Sample(100, Kind, SeededRandom.For(2)).Background);
        Assert.Equal([0, 1], sampler.Sample(100, Kind, null).Positive);
        // Half of eight are the four that look most like lesions.
        var (_, hard) = (sampler with { HardShare = 0.5 }).Sample(100, Kind, SeededRandom.For(1), i => i);
        Assert.Equal([86, 87, 88, 89], hard[^4..]);
    }

    [Fact]
    public void Fit_TwoSizesOfBoxes_GivesAnchorsOfThose()
    {
        var layout = AnchorLayout.Of([[8], [16]], 1);
        Box[] boxes = [.. Enumerable.Range(0, 40).Select(i => new Box(0, 0, i % 2 == 0 ? 10 : 40, i % 2 == 0 ? 10 : 40))];
        Assert.Equal([10f, 40f], AnchorClustering.Fit(layout, boxes, 1).Sizes.Select(s => s[0]));
        Assert.Equal([8f, 40f], AnchorClustering.Fit(layout, boxes[1..2], 1).Sizes.Select(s => s[0])); // a level without boxes keeps its sizes
    }

    /// <summary>Levels part at √(8·16) = 11.3: many boxes of 10 and 11 pixels take no anchor from the second level, whose stride would pass over them.</summary>
    [Fact]
    public void Fit_OnlySmallBoxes_LeavesTheCoarseLevelItsSize()
    {
        Box[] boxes = [.. Enumerable.Range(0, 40).Select(i => new Box(0, 0, 10 + i % 2, 10 + i % 2))];
        var sizes = AnchorClustering.Fit(AnchorLayout.Of([[6, 8], [16, 24]], 1), boxes, 1).Sizes;
        Assert.Equal([10f, 11f], sizes[0]);
        Assert.Equal([16f, 24f], sizes[1]);
    }
}
