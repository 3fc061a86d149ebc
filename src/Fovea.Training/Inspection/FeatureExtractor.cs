using Fovea.Acquisition;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Weights;

namespace Fovea.Training.Inspection;

/// <summary>A network's view of a photograph: the means over the picture of the last stage's channels. Safe for concurrent calls, which wait for each other.</summary>
public sealed class FeatureExtractor : IDisposable
{
    private readonly Network _network;
    private readonly PreprocessingSpec _preprocessing;
    private readonly Lock _running = new();

    private FeatureExtractor(string name, Network network, PreprocessingSpec preprocessing)
    {
        (Name, _network, _preprocessing) = (name, network, preprocessing);
        network.RequireGrad(false);
        network.UseChannelsLast();
    }

    /// <summary>As it was asked for.</summary>
    public string Name { get; }

    /// <param name="source">
    /// A model file (<c>*.fovea</c>), used with its own preprocessing; or <c>NETWORK:WEIGHTS</c>, a network of the catalogue with a file of weights: the field of view at 224
    /// pixels, normalised as ImageNet's.
    /// </param>
    /// <exception cref="ModelFileException">The model file cannot be used.</exception>
    /// <exception cref="Fovea.Torch.Files.WeightsFormatException">The weights cannot be used, or are another network's.</exception>
    /// <exception cref="UnknownModelException">No network has this name.</exception>
    public static FeatureExtractor Open(string source)
    {
        var colon = source.IndexOf(':', StringComparison.Ordinal);
        if (ModelFile.Is(source) || colon < 2)
        {
            var file = ModelFile.Read(source);
            return new FeatureExtractor(source, file.CreateNetwork(), file.Card.Preprocessing);
        }
        var (name, weights) = (source[..colon], source[(colon + 1)..]);
        var network = ModelCatalog.Create(name, new NetworkOptions(1000));
        try
        {
            PretrainedWeights.Load(network, name, weights);
            return new FeatureExtractor(source, network, new PreprocessingSpec());
        }
        catch
        {
            network.Dispose();
            throw;
        }
    }

    /// <summary>One number for each channel. Photographs go through one by one, so that a feature does not depend on its neighbours in a batch.</summary>
    public float[] Of(FundusImage photograph)
    {
        var prepared = Preprocessor.Prepare(photograph, _preprocessing);
        lock (_running)
        {
            using var noGrad = new NoGrad();
            using var scope = new TensorScope();
            var stage = _network.Call(ImageBatch.ToTensor([prepared.Pixels], _preprocessing), Phase.Inference, withStages: true).Stages[^1].Value;
            return stage.Mean([2, 3]).Contiguous().ToArray<float>();
        }
    }

    public void Dispose() => _network.Dispose();
}
