using Fovea.Calibration;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;

namespace Fovea.Web.Tests.Service;

/// <summary>A small model with the weights that a training starts with: it grades badly, and that is all the same here.</summary>
internal static class TestModel
{
    /// <summary>Writes one; the seed is fixed, so that it grades alike each time.</summary>
    public static string Write(string folder, string architecture = "mobilenet_v2", int size = 64, string name = "model.fovea", string[]? classes = null)
    {
        classes ??= ["no DR", "mild", "moderate", "severe", "proliferative"];
        var path = Path.Combine(folder, name);
        var card = new ModelCard
        {
            Task = "dr-grade", Architecture = architecture, Preprocessing = new PreprocessingSpec { Size = size, Steps = [new CropToFieldOfView(), new ResizeStep()] },
            Head = new HeadSpec(HeadKind.Softmax, classes.Length), Decoding = new DecodingSpec { Conformal = new ConformalSpec(0.9, 0.9, true) }, Classes = classes,
            Licence = "none",
        };
        TorchRuntime.Seed(7);
        using var network = ModelCatalog.Create(architecture, NetworkOptions.For(card.Head, size));
        ModelFile.Write(path, card, network.State());
        return path;
    }
}
