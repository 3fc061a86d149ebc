// torchvision 0.14's GeneralizedRCNNTransform: normalise, resize so that the shorter side is as asked unless the longer one would be too long, pad right and below to a multiple of 32.
using Fovea.Imaging;
using Fovea.Torch;

namespace Fovea.Detection;

/// <summary>What is done to pictures before a detector sees them.</summary>
public sealed record DetectionInput
{
    /// <summary>Of each channel, of values 0–1. Default: ImageNet's.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.485, 0.456, 0.406];

    public IReadOnlyList<double> Std { get; init; } = [0.229, 0.224, 0.225];

    /// <summary>The shorter side in pixels; null (default): pictures keep their size, as tiles do.</summary>
    public int? ShorterSide { get; init; }

    /// <summary>The longer side in pixels, at most, where <see cref="ShorterSide"/> is asked for.</summary>
    public int LongerSide { get; init; } = 1333;

    /// <summary>The reason why it is impossible, or null.</summary>
    internal string? Problem() =>
        Mean.Count != 3 || Std.Count != 3 || Mean.Any(m => !double.IsFinite(m)) || Std.Any(s => !(s is > 0 and < 1e6)) ? "mean and std are not three numbers each, the latter above 0"
        : ShorterSide is < 32 or > 8192 || LongerSide < (ShorterSide ?? 32) || LongerSide > 16384 ? "the sides that pictures are resized to are impossible" : null;
}

/// <summary>Pictures of perhaps different sizes as one tensor.</summary>
/// <param name="Images">[N, 3, H, W], channels-last, zero beyond each picture; H and W are multiples of 32.</param>
/// <param name="Sizes">Height and width of each picture, without padding, as resized.</param>
/// <param name="Scales">Pixels of the resized picture for one of the original: across, down.</param>
public sealed record DetectionBatch(Tensor Images, IReadOnlyList<Extent> Sizes, IReadOnlyList<(float X, float Y)> Scales)
{
    private const int Multiple = 32;

    /// <summary>Height and width of the padded batch.</summary>
    public Extent Padded => (Images.Size(2), Images.Size(3));

    /// <summary>The greatest height and width among the pictures.</summary>
    public Extent Largest => (Sizes.Max(s => s.Height), Sizes.Max(s => s.Width));

    /// <param name="pictures">RGB, perhaps of different sizes.</param>
    /// <inheritdoc cref="Of(IReadOnlyList{Tensor}, DetectionInput)"/>
    public static DetectionBatch Of(IReadOnlyList<Image> pictures, DetectionInput input)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var batch = Of([.. pictures.Select(p => Tensor.From<byte>(p.Pixels, p.Height, p.Width, 3).To(ScalarType.Float32).Permute(2, 0, 1) / 255)], input);
        scope.Keep(batch.Images);
        return batch;
    }

    /// <param name="pictures">[3, H, W] with values 0–1, float32 or, for comparisons, float64; all of one type, which the batch has, too.</param>
    /// <returns>The batch; its tensor lives as long as the scope around the call.</returns>
    public static DetectionBatch Of(IReadOnlyList<Tensor> pictures, DetectionInput input)
    {
        ArgumentNullException.ThrowIfNull(pictures);
        ArgumentNullException.ThrowIfNull(input);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var mean = Tensor.From<double>([.. input.Mean], 3, 1, 1).To(pictures[0].Type);
        var std = Tensor.From<double>([.. input.Std], 3, 1, 1).To(pictures[0].Type);
        var (resized, scales) = (new List<Tensor>(), new List<(float, float)>());
        foreach (var picture in pictures)
        {
            var (height, width) = (picture.Size(1), picture.Size(2));
            var x = ((picture - mean) / std).Unsqueeze(0);
            if (SizeFor(height, width, input) is { } size && (size.Height != height || size.Width != width)) x = Functional.InterpolateBilinear(x, size);
            resized.Add(x);
            scales.Add(((float)x.Size(3) / width, (float)x.Size(2) / height));
        }
        static long Up(long side) => (side + Multiple - 1) / Multiple * Multiple;
        var (h, w) = (Up(resized.Max(x => x.Size(2))), Up(resized.Max(x => x.Size(3))));
        Extent[] sizes = [.. resized.Select(x => new Extent(x.Size(2), x.Size(3)))];
        var batch = Tensor.Cat([.. resized.Select(x => x.Size(2) == h && x.Size(3) == w ? x : Functional.Pad(x, 0, w - x.Size(3), 0, h - x.Size(2)))]);
        return new DetectionBatch(scope.Keep(batch.To(MemoryFormat.ChannelsLast)), sizes, scales);
    }

    /// <summary>Found boxes of picture <paramref name="image"/>, in its original pixels.</summary>
    public DetectedBox[] ToOriginal(IReadOnlyList<DetectedBox> found, int image)
    {
        var (x, y) = Scales[image];
        return [.. found.Select(d => d with { Bounds = d.Bounds.Scaled(1 / x, 1 / y) })];
    }

    /// <summary>In float32 and rounded down, as torchvision does it.</summary>
    private static Extent? SizeFor(long height, long width, DetectionInput input)
    {
        if (input.ShorterSide is not { } shorter) return null;
        double scale = MathF.Min((float)shorter / Math.Min(height, width), (float)input.LongerSide / Math.Max(height, width));
        return ((long)Math.Max(1, Math.Floor(height * scale)), (long)Math.Max(1, Math.Floor(width * scale)));
    }
}
