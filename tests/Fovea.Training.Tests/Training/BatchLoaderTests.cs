using Fovea.Imaging;
using Fovea.Training.Augmentation;
using Fovea.Training.Preparation;
using Fovea.Training.Training;

namespace Fovea.Training.Tests.Training;

public sealed class BatchLoaderTests
{
    private static readonly PreparedSet Set = new(
        [.. Enumerable.Range(0, 13).Select(i => $"{i}")], [.. Enumerable.Range(0, 13).Select(i => Image.Filled(6, 5, 3, Colour.Grey((byte)(10 * i))))],
        [.. Enumerable.Range(0, 13).Select(i => i % 5)], [.. Enumerable.Range(0, 13)]);

    private static readonly AugmentationSpec Mixing = new()
    {
        FlipHorizontal = true, Rotation = Strength.PlusMinus(20), Noise = Strength.UpTo(5), Mixup = new() { Alpha = 1, Probability = 0.5 }, Cutmix = new() { Alpha = 1, Probability = 0.5 },
    };

    /// <summary>A batch's memory is used again, so that tests copy it.</summary>
    private static List<(int Step, byte[] Pixels, long[] Labels, long[]? Others, float[]? Shares)> Epoch(AugmentationSpec spec, int batch, int epoch, int firstStep = 0) =>
        [.. new BatchLoader(Set, spec, batch, 7).Epoch(epoch, firstStep, CancellationToken.None)
            .Select(b => (b.Step, b.Pixels.ToArray(), b.Labels.ToArray(), b.OtherLabels?.ToArray(), b.Shares?.ToArray()))];

    [Fact]
    public void Epoch_WithoutAugmentation_GivesEachImageOnceWithItsLabel()
    {
        var batches = Epoch(new AugmentationSpec(), 4, 0);
        Assert.Equal([0, 1, 2], batches.Select(b => b.Step));
        var seen = batches.SelectMany(b => Enumerable.Range(0, 4).Select(i => (Sample: b.Pixels[i * 90] / 10, Label: b.Labels[i]))).ToArray();
        Assert.Equal(12, seen.Select(s => s.Sample).Distinct().Count()); // the 13th waits for another order
        Assert.All(seen, s => Assert.Equal(s.Sample % 5, s.Label));
        Assert.All(batches, b => Assert.True(b.Others is null && b.Shares is null));
        Assert.NotEqual(seen.Select(s => s.Sample), Epoch(new AugmentationSpec(), 4, 1).SelectMany(b => Enumerable.Range(0, 4).Select(i => b.Pixels[i * 90] / 10)));
    }

    [Fact]
    public void Epoch_FromAStep_IsTheRestOfTheSame()
    {
        var (whole, rest) = (Epoch(Mixing, 3, 2), Epoch(Mixing, 3, 2, firstStep: 2));
        Assert.Equal([2, 3], rest.Select(b => b.Step));
        foreach (var (a, b) in whole.Skip(2).Zip(rest))
        {
            Assert.Equal(a.Pixels, b.Pixels);
            Assert.Equal(a.Labels, b.Labels);
            Assert.Equal(a.Others, b.Others);
            Assert.Equal(a.Shares, b.Shares);
        }
    }

    [Fact]
    public void Epoch_OfRanks_IsPutTogetherTheSame()
    {
        // 5 of 13 images a step: the shares of three ranks are 1, 2 and 2; mixing takes the neighbour in the next share, and the last rank's that of the first.
        (int, int)[] shares = [(0, 1), (1, 2), (3, 2)];
        var whole = Epoch(Mixing, 5, 2);
        var ranks = shares.Select(share => new BatchLoader(Set, Mixing, 5, 7, share: _ => share).Epoch(2, 0, CancellationToken.None)
            .Select(b => (Pixels: b.Pixels.ToArray(), Labels: b.Labels.ToArray(), Others: b.OtherLabels!.ToArray(), Shares: b.Shares!.ToArray())).ToArray()).ToArray();
        for (var step = 0; step < whole.Count; step++)
        {
            Assert.Equal(whole[step].Pixels, ranks.SelectMany(r => r[step].Pixels));
            Assert.Equal(whole[step].Labels, ranks.SelectMany(r => r[step].Labels));
            Assert.Equal(whole[step].Others!, ranks.SelectMany(r => r[step].Others));
            Assert.Equal(whole[step].Shares!, ranks.SelectMany(r => r[step].Shares));
        }
    }

    [Fact]
    public void Epoch_OfOtherBatchSizes_AugmentsASampleAlike()
    {
        // Without mixing an image depends on (seed, epoch, sample) alone, not on its neighbours.
        var spec = Mixing with { Mixup = null, Cutmix = null };
        byte[] Pixels(int batch) => [.. Epoch(spec, batch, 1).SelectMany(b => b.Pixels).Take(12 * 90)];
        Assert.Equal(Pixels(4), Pixels(6));
        Assert.Equal(Pixels(4), Pixels(12));
    }

