using System.Text;
using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Tests.Models;

/// <summary>The weights and inputs that oracle/models.py computes too: a hash of a tensor's name and an element's index, so that no weights are stored.</summary>
internal static class FormulaWeights
{
    public static void Fill(Module module)
    {
        using var noGrad = new NoGrad();
        foreach (var (name, tensor) in module.NamedParameters().Concat(module.NamedBuffers()))
            if (tensor.Type == ScalarType.Float32) tensor.CopyFrom<float>(Of(name, tensor.Shape));
    }

    public static Tensor Input(params long[] shape) => Tensor.From(InputValues(shape), shape);

    /// <param name="name">Another name makes other numbers.</param>
    public static Tensor Named(string name, params long[] shape) => Tensor.From(Values(name, shape), shape);

    public static float[] InputValues(params long[] shape) => Values("input", shape);

    private static float[] Values(string name, long[] shape)
    {
        var seed = Seed(name);
        return [.. Enumerable.Range(0, Count(shape)).Select(i => (float)(4 * Noise(seed, i) - 2))];
    }

    /// <summary>oracle/models.py's <c>noise</c>: numbers in [0, 1).</summary>
    public static double[] Noise(string name, long count)
    {
        var seed = Seed(name);
        return [.. Enumerable.Range(0, (int)count).Select(i => Noise(seed, i))];
    }

    private static float[] Of(string name, long[] shape)
    {
        var seed = Seed(name);
        var values = new float[Count(shape)];
        var bound = shape.Length > 1 ? Math.Sqrt(3.0 / (values.Length / shape[0])) : 0;
        var positive = name.EndsWith("running_var", StringComparison.Ordinal) || (name.EndsWith("weight", StringComparison.Ordinal) && shape.Length == 1);
        for (var i = 0; i < values.Length; i++)
        {
            var u = Noise(seed, i);
            values[i] = (float)(positive ? 0.5 + u : shape.Length > 1 ? (2 * u - 1) * bound : 0.4 * u - 0.2);
        }
        return values;
    }

    private static int Count(long[] shape) => (int)shape.Aggregate(1L, (a, b) => a * b);

    private static uint Seed(string name)
    {
        var seed = 2166136261u;
        foreach (var b in Encoding.UTF8.GetBytes(name)) seed = (seed ^ b) * 16777619u;
        return seed;
    }

    private static double Noise(uint seed, int i)
    {
        var x = (uint)i * 2654435761u + seed;
        x = (x ^ (x >> 16)) * 0x85EBCA6Bu;
        x = (x ^ (x >> 13)) * 0xC2B2AE35u;
        x ^= x >> 16;
        return x / 4294967296.0;
    }
}

/// <summary>What oracle/models.py wrote, a file a network.</summary>
internal static class Parity
{
    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web) { Converters = { new JsonStringEnumConverter() } };

    public static NetworkCase Network(string name) => Read<NetworkCase>(name);

    public static List<Cam> GradCam { get; } = Read<List<Cam>>("grad-cam");

    public static RealCase SqueezenetImageNet => Read<RealCase>("squeezenet-imagenet");

    private static T Read<T>(string name) => JsonSerializer.Deserialize<T>(File.ReadAllBytes(TestPaths.Oracle($"models/{name}.json")), Options)!;

    public sealed record Sampled(long[] Shape, double Norm, float[] Sample);

    public sealed record Case(long[] Input, float[] Logits, Dictionary<string, Sampled> Stages);

    public sealed record TrainingStep(long[] Input, double Loss, Dictionary<string, Sampled> Gradients, Dictionary<string, Sampled> Statistics);

    public sealed record NetworkCase(string Network, int Outputs, long Parameters, List<Case> Cases, TrainingStep Training);

    public sealed record CamTarget(HeadKind Kind, int Classes, int Grade);

    public sealed record Cam(string Network, int Outputs, CamTarget Target, string Layer, int[] Shape, double Max, float[] Map);

    public sealed record RealCase(long[] Input, float[] Logits);
}
