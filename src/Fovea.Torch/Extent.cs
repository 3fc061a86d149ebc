namespace Fovea.Torch;

/// <summary>Two sizes of an image plane, as kernels, strides, paddings and outputs have them; one number stands for both.</summary>
public readonly record struct Extent(long Height, long Width)
{
    public static implicit operator Extent(int side) => new(side, side);

    public static implicit operator Extent((long Height, long Width) sides) => new(sides.Height, sides.Width);

    internal long[] ToArray() => [Height, Width];

    public override string ToString() => $"{Height}×{Width}";
}
