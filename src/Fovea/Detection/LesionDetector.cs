using Fovea.Imaging;
using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Detection;

/// <summary>A trained detector, ready for whole photographs.</summary>
public sealed class LesionDetector : IDisposable
{
    private readonly FasterRcnn _network;
    private readonly ServingDetector _serving;
    private readonly bool _owns;

    private LesionDetector(string name, DetectorCard card, FasterRcnn network, bool owns) => (Name, Card, _network, _serving, _owns) = (name, card, network, new ServingDetector(network), owns);

    /// <summary>The file's name.</summary>
    public string Name { get; }

    public DetectorCard Card { get; }

    /// <summary>Loads a model file that <c>fovea train</c> wrote for a detector.</summary>
    /// <exception cref="ModelFileException">The file cannot be used, or holds no detector.</exception>
    public static LesionDetector Load(string path)
    {
        var file = DetectorFile.Read(path);
        var network = file.CreateNetwork();
        network.UseChannelsLast();
        network.RequireGrad(false);
        return new LesionDetector(path, file.Card, network, owns: true);
    }

    /// <summary>A detector that is at hand, e.g. one that trains, with the weights that it has now. The network stays its owner's.</summary>
    public static LesionDetector Of(FasterRcnn network, DetectorCard card) => new("detector", card, network, owns: false);

    /// <summary>Finds lesions in a photograph, tile by tile.</summary>
    /// <param name="photograph">RGB.</param>
    /// <param name="settings">Null: the card's.</param>
    /// <returns>By falling score, in the photograph's pixels; labels count from 1 in the card's order.</returns>
    /// <exception cref="OperationCanceledException">Cancelled between tiles.</exception>
    public IReadOnlyList<DetectedBox> Detect(Image photograph, DetectionSettings? settings = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(photograph);
        settings ??= Card.Detection;
        var scale = Card.LongerSide is { } side ? (double)side / Math.Max(photograph.Width, photograph.Height) : 1;
        var (width, height) = ((int)Math.Max(1, Math.Round(photograph.Width * scale)), (int)Math.Max(1, Math.Round(photograph.Height * scale)));
        var image = width == photograph.Width && height == photograph.Height ? photograph : photograph.Resize(width, height, scale < 1 ? Interpolation.Area : Interpolation.Linear);
        var found = TiledSearch.Run(image, Card.Tiles, Card.Merging, settings.NmsThreshold, pixels =>
        {
            using var scope = new TensorScope();
            return _serving.Detect(DetectionBatch.Of([pixels], Card.Input), settings)[0];
        }, cancel);
        var (x, y) = ((float)photograph.Width / width, (float)photograph.Height / height);
        return [.. found.Select(box => box with { Bounds = box.Bounds.Scaled(x, y).Clipped(photograph.Width, photograph.Height) })];
    }

    public void Dispose()
    {
        _serving.Dispose();
        if (_owns) _network.Dispose();
    }
}
