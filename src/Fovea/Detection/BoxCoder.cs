namespace Fovea.Detection;

/// <summary>
/// Boxes as differences from others: how far the centre lies off in widths and heights, and the logarithm of the ratio of the sides, each times a weight.
/// Girshick et al. 2014, arXiv 1311.2524, appendix C; as torchvision's BoxCoder.
/// </summary>
/// <param name="X">Weight of dx.</param>
/// <param name="Y">Weight of dy.</param>
/// <param name="Width">Weight of dw.</param>
/// <param name="Height">Weight of dh.</param>
public readonly record struct BoxCoder(float X, float Y, float Width, float Height)
{
    /// <summary>Of anchors.</summary>
    public static BoxCoder Plain { get; } = new(1, 1, 1, 1);

    /// <summary>Of proposals, whose differences are small.</summary>
    public static BoxCoder Refining { get; } = new(10, 10, 5, 5);

    /// <summary>A side grows to at most 62.5 times: exp of an untrained network's number would overflow.</summary>
    private static readonly float Largest = (float)Math.Log(1000.0 / 16);

    /// <param name="from">The anchor or proposal; it has area.</param>
    /// <param name="to">The box that is meant; it has area.</param>
    public (float Dx, float Dy, float Dw, float Dh) Encode(in Box from, in Box to)
    {
        var (width, height, toWidth, toHeight) = (from.Width, from.Height, to.Width, to.Height);
        var (x, y) = (from.Left + 0.5f * width, from.Top + 0.5f * height);
        var (toX, toY) = (to.Left + 0.5f * toWidth, to.Top + 0.5f * toHeight);
        return (X * (toX - x) / width, Y * (toY - y) / height, Width * MathF.Log(toWidth / width), Height * MathF.Log(toHeight / height));
    }

    /// <param name="from">The anchor or proposal.</param>
    /// <param name="code">dx, dy, dw, dh.</param>
    public Box Decode(in Box from, ReadOnlySpan<float> code)
    {
        var (width, height) = (from.Width, from.Height);
        var x = code[0] / X * width + (from.Left + 0.5f * width);
        var y = code[1] / Y * height + (from.Top + 0.5f * height);
        var halfWidth = 0.5f * (MathF.Exp(MathF.Min(code[2] / Width, Largest)) * width);
        var halfHeight = 0.5f * (MathF.Exp(MathF.Min(code[3] / Height, Largest)) * height);
        return new Box(x - halfWidth, y - halfHeight, x + halfWidth, y + halfHeight);
    }
}
