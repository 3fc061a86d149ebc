using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models;
using Fovea.Tests.Models;

namespace Fovea.Tests.Explanation;

/// <summary>What oracle/explanations.py wrote.</summary>
internal static class ExplanationParity
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    public static List<LayerCase> Layers { get; } = Read<List<LayerCase>>("layers");

    public static List<PixelCase> Pixels { get; } = Read<List<PixelCase>>("pixels");

    private static T Read<T>(string name) => JsonSerializer.Deserialize<T>(File.ReadAllBytes(TestPaths.Oracle($"explanations/{name}.json")), Options)!;

    public sealed record Map(double Max, [property: JsonPropertyName("map")] float[] Values);

    /// <param name="Head">A pooling in place of the published classifier; null for that.</param>
    /// <param name="Weights">A file of ImageNet weights; null for the weights that both sides compute.</param>
    /// <param name="Maps">By method.</param>
    public sealed record LayerCase(string Network, string? Head, Parity.CamTarget Target, string Layer, string? Weights, long[] Input, int[] Shape, Dictionary<string, Map> Maps)
    {
        public HeadSpec Spec => new(Target.Kind, Target.Classes) { Pooling = Head is null ? null : PoolingKind.Average };
    }

    public sealed record Sampled(long[] Shape, double Norm, double Sum, double[] Sample);

    public sealed record PixelCase(
        string Network, Parity.CamTarget Target, long[] Input, double Y, double YBaseline, int Steps, double[][] Samples, int Window, int Stride,
        Sampled IntegratedGradients, Sampled SmoothGrad, Sampled GradientShap, Sampled Occlusion);
}
