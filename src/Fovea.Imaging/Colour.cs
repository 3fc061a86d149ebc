namespace Fovea.Imaging;

/// <summary>An sRGB colour of 8 bits a channel. On a grey image the red counts.</summary>
public readonly record struct Colour(byte R, byte G, byte B)
{
    public static Colour Black => new(0, 0, 0);

    public static Colour White => new(255, 255, 255);

    public static Colour Grey(byte value) => new(value, value, value);
}
