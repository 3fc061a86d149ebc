using Fovea.Training.Data;
using Fovea.Training.Splits;
using FsCheck;
using FsCheck.Fluent;

namespace Fovea.Training.Tests.Splits;

public sealed class SplitTests
{
    /// <summary>Samples without files: splits look at ids, labels and patients only.</summary>
    private static Dataset Data(IEnumerable<(int Label, string? Patient)> samples, int classes = 5) =>
        new("data", classes == 5 ? "csv" : "folders", classes == 5 ? Dataset.GradeNames : Enumerable.Range(0, classes).Select(c => $"class {c}").ToArray(),
            samples.Select((s, i) => new Sample($"img_{i:00000}", s.Label) { Patient = s.Patient }).ToArray());

    private static int[] All(Dataset data) => [.. Enumerable.Range(0, data.Samples.Count)];

    private static Split Folds(Dataset data, int folds, ulong seed) => Split.KFold(data, All(data), PictureGroups.Of(data.Samples, null), folds, seed);

    private static Split Parts(Dataset data, double[] shares, ulong seed) => Split.HoldOut(data, All(data), PictureGroups.Of(data.Samples, null), shares, seed);

    /// <summary>[part][class]: how many images more than its share a part has.</summary>
    private static double[][] Excess(Dataset data, Split split, double[] shares)
    {
        var totals = data.CountClasses(data.Samples);
        return [.. shares.Select((share, p) => data.CountClasses(split.Entries.Where(e => e.Part == p).Select(e => data.Samples[data.Find(e.Image)!.Value]))
            .Select((n, c) => n - share * totals[c]).ToArray())];
    }

    /// <summary>A data set in which every class has at least six images: the rest, their patients and the seed are free.</summary>
    private static Arbitrary<(Dataset Data, ulong Seed)> AnyData(int imagesPerPatient) =>
        (from extra in Gen.ArrayOf(Gen.Choose(0, 4))
         from seed in Gen.Choose(0, int.MaxValue)
         select (Make([.. Enumerable.Range(0, 30 * imagesPerPatient).Select(i => i / 2 % 5), .. extra], seed, imagesPerPatient), (ulong)seed)).ToArbitrary();

    private static Dataset Make(int[] labels, int seed, int imagesPerPatient)
    {
        var random = SeededRandom.For((ulong)seed, 99);
        return Data(labels.Select(l => (l, imagesPerPatient == 1 ? null : (string?)$"patient {random.NextInt(1 + labels.Length / imagesPerPatient)}")));
    }

    private static readonly Config Check1 = Config.QuickThrowOnFailure.WithMaxTest(100);

    private static void ForAny(int imagesPerPatient, Func<Dataset, ulong, bool> holds) =>
        Check.One(Check1, Prop.ForAll(AnyData(imagesPerPatient), pair => holds(pair.Data, pair.Seed)));

    [Fact]
    public void KFold_AnyData_EveryImageOnce() => ForAny(1, (data, seed) =>
        Folds(data, 5, seed).Entries.Select(e => (e.Image, e.Grade)).SequenceEqual(data.Samples.Select(s => (s.Id, s.Label))));

    [Fact]
    public void KFold_SingleImages_EveryClassWithinOneOfItsShare() => ForAny(1, (data, seed) =>
        Excess(data, Folds(data, 5, seed), [.2, .2, .2, .2, .2]).All(part => part.All(excess => Math.Abs(excess) < 1)));

    [Fact]
    public void HoldOut_SingleImages_EveryClassWithinOneOfItsShare() => ForAny(1, (data, seed) =>
        Excess(data, Parts(data, [.7, .15, .15], seed), [.7, .15, .15]).All(part => part.All(excess => Math.Abs(excess) < 1)));

    // 20,000 images: what a preference for the emptier part would do to large sets.
    [Fact]
    public void HoldOut_ManySingleImages_EveryClassWithinOneOfItsShare()
    {
        var random = new SeededRandom(3);
        var data = Data(Enumerable.Range(0, 20_000).Select(i => ((int)(5 * Math.Pow(random.NextDouble(), 3)), (string?)null)));
        Assert.All(Excess(data, Parts(data, [.7, .2, .1], 9), [.7, .2, .1]), part => Assert.All(part, excess => Assert.InRange(excess, -1, 1)));
    }

    [Fact]
    public void KFold_Patients_NoneCrosses() => ForAny(2, (data, seed) =>
    {
        var partOf = Folds(data, 3, seed).Entries.ToDictionary(e => e.Image, e => e.Part);
        return data.Samples.GroupBy(s => s.Patient).All(patient => patient.Select(s => partOf[s.Id]).Distinct().Count() == 1);
    });

