using Fovea.Acquisition;
using Fovea.Calibration;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;

namespace Fovea.Tests.Models;

public sealed class EnsembleModelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-ensemble-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    /// <summary>A member whose weights are those that a training starts with.</summary>
    private string Member(int seed, string architecture = "baseline_cnn", HeadKind kind = HeadKind.Softmax, int size = 32)
    {
        var card = ModelFileTests.Card(architecture, kind, size);
        TorchRuntime.Seed((ulong)seed);
        using var network = ModelCatalog.Create(architecture, NetworkOptions.For(card.Head, size));
        ModelFile.Write(At($"m{seed}.fovea"), card, network.State());
        return At($"m{seed}.fovea");
    }

    private GradingModel Pack(EnsembleSpec rule, string[] members, Func<ModelCard, ModelCard>? change = null)
    {
        ModelFile[] files = [.. members.Select(ModelFile.Read)];
        var card = CardEnsemble.CardOf(rule, [.. files.Select(f => f.Card)]);
        ModelFile.Pack(At("e.fovea"), change is null ? card : change(card), files);
        return GradingModel.Load(At("e.fovea"));
    }

    private static FundusImage Photograph(int seed)
    {
        var image = new Image(120, 100, 3);
        image.FillCircle(60, 50, 45, new Colour(170, 80, 30));
        var random = new Random(seed);
        for (var i = 0; i < 8; i++) image.FillCircle(random.Next(30, 90), random.Next(20, 80), random.Next(3, 9), new Colour((byte)random.Next(256), (byte)random.Next(256), 20));
        return new FundusImage(image, $"p{seed}");
    }

    public static TheoryData<EnsembleSpec> Rules =>
    [
        new EnsembleSpec { Kind = EnsembleKind.Vote },
        new EnsembleSpec { Kind = EnsembleKind.Mean },
        new EnsembleSpec { Kind = EnsembleKind.Mean, Reading = EnsembleReading.Expected },
        new EnsembleSpec { Kind = EnsembleKind.TrimmedMean, Trim = 0.34 },
        new EnsembleSpec { Kind = EnsembleKind.WeightedMean, Weights = [0.5, 0.2, 0.3] },
    ];

    [Theory]
    [MemberData(nameof(Rules))]
    public void Predict_AnyRule_IsThatOfTheMembersPredictions(EnsembleSpec rule)
    {
        // Other networks, heads and sizes of the picture, as members of an ensemble mostly have.
        string[] members = [Member(1), Member(2, "squeezenet1_1", HeadKind.Ordinal, 64), Member(3, kind: HeadKind.Regression)];
        using var ensemble = Pack(rule, members);
        GradingModel[] alone = [.. members.Select(GradingModel.Load)];
        FundusImage[] photographs = [Photograph(1), Photograph(2)];
        var together = ensemble.Grade(photographs);
        var by = new Ensemble(rule, 3, 5);
        for (var i = 0; i < photographs.Length; i++)
        {
            var expected = by.Combine([.. alone.Select(m => m.Grade(photographs)[i].Prediction)]);
            Assert.Equal(expected.Grade, together[i].Prediction.Grade);
            Assert.Equal(expected.Probabilities, together[i].Prediction.Probabilities); // the same bits: the same calls
            Assert.Equal(expected.Referable, together[i].Prediction.Referable);
        }
        foreach (var model in alone) model.Dispose();
    }

    [Fact]
    public void Predict_LinearRule_ReadsItsValueAsARegressions()
    {
        string[] members = [Member(1), Member(2)];
        using var ensemble = Pack(new EnsembleSpec { Kind = EnsembleKind.Linear, Weights = [2, -0.5], Intercept = 0.25 }, members);
        double[] scores = [.. members.Select(m =>
        {
            using var model = GradingModel.Load(m);
            return model.Grade(Photograph(1)).Prediction.Score;
        })];
        var value = Math.Clamp(0.25 + 2 * scores[0] - 0.5 * scores[1], 0, 4);
        var prediction = ensemble.Grade(Photograph(1)).Prediction;
        Assert.Equal(value, prediction.Score, 1e-6); // the value is a float32 between rule and decoder
        Assert.Equal((int)Math.Floor(value + 0.5), prediction.Grade);
        Assert.Equal(HeadKind.Regression, ensemble.Card.Head.Kind);
    }

    [Fact]
    public void Prepare_MembersOfOnePreprocessing_SeeOnePicture()
    {
        using var same = Pack(new EnsembleSpec(), [Member(1), Member(2), Member(3)]);
        Assert.Empty(same.Prepare(Photograph(1)).Others);
        using var two = Pack(new EnsembleSpec(), [Member(1), Member(4, size: 48), Member(2), Member(5, size: 48)]);
        var prepared = two.Prepare(Photograph(1));
        Assert.Equal((32, 48), (prepared.Pixels.Width, Assert.Single(prepared.Others).Pixels.Width));
    }

    [Fact]
    public void PredictAndExplain_Batch_IsTheMeanOfTheMembersMapsOfTheEnsemblesGrade()
    {
        string[] members = [Member(1, "mobilenet_v2", size: 64), Member(2, "mobilenet_v2", size: 64)];
        using var ensemble = Pack(new EnsembleSpec(), members);
        GradingModel[] alone = [.. members.Select(GradingModel.Load)];
        PreparedImage[] prepared = [ensemble.Prepare(Photograph(1)), ensemble.Prepare(Photograph(2))];
        var together = ensemble.PredictAndExplain(prepared);
        for (var i = 0; i < 2; i++)
        {
            var grade = ensemble.Predict(prepared)[i].Grade;
            Assert.Equal(grade, together[i].Prediction.Grade);
            var maps = alone.Select(m => m.Explain(prepared[i], grade)).ToArray();
            float[] mean = [.. maps[0].Values.Zip(maps[1].Values, (a, b) => (a + b) / 2)];
            Assert.All(together[i].Map.Values.Zip(mean), v => Assert.Equal(v.Second / mean.Max(), v.First, 1e-4)); // convolutions of a batch and of one image round differently
            Assert.All(ensemble.Explain(prepared[i], grade).Values.Zip(mean), v => Assert.Equal(v.Second / mean.Max(), v.First, 1e-6));
        }
        foreach (var model in alone) model.Dispose();
    }

    [Fact]
    public void Explain_MembersOfOtherNetworks_HaveOnlyTheDeepestLayer()
    {
        using var ensemble = Pack(new EnsembleSpec(), [Member(1, "mobilenet_v2", size: 96), Member(2, "squeezenet1_1", HeadKind.Ordinal, 64)]);
        Assert.Equal(["deepest"], ensemble.Layers);
        var prepared = ensemble.Prepare(Photograph(1));
        // 96 / 32 = 3 cells; 64 / 16, rounded down by the stem, are 3 too
        foreach (var options in (ExplanationOptions[])[new(), new(Layer: "deepest"), new(ExplanationMethod.GradientShap) { Samples = 2, References = [ensemble.Prepare(Photograph(2))] }])
        {
            var map = ensemble.Explain(prepared, 2, options, TestContext.Current.CancellationToken);
            Assert.Equal(options.Method == ExplanationMethod.GradCam ? 3 : 96, map.Width);
        }
        Assert.Throws<ArgumentException>(() => ensemble.Explain(prepared, 2, "stage9"));
    }

    [Fact]
    public void Explain_MapsOfOtherFrames_MeetInTheFirst()
    {
        // Of a photograph of 80 × 80 the first network saw all, the second the right half of each row as 40 × 80 made square: x' = 2(x − 40) + ½.
        var spec = new PreprocessingSpec { Size = 80 };
        var whole = new PreparedImage(new Image(80, 80, 3), AffineTransform.Identity, 80, 80, spec);
        var right = new PreparedImage(new Image(80, 80, 3), new AffineTransform(2, 0, -79.5, 0, 1, 0), 80, 80, spec);
        var first = new ActivationMap(4, 1, [1, 0, 0, 0], false);
        var second = new ActivationMap(4, 1, [0, 0, 1, 1], false);
        var mean = MeanMap.Of([(first, whole), (second, right)]);
        // Cells' centres 10, 30, 50, 70 of the photograph's 80; the last two are 20 and 60 of the second frame's 80, its cells 0.5 and 2.5: means of 0, 0 and of 1, 1.
        Assert.Equal([1, 0, 0, 1], mean.Values);
        Assert.True(MeanMap.Of([(new ActivationMap(4, 1, [0, 0, 0, 0], true), whole)]).IsFlat);
    }

    [Fact]
    public void Calibration_OfTheWhole_MovesProbabilitiesAndNoGrade()
    {
        string[] members = [Member(1), Member(2)];
        var rule = new EnsembleSpec { Reading = EnsembleReading.Expected };
        using var plain = Pack(rule, members);
        using var warm = Pack(rule, members, card => card with { Decoding = card.Decoding with { Temperature = 3, Conformal = new ConformalSpec(0.9, 0.9, true) } });
        var (before, after) = (plain.Grade(Photograph(1)).Prediction, warm.Grade(Photograph(1)).Prediction);
        Assert.Equal(before.Grade, after.Grade);
        // softmax(log(p) / 3) is p^⅓, scaled to a sum of 1
        double[] powers = [.. before.Probabilities.Select(p => Math.Pow(p, 1 / 3.0))];
        Assert.All(after.Probabilities.Zip(powers), v => Assert.Equal(v.Second / powers.Sum(), v.First, 1e-6));
        Assert.NotEmpty(after.Set!);
    }

    [Fact]
    public void WithFreshWeights_OfTheHead_ChangesWhatIsSaid()
    {
        using var ensemble = Pack(new EnsembleSpec(), [Member(1, "mobilenet_v2", size: 64), Member(2, "mobilenet_v2", size: 64)]);
        var prepared = ensemble.Prepare(Photograph(1));
        using var none = ensemble.WithFreshWeights([], 3);
        using var head = ensemble.WithFreshWeights([null], 3);
        Assert.All(ensemble.Predict([prepared])[0].Probabilities.Zip(none.Predict([prepared])[0].Probabilities), v => Assert.Equal(v.First, v.Second, 1e-6));
        Assert.NotEqual(ensemble.Predict([prepared])[0].Probabilities, head.Predict([prepared])[0].Probabilities);
    }

    [Fact]
    public void CardOf_MembersOfOneTask_SaysWhatTheyHaveInCommon()
    {
        var other = ModelFileTests.Card() with { Licence = "CC-BY-4.0", Data = [new CardData("IDRiD", "training", 413, "CC-BY-4.0")] };
        var card = CardEnsemble.CardOf(new EnsembleSpec(), [ModelFileTests.Card(), other, other]);
        Assert.Equal(("ensemble", "Apache-2.0 AND CC-BY-4.0", 2, 32), (card.Architecture, card.Licence, card.Data.Count, card.Preprocessing.Size));
        Assert.Contains("mean of the members", card.Ensemble!.Explanation, StringComparison.Ordinal);

        void Fails(string part, EnsembleSpec rule, params ModelCard[] members) => Assert.Contains(part, Assert.Throws<ArgumentException>(() => CardEnsemble.CardOf(rule, members)).Message, StringComparison.Ordinal);
        Fails("classes of its member 2", new EnsembleSpec(), other, other with { Classes = ["0", "1", "2", "3", "x"] });
        Fails("for oct-class, not for dr-grade", new EnsembleSpec(), other, other with { Task = "oct-class" });
        Fails("refers from grade 3", new EnsembleSpec(), other, other with { Decoding = new DecodingSpec { ReferableFrom = 3 } });
        Fails("an ensemble of 1", new EnsembleSpec(), other);
        Fails("an ensemble of 33", new EnsembleSpec(), [.. Enumerable.Repeat(other, 33)]);
        Fails("3 weights for 2 members", new EnsembleSpec { Kind = EnsembleKind.WeightedMean, Weights = [0.2, 0.3, 0.5] }, other, other);
        Fails("an ensemble itself", new EnsembleSpec(), other, card);
    }
}
