using System.Text.Json;
using Fovea.Detection;
using Fovea.Tests;
using Fovea.Tests.Models;
using Fovea.Torch;
using Fovea.Training.Detection;
using Fovea.Torch.Modules;

namespace Fovea.Training.Tests.Detection;

/// <summary>What oracle/detection.py wrote, and the boxes, pictures and weights that both sides compute by formula.</summary>
internal static class DetectionFixtures
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web);

    /// <summary>As oracle/detection.py's SETTINGS and PICTURES.</summary>
    public static DetectionInput Input { get; } = new() { ShorterSide = 128, LongerSide = 192 };

    public static ProposalSettings Proposals { get; } = new(300, 150);

    public static DetectionLossSettings Losses { get; } = new() { Proposals = Proposals, ProposalSampler = new BalancedSampler(64, 0.25) };

    public static T Read<T>(string name) => JsonSerializer.Deserialize<T>(File.ReadAllBytes(TestPaths.Oracle($"detection/{name}.json")), Options)!;

    public static List<Tensor> Pictures() =>
        [.. new long[][] { [3, 97, 131], [3, 120, 90] }.Select((shape, i) => Tensor.From<float>([.. FormulaWeights.Noise($"picture{i}", 3 * shape[1] * shape[2]).Select(u => (float)u)], shape))];

    public static Box[] Boxes(string name, int count, double width, double height, double least = 1)
    {
        var u = FormulaWeights.Noise(name, 4 * count);
        var boxes = new Box[count];
        for (var i = 0; i < count; i++)
        {
            var (w, h) = (least + u[4 * i + 2] * (width / 2 - least), least + u[4 * i + 3] * (height / 2 - least));
            var (x, y) = (u[4 * i] * (width - w), u[4 * i + 1] * (height - h));
            boxes[i] = new Box((float)x, (float)y, (float)(x + w), (float)(y + h));
        }
        return boxes;
    }

    /// <summary>VGG-16 with narrow dense layers, as in the oracle.</summary>
    public static DetectorEntry Entry(string name) =>
        DetectorCatalog.Find(name) is var entry && name == "fasterrcnn_vgg16" ? entry with { Layout = entry.Layout with { Width = 64 } } : entry;

    public static FasterRcnn Detector(string name, int classes)
    {
        var detector = Entry(name).Create(new DetectorOptions(classes));
        FormulaWeights.Fill(detector);
        using var noGrad = new NoGrad();
        foreach (var (path, tensor) in detector.NamedParameters())
            if (path.Contains("bbox_pred", StringComparison.Ordinal)) tensor.MulInPlace(0.3);
        foreach (var (_, module) in detector.NamedModules())
            if (module is BatchNorm2d norm) norm.KeepsStatistics = true;
        return detector;
    }

    public sealed record Operators(List<RoiCase> RoiAlign, List<long[]> Nms, float[][] Iou, float[][][] Cells);

    public sealed record RoiCase(double Scale, int Bins, int Ratio, bool Aligned, Parity.Sampled Output, Parity.Sampled Gradient);

    public sealed record ProposalCase(int Count, float[][] Boxes);

    public sealed record DetectionCase(float[][] Boxes, float[] Scores, int[] Labels);

    public sealed record Evaluation(int[][] Sizes, int[] Padded, List<Parity.Sampled> Levels, List<ProposalCase> Proposals, List<DetectionCase> Detections);

    public sealed record Training(Dictionary<string, double> Losses, Dictionary<string, Parity.Sampled> Gradients);

    public sealed record NetworkCase(string Network, int Classes, long Numbers, int Keys, Evaluation Evaluation, Training Training);
}
