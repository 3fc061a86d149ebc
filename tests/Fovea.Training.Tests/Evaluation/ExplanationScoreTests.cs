using Fovea.Acquisition;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Training.Augmentation;
using Fovea.Training.Data;
using Fovea.Training.Data.Lesions;
using Fovea.Training.Evaluation.Explanations;
using Fovea.Training.MadeUp;
using Fovea.Training.Metrics;

namespace Fovea.Training.Tests.Evaluation;

public sealed class ExplanationScoreTests : IDisposable
{
    private readonly TestFolder _folder = new();

    public void Dispose() => _folder.Dispose();

    /// <summary>A retina of radius 90 in 200 × 200, with one lesion of 10 × 10 pixels.</summary>
    private static (FundusImage Photograph, LesionImage Truth, PreparedImage Prepared) Retina()
    {
        var image = new Image(200, 200, 3);
        image.FillCircle(99.5, 99.5, 90, new Colour(180, 90, 40));
        var photograph = new FundusImage(image, "a");
        return (photograph, new LesionImage("a", "a.png", 200, 200) { Boxes = [new LesionBox(new MarkedBox(100, 110, 110, 120))] },
            new PreparedImage(image, AffineTransform.Identity, 200, 200, new PreprocessingSpec { Size = 200 }));
    }

    [Fact]
    public void LesionField_OneLesion_KnowsItsSharesAndWhatIsNear()
    {
        var (photograph, truth, _) = Retina();
        var field = LesionField.Of(photograph, truth, 0.03);
        // 10 × 10 of π·90² cells; the tolerance is 0.03·180 = 5.4, rounded to 5 pixels.
        Assert.Equal(100, field.LesionCells);
        Assert.InRange(field.FieldCells, Math.PI * 89 * 89, Math.PI * 92 * 92); // the rim is found to a pixel or two
        Assert.Equal(100.0 / field.FieldCells, field.AreaShare);
        Assert.InRange(field.NearCells, 100 + 4 * 10 * 5, 20 * 20);
        Assert.True(field.IsHit(105, 115));
        Assert.True(field.IsHit(114, 115));
        Assert.False(field.IsHit(115.6, 115));
        Assert.False(LesionField.Of(photograph, truth, 0).IsHit(111, 115));
        Assert.False(field.IsHit(-3, 400));
        Assert.Equal(99.5, field.Centre.X, 1.5);
    }

    [Fact]
    public void LesionField_MaskBesideBoxes_CountsWhatIsMaskedByTheMask()
    {
        var (photograph, truth, _) = Retina();
        var mask = new Image(200, 200, 1);
        mask.Row(50)[60..64].Fill(255);
        ImageFile.Write(_folder["m.png"], mask);
        var marked = truth with
        {
            Masks = new Dictionary<LesionKind, string> { [LesionKind.Haemorrhage] = _folder["m.png"] },
            Boxes = [new LesionBox(new MarkedBox(58, 48, 68, 58, (int)LesionKind.Haemorrhage)), new LesionBox(new MarkedBox(100, 110, 110, 120, (int)LesionKind.NewVessels))],
        };
        Assert.Equal(4 + 100, LesionField.Of(photograph, marked, 0).LesionCells);
    }

    [Fact]
    public void EnergyShare_MapsWhoseEnergyIsKnown_IsTheShareOnTheLesion()
    {
        var (photograph, truth, prepared) = Retina();
        var field = LesionField.Of(photograph, truth, 0);
        float[] on = new float[200 * 200], half = new float[200 * 200];
        for (var y = 110; y < 120; y++)
            for (var x = 100; x < 110; x++) on[y * 200 + x] = half[y * 200 + x] = half[y * 200 + x - 50] = 1;
        Assert.Equal(1, field.EnergyShare(ActivationMap.FromRaw(200, 200, on), prepared), 1e-9);
        Assert.Equal(0.5, field.EnergyShare(ActivationMap.FromRaw(200, 200, half), prepared), 1e-9);
        Assert.Equal(0, field.EnergyShare(ActivationMap.FromRaw(2, 2, [1, 1, 1, 1]), prepared)); // flat
        // Nearly even: the lesion's share of the field.
        Assert.Equal(field.AreaShare, field.EnergyShare(ActivationMap.FromRaw(2, 1, [1, 0.999f]), prepared), 1e-5);
    }

    [Fact]
    public void RankCorrelation_HandExamples_AreSpearmans()
    {
        Assert.Equal(1, RankCorrelation.Of([1, 2, 3], [10, 20, 400])!.Value, 1e-12);
        Assert.Equal(-1, RankCorrelation.Of([1, 2, 3], [3, 2, 1])!.Value, 1e-12);
        // Ranks 0, 1.5, 1.5, 3 and 0, 1, 2, 3: Σ = 2.25 + 0 + 0 + 2.25 = 4.5; 4.5 and 5 squared: 4.5/√22.5 = 0.948683.
        Assert.Equal(0.948683, RankCorrelation.Of([0, 5, 5, 9], [1, 2, 3, 4])!.Value, 1e-6);
        Assert.Null(RankCorrelation.Of([1, 1, 1], [1, 2, 3]));
    }

    [Fact]
    public void Share_EightOfTen_HasWilsonsInterval()
    {
        var share = Share.From(8, 10);
        Assert.Equal((0.8, 0.4902, 0.9433), (share.Value, Math.Round(share.Low, 4), Math.Round(share.High, 4)));
        Assert.True(double.IsNaN(Share.From(0, 0).Value));
    }