    [Fact]
    public void Epoch_Mixup_AddsTheNeighbourAndBothLabels()
    {
        foreach (var b in Epoch(new AugmentationSpec { Mixup = new() { Alpha = 1, Probability = 1 } }, 4, 3))
        {
            for (int i = 0; i < 4; i++)
            {
                Assert.Equal(b.Labels[(i + 1) % 4], b.Others![i]);
                float share = b.Shares![i];
                Assert.InRange(share, 0, 1);
            }
            // Grey images: each is share·own + (1 − share)·next; with the four own values unknown but tens, the labels tell them modulo 50.
            var plain = Epoch(new AugmentationSpec(), 4, 3)[b.Step];
            for (int i = 0; i < 4; i++) Assert.Equal(b.Shares![i] * plain.Pixels[i * 90] + (1 - b.Shares[i]) * plain.Pixels[(i + 1) % 4 * 90], b.Pixels[i * 90], 0.51);
        }
    }

    [Fact]
    public void Epoch_LeftEarly_LeavesNoWorkerBehind()
    {
        // A later epoch on the same loader is untouched by one that was left.
        var loader = new BatchLoader(Set, Mixing, 3, 7);
        foreach (var _ in loader.Epoch(0, 0, CancellationToken.None)) break;
        var again = loader.Epoch(0, 0, CancellationToken.None).Select(b => b.Pixels.ToArray()).ToArray();
        Assert.Equal(Epoch(Mixing, 3, 0).Select(b => b.Pixels), again);
    }

    [Fact]
    public void Epoch_AllocatesNothingPerImage()
    {
        var images = Enumerable.Range(0, 400).Select(i => Image.Filled(32, 32, 3, Colour.Grey((byte)(i / 2)))).ToArray();
        var set = new PreparedSet([.. images.Select((_, i) => $"{i}")], images, new int[400], [.. Enumerable.Range(0, 400)]);
        var spec = new AugmentationSpec { FlipVertical = true, Rotation = Strength.PlusMinus(90), GridDistortion = Strength.UpTo(0.3, 0.5), Brightness = Strength.PlusMinus(0.2), Noise = Strength.UpTo(4), Blur = Strength.UpTo(1) };
        var (augmenter, scratch, result) = (new Augmenter(spec), new AugmentationScratch(32, 32), new byte[32 * 32 * 3]);
        void All()
        {
            for (int i = 0; i < 400; i++) augmenter.Apply(set.Images[i].Pixels, result, new AugmentationKey(1, 0, (ulong)i), scratch);
        }
        All();
        long before = GC.GetAllocatedBytesForCurrentThread();
        All();
        Assert.InRange(GC.GetAllocatedBytesForCurrentThread() - before, 0, 400 * 16);
    }

    [Fact]
    public void Epoch_ClassSampling_EvensTheClassesOutAndIsTheSameAgain()
    {
        // 8 images of class 0, 4 of class 1, 1 of class 2: with power 1 each class has a third of the 13 draws, with power ½ shares of √8 : √4 : √1.
        int[] labels = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2];
        var set = Set with { Labels = labels };
        (long[] Labels, byte[] Pixels, ulong[] Draws) Drawn(double power, int epoch)
        {
            var batch = new BatchLoader(set, new AugmentationSpec(), 13, 7, power).Epoch(epoch, 0, CancellationToken.None).Single();
            return ([.. batch.Labels], [.. batch.Pixels], [.. batch.Draws]);
        }
        var counts = new double[3];
        for (var epoch = 0; epoch < 30; epoch++)
        {
            var drawn = Drawn(1, epoch);
            foreach (var label in drawn.Labels) counts[label]++;
            // The one image of class 2 comes four or five times, each time with chance of its own.
            Assert.InRange(drawn.Labels.Count(l => l == 2), 4, 5);
            Assert.Equal(13, drawn.Draws.Distinct().Count());
            for (var i = 0; i < 13; i++) Assert.Equal(labels[drawn.Pixels[i * 90] / 10], drawn.Labels[i]);
        }
        Assert.All(counts, count => Assert.InRange(count, 30 * 13 / 3 - 8, 30 * 13 / 3 + 8));
        Assert.Equal(Drawn(1, 3).Pixels, Drawn(1, 3).Pixels);
        Assert.NotEqual(Drawn(1, 3).Pixels, Drawn(1, 4).Pixels);
        var half = Enumerable.Range(0, 30).SelectMany(epoch => Drawn(0.5, epoch).Labels).Count(l => l == 2);
        Assert.InRange(half, 30 * 13 * 1 / (Math.Sqrt(8) + 2 + 1) - 8, 30 * 13 * 1 / (Math.Sqrt(8) + 2 + 1) + 8);
    }
}