    // No exact bound holds for groups of mixed classes; the largest group is what one decision can move.
    [Fact]
    public void KFold_Patients_EveryClassWithinTheLargestGroupOfItsShare() => ForAny(2, (data, seed) =>
    {
        var largest = data.Samples.GroupBy(s => s.Patient).Max(g => g.Count());
        return Excess(data, Folds(data, 3, seed), [1 / 3.0, 1 / 3.0, 1 / 3.0]).All(part => part.All(excess => Math.Abs(excess) <= largest));
    });

    [Fact]
    public void KFold_SameSeed_SameSplit() => ForAny(2, (data, seed) => Folds(data, 3, seed).Entries.SequenceEqual(Folds(data, 3, seed).Entries));

    [Fact]
    public void KFold_OtherSeed_OtherSplit() => ForAny(1, (data, seed) => !Folds(data, 5, seed).Entries.SequenceEqual(Folds(data, 5, seed + 1).Entries));

    [Fact]
    public void Write_ThenRead_SameEntries() => ForAny(2, (data, seed) =>
    {
        using var folder = new TestFolder();
        var (folds, parts) = (Folds(data, 3, seed), Parts(data, [.5, .5], seed));
        folds.Write(folder["folds.csv"]);
        parts.Write(folder["parts.csv"]);
        var (readFolds, readParts) = (Split.Read(folder["folds.csv"]), Split.Read(folder["parts.csv"]));
        return readFolds.FoldCount == 3 && readFolds.Entries.SequenceEqual(folds.Entries) && readParts.FoldCount == 0 && readParts.Entries.SequenceEqual(parts.Entries)
            && readFolds.PartOf(data).SequenceEqual(folds.Entries.Select(e => e.Part));
    });

    /// <summary>Some images joined by patients, some by pictures that are copies: the groups are what that makes together.</summary>
    private static int[] GroupsWithCopies(Dataset data, ulong seed)
    {
        var random = SeededRandom.For(seed, 7);
        int[] picture = [.. data.Samples.Select(_ => random.NextInt(data.Samples.Count))];
        var looks = Enumerable.Range(0, 12).Select(i => ImageFingerprint.Of(Tests.Data.Pictures.Noise((ulong)i, 24, 18))).ToArray();
        // Twelve pictures, each shown by the images that drew its number; the others show none.
        return PictureGroups.Of(data.Samples, Duplicates.Of([.. data.Samples.Select(s => s.Id)], [.. picture.Select(p => p < looks.Length ? looks[p] : null)], TestContext.Current.CancellationToken));
    }

    private static bool NoGroupCrosses(Dataset data, int[] groups, Split split) => split.Entries.Where(e => e.Part != Split.Unused)
        .GroupBy(e => groups[data.Find(e.Image)!.Value]).All(group => group.Select(e => e.Part).Distinct().Count() == 1);

    [Fact]
    public void EverySplit_PatientsAndCopies_NoneCrosses() => ForAny(2, (data, seed) =>
    {
        var groups = GroupsWithCopies(data, seed);
        var chosen = GroupSplitter.SubSample([.. data.Samples.Select(s => s.Label)], groups, data.Samples.Count * 3 / 4, seed);
        int[] taken = [.. All(data).Where(i => chosen[i])];
        // A sub-sample may have too few groups of a class to divide; whole sets have enough.
        return NoGroupCrosses(data, groups, Split.KFold(data, All(data), groups, 2, seed))
            && NoGroupCrosses(data, groups, Split.HoldOut(data, All(data), groups, [.7, .3], seed))
            && !taken.Select(i => groups[i]).Intersect(All(data).Except(taken).Select(i => groups[i])).Any();
    });

    [Fact]
    public void SubSample_SingleImages_EveryClassWithinOneOfItsShare() => ForAny(1, (data, seed) =>
    {
        var chosen = GroupSplitter.SubSample([.. data.Samples.Select(s => s.Label)], All(data), data.Samples.Count / 3, seed);
        var (totals, taken) = (data.CountClasses(data.Samples), data.CountClasses(data.Samples.Where((_, i) => chosen[i])));
        return Enumerable.Range(0, 5).All(c => Math.Abs(taken[c] - totals[c] * (data.Samples.Count / 3) / (double)data.Samples.Count) < 1);
    });

    [Fact]
    public void SubSample_Patients_EveryClassWithinTheLargestGroupOfItsShare() => ForAny(2, (data, seed) =>
    {
        var groups = PictureGroups.Of(data.Samples, null);
        var chosen = GroupSplitter.SubSample([.. data.Samples.Select(s => s.Label)], groups, data.Samples.Count / 2, seed);
        var (totals, taken) = (data.CountClasses(data.Samples), data.CountClasses(data.Samples.Where((_, i) => chosen[i])));
        var largest = groups.CountBy(g => g).Max(g => g.Value);
        return Enumerable.Range(0, 5).All(c => Math.Abs(taken[c] - totals[c] / 2.0) <= largest);
    });