    [Fact]
    public void PerturbationCurve_Areas_AreTrapezia()
    {
        // 1 → 0.5 → 0: (0.75 + 0.25)/2 = 0.5; 0 → 1 → 1: (0.5 + 1)/2 = 0.75.
        var curve = new PerturbationCurve([1, 0.5, 0], [0, 1, 1]);
        Assert.Equal((0.5, 0.75), (curve.DeletionArea, curve.InsertionArea));
    }

    [Fact]
    public void PerturbationCurve_Ends_AreTheWholeAndTheBlurredImage()
    {
        using var model = Model();
        var prepared = model.Prepare(new FundusImage(RetinaPainter.Paint(3, 3, 96).Image, "a"));
        var curve = PerturbationCurve.Of(model, prepared, p => p.ProbabilityFrom(1), PerturbationCurve.RandomOrder(prepared, 1), 4);
        Assert.Equal(5, curve.Deletion.Count);
        Assert.Equal(model.Predict([prepared])[0].ProbabilityFrom(1), curve.Deletion[0], 1e-6);
        Assert.Equal(curve.Deletion[0], curve.Insertion[^1], 1e-3); // but for the black border, which is not put back
        Assert.NotEqual(curve.Deletion[0], curve.Deletion[^1]);
    }

    [Fact]
    public void Score_MadeUpRetinas_AddsUp()
    {
        MadeUpDataset.Write(_folder["set"], new MadeUpDatasetSpec(4) { Size = 96, Masks = true, GradeShares = [0, 1, 1, 1, 1] }, cancellation: TestContext.Current.CancellationToken);
        using var model = Model();
        var scores = ExplanationScorer.Score(model, LesionReader.Open(_folder["set"]), new ScoringOptions(new ExplanationOptions()) { CurveImages = 1 }, cancel: TestContext.Current.CancellationToken);
        Assert.Equal(4, scores.Images);
        Assert.Equal(scores.PerImage.Count(i => i.Hit), scores.Pointing.Hits.Count);
        Assert.Equal(scores.PerImage.Average(i => i.Chance), scores.Pointing.Chance, 1e-12);
        Assert.Equal(scores.PerImage.Average(i => i.EnergyChance), scores.Energy.Chance, 1e-12);
        Assert.All(scores.PerImage, i => Assert.True(i.Explained >= 1 && i.Chance > i.EnergyChance && i.Energy is >= 0 and <= 1));
        Assert.Equal(1, scores.Curves!.Images);
        // The head, then stage 2, then stage 1.
        Assert.Equal(["head", "stage2", "stage1"], scores.Randomisation[^1].Randomised);
        Assert.All(scores.Randomisation, r => Assert.InRange(r.RankCorrelation, -1, 0.999));
        var picture = ScoreExamples.Draw(model, LesionReader.Open(_folder["set"]), scores, new ExplanationOptions(), new OverlayStyle(), 3);
        Assert.Equal(2 * (320 + 24 + 8) + 8, picture.Height);
    }

    [Fact]
    public void Gallery_PerGrade_GivesRightOnesFirstAndNamesThem()
    {
        MadeUpDataset.Write(_folder["set"], new MadeUpDatasetSpec(10) { Size = 64 }, cancellation: TestContext.Current.CancellationToken);
        var data = DatasetReaders.Open($"madeup:{_folder["set"]}");
        using var model = Model();
        int[] truth = [.. data.Samples.Select(s => s.Label)];
        var predictions = new Predictions(5, [.. data.Samples.Select(s => s.Id)], truth, [.. truth.Select((t, i) => i % 2 == 0 ? t : (t + 1) % 5)]);
        var pictures = ExplanationGallery.PerGrade(model, data, predictions, right: 1, wrong: 1, side: 64, cancel: TestContext.Current.CancellationToken).ToArray();
        Assert.NotEmpty(pictures);
        Assert.Equal([.. pictures.Select(p => p.Truth).Order()], pictures.Select(p => p.Truth));
        Assert.All(pictures, p =>
        {
            Assert.Equal(data.Samples.Single(s => s.Id == p.Image).Label, p.Truth);
            var picture = ImageCodec.Decode(p.Jpeg, "gallery");
            Assert.Equal((128, 64), (picture.Width, picture.Height));
        });
        Assert.Equal(pictures[0].Jpeg, ExplanationGallery.Of(model, data, pictures[0].Image, side: 64, cancel: TestContext.Current.CancellationToken).Jpeg);
        Assert.Throws<ArgumentException>(() => ExplanationGallery.Of(model, data, "none", cancel: TestContext.Current.CancellationToken));
    }

    /// <summary>An untrained network in a file: what is scored does not matter here.</summary>
    private GradingModel Model()
    {
        Torch.TorchRuntime.Seed(5);
        using var network = ModelCatalog.Create("oct_cnn3", new NetworkOptions(5));
        ModelFile.Write(_folder["m.fovea"], new ModelCard
        {
            Task = "dr-grade",
            Architecture = "oct_cnn3",
            Preprocessing = new PreprocessingSpec { Size = 48 },
            Head = new HeadSpec(HeadKind.Softmax, 5),
            Classes = ["none", "mild", "moderate", "severe", "proliferative"],
            Licence = "Apache-2.0",
        }, network.State());
        return GradingModel.Load(_folder["m.fovea"]);
    }
}
