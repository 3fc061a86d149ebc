using Fovea.Acquisition;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Reporting;
using Fovea.Torch;
using Fovea.Torch.Files;
using Fovea.Torch.Modules;

namespace Fovea.Tests.Models;

public sealed class GradingModelTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private GradingModel Load(ModelCard? card = null) => GradingModel.Load(ModelFileTests.WriteModel(Path.Combine(_folder, "m.fovea"), card));

    private static FundusImage Photograph(int seed)
    {
        var image = new Image(120, 100, 3);
        image.FillCircle(60, 50, 45, new Colour(170, 80, 30));
        var random = new Random(seed);
        for (var i = 0; i < 8; i++) image.FillCircle(random.Next(30, 90), random.Next(20, 80), random.Next(3, 9), new Colour((byte)random.Next(256), (byte)random.Next(256), 20));
        return new FundusImage(image, $"p{seed}");
    }

    [Fact]
    public void Grade_OnePhotograph_EqualsTheNetworkByHand()
    {
        using var model = Load(ModelFileTests.Card("mobilenet_v2", size: 64));
        var result = model.Grade(Photograph(1));
        using var network = ModelCatalog.Create("mobilenet_v2", new NetworkOptions(5));
        FormulaWeights.Fill(network);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var prepared = Preprocessor.Prepare(Photograph(1), new PreprocessingSpec { Size = 64 });
        // (value/255 − mean) / std, plane by plane
        var x = new float[3 * 64 * 64];
        double[] mean = [0.485, 0.456, 0.406], std = [0.229, 0.224, 0.225];
        for (var i = 0; i < 64 * 64; i++)
            for (var c = 0; c < 3; c++) x[c * 64 * 64 + i] = (float)((prepared.Pixels.Pixels[i * 3 + c] / 255.0 - mean[c]) / std[c]);
        var p = Functional.Softmax(network.Call(Tensor.From(x, 1, 3, 64, 64), Phase.Inference).Logits, 1).ToArray<float>();
        Assert.All(p.Zip(result.Prediction.Probabilities), v => Assert.Equal(v.First, v.Second, 1e-4));
        Assert.Equal("p1", result.Image);
    }

    [Fact]
    public void Grade_Batch_EqualsOneByOne()
    {
        using var model = Load(ModelFileTests.Card("resnet18_small", HeadKind.Ordinal));
        var together = model.Grade([Photograph(1), Photograph(2), Photograph(3)]);
        for (var i = 0; i < 3; i++)
            Assert.All(together[i].Prediction.Probabilities.Zip(model.Grade(Photograph(i + 1)).Prediction.Probabilities), v => Assert.Equal(v.First, v.Second, 1e-5));
        Assert.Empty(model.Grade([]));
    }

    [Fact]
    public async Task Grade_FromManyThreads_GivesTheSameAsFromOne()
    {
        using var model = Load(ModelFileTests.Card("mobilenet_v2", size: 48));
        var alone = Enumerable.Range(0, 4).Select(i => model.Grade(Photograph(i)).Prediction).ToArray();
        await Task.WhenAll(Enumerable.Range(0, 16).Select(i => Task.Run(() =>
        {
            var result = model.Grade(Photograph(i % 4));
            Assert.Equal(alone[i % 4].Grade, result.Prediction.Grade);
            Assert.All(alone[i % 4].Probabilities.Zip(result.Prediction.Probabilities), v => Assert.Equal(v.First, v.Second, 1e-5));
            model.Explain(result.Prepared, result.Prediction.Grade);
        })));
    }

    [Fact]
    public void Explain_EveryHead_GivesAMapOfTheLayersGrid()
    {
        foreach (var kind in Enum.GetValues<HeadKind>())
        {
            using var model = Load(ModelFileTests.Card("resnet18", kind, size: 96));
            var result = model.Grade(Photograph(1));
            var map = model.Explain(result.Prepared, result.Prediction.Grade, "stage3");
            Assert.Equal((6, 6), (map.Width, map.Height)); // 96 / 16
        }
    }

    [Fact]
    public void PredictAndExplain_Batch_EqualsPredictThenExplain()
    {
        foreach (var kind in Enum.GetValues<HeadKind>())
        {
            using var model = Load(ModelFileTests.Card("mobilenet_v2", kind, size: 64));
            PreparedImage[] prepared = [.. Enumerable.Range(1, 3).Select(i => model.Prepare(Photograph(i)))];
            var together = model.PredictAndExplain(prepared);
            for (var i = 0; i < 3; i++)
            {
                var prediction = model.Predict([prepared[i]])[0];
                Assert.Equal(prediction.Grade, together[i].Prediction.Grade);
                var map = model.Explain(prepared[i], prediction.Grade);
                Assert.Equal(map.IsFlat, together[i].Map.IsFlat);
                Assert.All(map.Values.Zip(together[i].Map.Values), v => Assert.Equal(v.First, v.Second, 1e-4));
            }
            Assert.Empty(model.PredictAndExplain([]));
        }
    }

    [Fact]
    public void Explain_EveryMethodAndHead_GivesAMapOfLayerOrInput()
    {
        foreach (var kind in Enum.GetValues<HeadKind>())
        {
            using var model = Load(ModelFileTests.Card("squeezenet1_1", kind, size: 64));
            var prepared = model.Prepare(Photograph(1));
            foreach (var method in Enum.GetValues<ExplanationMethod>())
            {
                var map = model.Explain(prepared, 2, new ExplanationOptions(method) { Samples = 2, Window = 32 }, TestContext.Current.CancellationToken);
                Assert.Equal(method.LooksAtLayer() ? (3, 3) : (64, 64), (map.Width, map.Height)); // 64 / 16, rounded down by the stem
                Assert.Equal(map.IsFlat ? 0 : 1, map.Values.Max());
                Assert.Equal(0, Math.Max(0, -map.Values.Min()));
            }
        }
    }

    [Fact]
    public void Explain_ImpossibleOptions_AreRefused()
    {
        using var model = Load();
        var prepared = model.Prepare(Photograph(1));
        void Fails(ExplanationOptions options, string part) =>
            Assert.Contains(part, Assert.Throws<ArgumentException>(() => model.Explain(prepared, 1, options, TestContext.Current.CancellationToken)).Message, StringComparison.Ordinal);
        Fails(new ExplanationOptions(Layer: "stage9"), "stage1, stage2, stage3");
        Fails(new ExplanationOptions { Samples = 0 }, "0 samples");
        Fails(new ExplanationOptions((ExplanationMethod)99), "99");
        Fails(new ExplanationOptions { References = [] }, "0 references");
    }

    [Fact]
    public void WithFreshWeights_SomeStages_KeepsTheOthers()
    {
        using var model = Load(ModelFileTests.Card("resnet18_small"));
        var prepared = model.Prepare(Photograph(1));
        double[] Probabilities(params string?[] stages)
        {
            using var copy = model.WithFreshWeights(stages, 3);
            return [.. copy.Predict([prepared])[0].Probabilities];
        }
        double[] trained = [.. model.Predict([prepared])[0].Probabilities], none = Probabilities(), head = Probabilities([null]), deep = Probabilities(null, "stage4");
        Assert.All(trained.Zip(none), v => Assert.Equal(v.First, v.Second, 1e-6));
        Assert.NotEqual(trained, head);
        Assert.NotEqual(head, deep);
        // A map of Grad-CAM's looks at the features too: with the same head, other features give another map.
        using var forgot = model.WithFreshWeights(["stem"], 3);
        Assert.NotEqual(model.Explain(prepared, 1, "stage1").Values, forgot.Explain(prepared, 1, "stage1").Values);
    }

    [Fact]
    public void Grade_WeightsThatOverflow_NamesTheModel()
    {
        var path = Path.Combine(_folder, "m.fovea");
        using var network = ModelCatalog.Create("baseline_cnn", new NetworkOptions(5));
        FormulaWeights.Fill(network);
        var weights = network.State().ToDictionary(w => w.Key, w => w.Key.EndsWith("weight", StringComparison.Ordinal)
            ? StoredTensor.From<float>(Enumerable.Repeat(1e30f, (int)w.Value.Count).ToArray(), w.Value.Shape) : w.Value);
        ModelFile.Write(path, ModelFileTests.Card(), weights);
        using var model = GradingModel.Load(path);
        Assert.StartsWith(path, Assert.Throws<ModelFileException>(() => model.Grade(Photograph(1))).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Line_ReferableGrade_SaysSo()
    {
        using var model = Load(ModelFileTests.Card() with { Classes = ["none", "mild", "moderate", "severe", "proliferative"] });
        var graded = model.Grade(Photograph(1));
        var result = graded with { Image = "a.jpg", Prediction = new(2, [0.1, 0.1, 0.71, 0.05, 0.04], 1.82, true) };
        Assert.Equal("a.jpg: grade 2, moderate (71 %); refer to an ophthalmologist", GradeReport.Of(result, model).Line());
        var healthy = result with { Prediction = new(0, [0.9, 0.1, 0, 0, 0], 0.1, false) };
        Assert.Equal("a.jpg: grade 0, none (90 %); no referral; screen again at the usual interval", GradeReport.Of(healthy, model).Line());
    }
}
