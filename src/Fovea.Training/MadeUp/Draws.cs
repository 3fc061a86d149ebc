namespace Fovea.Training.MadeUp;

/// <summary>Draws that the painter needs, kept to arithmetic that is the same on every machine (<see cref="SeededRandom.NextNormal"/> uses the C library's logarithm).</summary>
internal static class Draws
{
    public static bool Chance(this SeededRandom random, double probability) => random.NextDouble() < probability;

    /// <summary>Uniform in [low, high], both inclusive.</summary>
    public static int Between(this SeededRandom random, int low, int high) => low + random.NextInt(high - low + 1);

    /// <summary>Mean 0, standard deviation 1, within ±3.47: the scaled sum of four uniforms.</summary>
    public static double Bell(this SeededRandom random) =>
        (random.NextDouble() + random.NextDouble() + random.NextDouble() + random.NextDouble() - 2) * 1.7320508075688772;

    public static uint NoiseSeed(this SeededRandom random) => (uint)random.NextUInt64();

    /// <summary>A unit vector, uniform in direction.</summary>
    public static Vector2D Direction(this SeededRandom random)
    {
        double angle = random.NextDouble(0, 2 * Math.PI);
        return new Vector2D(PortableMath.Cos(angle), PortableMath.Sin(angle));
    }
}

/// <summary>
/// A place or direction on the retina. Unit: the radius of the field of view. Origin: the centre of the field. Frame: a right eye as photographed, so
/// +x is nasal (towards the optic disc), +y is inferior. Left eyes are mirrored only when painted.
/// </summary>
internal readonly record struct Vector2D(double X, double Y)
{
    public double Length => Math.Sqrt(X * X + Y * Y);

    public Vector2D Unit => Length is var length && length > 1e-12 ? this / length : new Vector2D(1, 0);

    /// <summary>Turned a quarter.</summary>
    public Vector2D Normal => new(-Y, X);

    public double DistanceTo(Vector2D other) => (this - other).Length;

    public double Dot(Vector2D other) => X * other.X + Y * other.Y;

    public Vector2D Turned(double angle)
    {
        double c = PortableMath.Cos(angle), s = PortableMath.Sin(angle);
        return new Vector2D(c * X - s * Y, s * X + c * Y);
    }

    public static Vector2D operator +(Vector2D a, Vector2D b) => new(a.X + b.X, a.Y + b.Y);
    public static Vector2D operator -(Vector2D a, Vector2D b) => new(a.X - b.X, a.Y - b.Y);
    public static Vector2D operator *(Vector2D a, double k) => new(a.X * k, a.Y * k);
    public static Vector2D operator *(double k, Vector2D a) => a * k;
    public static Vector2D operator /(Vector2D a, double k) => new(a.X / k, a.Y / k);
}
