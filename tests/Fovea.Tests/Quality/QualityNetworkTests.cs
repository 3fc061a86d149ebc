using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Quality;
using Fovea.Tests.Models;
using Fovea.Torch.Files;

namespace Fovea.Tests.Quality;

public sealed class QualityNetworkTests : IDisposable
{
    private static readonly string[] Classes = ["good", "tooDark", "overexposed", "blurred", "fieldCutOff", "notAFundusPhotograph"];

    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-quality-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    /// <summary>A network that says the same of every picture: its last layer has a bias and no weights.</summary>
    /// <param name="logits">One a class.</param>
    private string Constant(float[] logits, string task = ModelTasks.Quality, string[]? classes = null)
    {
        var card = new ModelCard { Task = task, Architecture = "baseline_cnn", Preprocessing = new PreprocessingSpec { Size = 32 }, Head = new HeadSpec(HeadKind.Softmax, logits.Length), Classes = classes ?? Classes, Licence = "none" };
        using var network = ModelCatalog.Create(card.Architecture, NetworkOptions.For(card.Head, 32));
        FormulaWeights.Fill(network);
        var weights = network.State().ToDictionary(w => w.Key, w => w.Value);
        weights["fc4.weight"] = StoredTensor.From<float>(new float[weights["fc4.weight"].Count], weights["fc4.weight"].Shape);
        weights["fc4.bias"] = StoredTensor.From<float>(logits, logits.Length);
        var path = Path.Combine(_folder, "q.fovea");
        ModelFile.Write(path, card, weights);
        return path;
    }

    /// <summary>Detailed enough for the measures.</summary>
    private static FundusImage Retina()
    {
        var image = new Image(400, 400, 3);
        image.FillCircle(200, 200, 180, new Colour(170, 80, 30));
        for (var i = 0; i < 24; i++) image.DrawLine(60 + 12 * i, 60, 340 - 11 * i, 340, new Colour(110, 35, 15), 3);
        return new FundusImage(image, "p");
    }

    [Theory]
    [InlineData(0.11, true)] // at 0.1 a photograph passes
    [InlineData(0.09, false)]
    public void Assess_AGoodPhotograph_IsRefusedOnlyWhereTheNetworkIsSure(double good, bool passes)
    {
        Assert.True(QualityAssessor.Assess(Retina()).Gradable);
        // The rest is the cut field's; logits are logarithms.
        using var network = QualityNetwork.Load(Constant([(float)Math.Log(good), -20, -20, -20, (float)Math.Log(1 - good), -20]));
        var report = network.Assess(Retina());
        Assert.Equal(good, network.Judge(Retina()).Good, 1e-5);
        Assert.Equal(passes, report.Gradable);
        if (!passes) Assert.Equal((QualityReason.FieldCutOff, "a large part of the field is cut off (the network for quality is 91 % sure)"), (report.Problems[0].Reason, report.Problems[0].Finding));
    }

    [Fact]
    public void Assess_WhatTheMeasuresRefuse_IsRefusedWhateverTheNetworkSays()
    {
        using var network = QualityNetwork.Load(Constant([20, 0, 0, 0, 0, 0]));
        Assert.Equal(QualityReason.TooDark, Assert.Single(network.Assess(new FundusImage(new Image(300, 300, 3), "black")).Problems).Reason);
    }

    [Fact]
    public void Load_AModelForSomethingElse_IsRefused()
    {
        Assert.Contains("a model for dr-grade", Assert.Throws<ModelFileException>(() => QualityNetwork.Load(Constant([0, 0, 0, 0, 0, 0], "dr-grade"))).Message, StringComparison.Ordinal);
        Assert.Throws<ModelFileException>(() => QualityNetwork.Load(Constant([0, 0, 0], classes: ["good", "3", "blurred"])));
        Assert.Throws<ModelFileException>(() => QualityNetwork.Load(Constant([0, 0, 0], classes: ["blurred", "tooDark", "overexposed"])));
    }

    [Fact]
    public void Load_TheOneThatShips_JudgesADarkPictureAndIsWhatItsCardSays()
    {
        using var network = QualityNetwork.Load(ShippedModels.Quality);
        Assert.Equal(QualityReason.TooDark, network.Judge(new FundusImage(Image.Filled(300, 300, 3, new Colour(3, 2, 2)), "dark")).Problem?.Reason);
        Assert.Equal("CC-BY-4.0", ModelFile.ReadCard(ShippedModels.Quality).Licence);
    }
}
