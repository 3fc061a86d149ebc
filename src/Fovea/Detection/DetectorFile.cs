using System.Text.Json;
using Fovea.Models;
using Fovea.Torch.Files;

namespace Fovea.Detection;

/// <summary>A trained detector in one file, <c>*.fovea</c>: as <see cref="ModelFile"/>, with a <see cref="DetectorCard"/>.</summary>
public sealed class DetectorFile
{
    private DetectorFile(string name, DetectorCard card, IReadOnlyDictionary<string, StoredTensor> weights) => (Name, Card, Weights) = (name, card, weights);

    /// <summary>The file as the caller named it, for messages.</summary>
    public string Name { get; }

    public DetectorCard Card { get; }

    /// <summary>Parameters and buffers by path; checked against <see cref="DetectorCard.WeightsSha256"/>, every value finite.</summary>
    public IReadOnlyDictionary<string, StoredTensor> Weights { get; }

    /// <summary>Whether a model file says that it is a detector; its other contents are not looked at.</summary>
    /// <exception cref="ModelFileException">It is missing, or no model file.</exception>
    public static bool Is(string path) => ModelFile.Open(path, zip =>
    {
        try
        {
            using var document = JsonDocument.Parse(ModelFile.CardBytes(zip, path));
            return TaskOf(document.RootElement) == DetectorCard.LesionBoxes;
        }
        catch (JsonException)
        {
            return false; // whoever reads it says what is wrong
        }
    });

    private static string? TaskOf(JsonElement card) =>
        card.ValueKind == JsonValueKind.Object && card.TryGetProperty("task", out var task) && task.ValueKind == JsonValueKind.String ? task.GetString() : null;

    /// <summary>Reads and checks a whole file.</summary>
    /// <exception cref="ModelFileException">It is missing, damaged, impossible, of a newer format, or no detector.</exception>
    /// <exception cref="WeightsFormatException">The weights in it are not safetensors.</exception>
    public static DetectorFile Read(string path) => ModelFile.Open(path, zip =>
    {
        var json = ModelFile.CardBytes(zip, path);
        DetectorCard card;
        try
        {
            using (var document = JsonDocument.Parse(json))
                if (TaskOf(document.RootElement) is { } task && task != DetectorCard.LesionBoxes)
                    throw new ModelFileException(path, $"a model for \"{ModelCard.OneLine(task)}\", not for {DetectorCard.LesionBoxes}", "Give a detector that `fovea train` wrote with a recipe for lesions.");
            card = JsonSerializer.Deserialize<DetectorCard>(json, ModelCard.Json) ?? throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new ModelFileException(path, $"model.json is not a detector's description: {ModelCard.OneLine(e.Message).TrimEnd('.')}", ModelFile.Remedy, e);
        }
        if (card.Problem() is { } problem) throw new ModelFileException(path, problem, ModelFile.Remedy);
        return new DetectorFile(path, card, ModelFile.ReadWeights(zip, path, card.WeightsSha256));
    });

    /// <summary>Writes a detector, whole or not at all.</summary>
    /// <returns>The card as written, with its <see cref="DetectorCard.WeightsSha256"/>.</returns>
    /// <exception cref="ArgumentException">The card is impossible, or a weight is NaN or infinite.</exception>
    /// <exception cref="IOException">The folder does not exist, or the disk is full.</exception>
    public static DetectorCard Write(string path, DetectorCard card, IReadOnlyDictionary<string, StoredTensor> weights)
    {
        ArgumentNullException.ThrowIfNull(card);
        if (card.Problem() is { } problem) throw new ArgumentException(problem, nameof(card));
        return ModelFile.Write(path, weights, hash => card with { Format = DetectorCard.CurrentFormat, WeightsSha256 = hash });
    }

    /// <summary>Builds the network with the file's weights.</summary>
    /// <exception cref="ModelFileException">Names or shapes of the weights are not the architecture's.</exception>
    public FasterRcnn CreateNetwork()
    {
        var network = DetectorCatalog.CreateToLoad(Card.Architecture, new DetectorOptions(Card.Labels.Count) { Anchors = Card.Anchors, ClassAgnosticBoxes = Card.ClassAgnosticBoxes });
        var report = network.LoadState(Weights);
        if (report.IsExact) return network;
        network.Dispose();
        throw new ModelFileException(Name, $"its weights do not fit {Card.Architecture}: {report}", ModelFile.Remedy);
    }
}
