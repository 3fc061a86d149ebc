using System.Globalization;

namespace Fovea.Torch;

/// <summary>Where a tensor lives: <c>cpu</c> or <c>cuda:N</c>.</summary>
public readonly record struct Device
{
    private Device(bool cuda, int index) => (IsCuda, Index) = (cuda, index);

    public static Device Cpu => default;

    public static Device Cuda(int index = 0) => new(true, index);

    public bool IsCuda { get; }

    /// <summary>The GPU's number, from 0; 0 for the CPU.</summary>
    public int Index { get; }

    /// <summary>Reads <c>cpu</c>, <c>cuda</c> or <c>cuda:N</c>.</summary>
    /// <exception cref="FormatException">Anything else.</exception>
    public static Device Parse(string text) => text switch
    {
        "cpu" => Cpu,
        "cuda" => Cuda(),
        _ when text.StartsWith("cuda:", StringComparison.Ordinal) && int.TryParse(text.AsSpan(5), NumberStyles.None, CultureInfo.InvariantCulture, out var n) => Cuda(n),
        _ => throw new FormatException($"'{text}' is not a device. Use cpu, cuda or cuda:N."),
    };

    public override string ToString() => IsCuda ? $"cuda:{Index}" : "cpu";
}