    // Kermany's set as the OCT system sampled it: 60,000 of 83,495 scans, shares 44.6, 13.6, 10.3 and 31.5 %.
    [Fact]
    public void SubSample_KermanysShares_Kept()
    {
        int[] labels = [.. Enumerable.Range(0, 83_495).Select(i => i / 83.495).Select(share => share < 446 ? 0 : share < 582 ? 1 : share < 685 ? 2 : 3)];
        var chosen = GroupSplitter.SubSample(labels, [.. Enumerable.Range(0, labels.Length)], 60_000, 42);
        var counts = labels.Where((_, i) => chosen[i]).CountBy(l => l).OrderBy(c => c.Key).Select(c => c.Value / 60_000.0).ToArray();
        Assert.Equal([.446, .136, .103, .315], counts.Select(c => Math.Round(c, 3)));
        Assert.InRange(chosen.Count(c => c), 59_998, 60_002);
    }

    [Fact]
    public void WithUnused_WriteThenRead_UnusedStaysUnused()
    {
        using var folder = new TestFolder();
        var data = Data(Enumerable.Range(0, 60).Select(i => (i % 5, (string?)$"p{i / 2}")));
        var groups = PictureGroups.Of(data.Samples, null);
        foreach (var split in new[] { Split.HoldOut(data, [.. Enumerable.Range(20, 40)], groups, [.5, .5], 1), Split.KFold(data, [.. Enumerable.Range(20, 40)], groups, 2, 1) })
        {
            var full = split.WithUnused(data, Enumerable.Range(0, 20), groups);
            Assert.Equal(data.Samples.Select(s => s.Id), full.Entries.Select(e => e.Image));
            full.Write(folder["s.csv"]);
            var read = Split.Read(folder["s.csv"]);
            Assert.Equal(full.Entries, read.Entries);
            Assert.Equal(split.FoldCount, read.FoldCount);
            Assert.All(read.PartOf(data)[..20], part => Assert.Equal(Split.Unused, part));
            Assert.All(read.PartOf(data)[20..], part => Assert.InRange(part, 0, 1));
        }
    }

    [Fact]
    public void PartOf_PatientOnBothSides_Refused()
    {
        using var folder = new TestFolder();
        var data = Data([(0, "p"), (1, null), (0, "p")], classes: 2);
        var path = folder.Write("s.csv", "image,grade,part\nimg_00000,0,train\nimg_00001,1,train\nimg_00002,0,val\n");
        Assert.Contains("images 'img_00000' and 'img_00002' are one patient's or one picture's and lie in different parts", Assert.Throws<DatasetException>(() => Split.Read(path).PartOf(data)).Message, StringComparison.Ordinal);
        data = Data([(0, null), (1, null), (0, null)], classes: 2);
        Assert.Equal([0, 0, 1], Split.Read(path).PartOf(data));
        Assert.Throws<DatasetException>(() => Split.Read(path).PartOf(data, [0, 1, 0])); // the same by a copied picture
    }

    [Fact]
    public void OfficialParts_JoinedSets_CopiesOfAnotherSetsTestPartDoNotTrain()
    {
        Sample[] samples = [new("a/0", 0) { Origin = "a", Part = SamplePart.Training }, new("a/1", 1) { Origin = "a", Part = SamplePart.Test }, new("b/0", 0) { Origin = "b" }, new("b/1", 1) { Origin = "b" }];
        var data = new Dataset("a + b", "csv", ["x", "y"], samples);
        Assert.Equal([0, 2, 0, 0], OfficialParts.Of(data, [0, 1, 2, 3]));
        Assert.Equal([0, 2, 0, Split.Unused], OfficialParts.Of(data, [0, 1, 2, 1])); // b/1 shows what a/1 shows
        Assert.Equal([0, 2, 0, 0], OfficialParts.Of(data, [1, 1, 2, 3]));            // as published, within one set
    }

    [Fact]
    public void Read_SplitOfARun_KnowsItsFolds()
    {
        using var folder = new TestFolder();
        var split = Split.Read(folder.Write("s.csv", "image,group,grade,part\na,0,1,fold 1\nb,1,1,fold 0\nc,0,1,fold 1\n"));
        Assert.Equal(2, split.FoldCount);
        Assert.Equal([1, 0, 1], split.Entries.Select(e => e.Part));
    }

    // A split made today must be the split of every later version: these digits are the contract. (Ten images, two classes, three folds, seed 42.)
    [Fact]
    public void KFold_Seed42_StaysAsItIs()
    {
        var data = Data(Enumerable.Range(0, 10).Select(i => (i % 2, (string?)null)), classes: 2);
        Assert.Equal("0110221021", string.Concat(Folds(data, 3, 42).Entries.Select(e => e.Part)));
    }

    [Fact]
    public void Of_PatientsAndCopies_JoinThroughEachOther()
    {
        Sample[] samples = [new("a", 0) { Patient = "p" }, new("b", 0) { Patient = "p" }, new("c", 0), new("d", 0), new("e", 0)];
        ulong[] pictures = [1, 2, 2, 3, 4];
        var duplicates = Duplicates.Of([.. samples.Select(s => s.Id)], [.. pictures.Select(p => ImageFingerprint.Of(Tests.Data.Pictures.Noise(p)))], TestContext.Current.CancellationToken);
        Assert.Equal([0, 0, 0, 3, 4], PictureGroups.Of(samples, duplicates)); // b is a's patient, c is b's copy
        Assert.Equal([0, 0, 2, 3, 4], PictureGroups.Of(samples, null));
    }

    [Fact]
    public void KFold_EmptyClass_OneLine()
    {
        var data = Data(Enumerable.Range(0, 40).Select(i => (i % 4, (string?)null)));
        Assert.Contains("no image of grade 4", Assert.Throws<DatasetException>(() => Folds(data, 5, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void KFold_ClassOfOneImage_SaysWhichFoldCannotTrain()
    {
        var data = Data(Enumerable.Range(0, 40).Select(i => (i % 4, (string?)null)).Append((4, null)));
        Assert.Contains("no image of grade 4 (proliferative) for training when fold", Assert.Throws<DatasetException>(() => Folds(data, 5, 0)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void HoldOut_OddShares_Refused()
    {
        var data = Data(Enumerable.Range(0, 40).Select(i => (i % 5, (string?)null)));
        foreach (var shares in new double[][] { [1], [.5, .4], [.5, .5, 0], [.25, .25, .25, .25], [double.NaN, .5] })
            Assert.Throws<ArgumentException>(() => Parts(data, shares, 0));
    }

    [Fact]
    public void HoldOut_OnlySomeSamples_TheOthersAreLeftOut()
    {
        var data = Data(Enumerable.Range(0, 60).Select(i => (i % 5, (string?)null)));
        var split = Split.HoldOut(data, [.. Enumerable.Range(0, 40)], PictureGroups.Of(data.Samples, null), [.5, .5], 0);
        Assert.Equal(data.Samples.Take(40).Select(s => s.Id), split.Entries.Select(e => e.Image));
    }

    [Theory]
    [InlineData("image,grade\nimg_00000,0\n", "no column 'part'")]
    [InlineData("image,group,grade,part\nimg_00000,g,0,train\nimg_00001,g,1,val\n", "line 3, column 'part': another image of group 'g' lies in another part")]
    [InlineData("image,grade,part\nimg_00000,0,train\nimg_00000,0,val\n", "occurs a second time")]
    [InlineData("image,grade,part\nimg_00000,0,exam\nimg_00001,1,val\n", "'exam' is not a part")]
    [InlineData("image,grade,fold\nimg_00000,0,-1\nimg_00001,1,0\n", "'-1' is not a fold")]
    [InlineData("image,grade,fold\nimg_00000,0,0\nimg_00001,1,2\n", "only 2 of the parts hold images")]
    [InlineData("image,grade,part\nimg_00000,0,train\nimg_00001,1,train\n", "only 1 of the parts hold images")]
    public void Read_BadSplit_OneLine(string text, string reason)
    {
        using var folder = new TestFolder();
        Assert.Contains(reason, Assert.Throws<DatasetException>(() => Split.Read(folder.Write("s.csv", text))).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("image,grade,part\nimg_00000,0,train\nimg_00001,1,train\nnobody,0,val\n", "image 'nobody' is not in data")]
    [InlineData("image,grade,part\nimg_00000,0,train\nimg_00001,0,val\n", "image 'img_00001' has class 0 here and 1 in data")]
    [InlineData("image,grade,part\nimg_00000,0,train\nimg_00001,1,val\n", "image 'img_00002' of data has no line")]
    public void PartOf_SplitOfOtherData_Refused(string text, string reason)
    {
        using var folder = new TestFolder();
        var data = Data([(0, null), (1, null), (0, null)], classes: 2);
        Assert.Contains(reason, Assert.Throws<DatasetException>(() => Split.Read(folder.Write("s.csv", text)).PartOf(data)).Message, StringComparison.Ordinal);
    }
}
