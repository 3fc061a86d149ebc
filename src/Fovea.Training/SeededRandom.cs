using System.Numerics;

namespace Fovea.Training;

/// <summary>
/// xoshiro256** seeded by SplitMix64 (Blackman and Vigna, 2018). Used wherever a result must be the same for the same seed on every machine and
/// every version of .NET, which <see cref="Random"/> does not promise. Not thread-safe, not for secrets.
/// </summary>
public sealed class SeededRandom
{
    private ulong _s0, _s1, _s2, _s3;

    public SeededRandom(ulong seed) => Start(seed);

    private void Start(ulong seed)
    {
        _s0 = SplitMix64(ref seed);
        _s1 = SplitMix64(ref seed);
        _s2 = SplitMix64(ref seed);
        _s3 = SplitMix64(ref seed);
    }

    /// <summary>
    /// An independent generator for one piece of work, e.g. <c>For(seed, epoch, sample)</c>: the numbers depend on the keys and on nothing else,
    /// so work may be done in any order and by any number of workers.
    /// </summary>
    public static SeededRandom For(ulong seed, params ReadOnlySpan<ulong> keys) => new(StateOf(seed, keys));

    /// <summary>This generator becomes <see cref="For"/> of the keys; for those who need many and allocate none.</summary>
    internal SeededRandom Restart(ulong seed, params ReadOnlySpan<ulong> keys)
    {
        Start(StateOf(seed, keys));
        return this;
    }

    private static ulong StateOf(ulong seed, ReadOnlySpan<ulong> keys)
    {
        var state = seed;
        foreach (var key in keys)
        {
            state = SplitMix64(ref state) ^ key;
        }
        return SplitMix64(ref state);
    }

    /// <summary>The next 64 bits.</summary>
    public ulong NextUInt64()
    {
        var result = BitOperations.RotateLeft(_s1 * 5, 7) * 9;
        var t = _s1 << 17;
        _s2 ^= _s0;
        _s3 ^= _s1;
        _s1 ^= _s2;
        _s0 ^= _s3;
        _s2 ^= t;
        _s3 = BitOperations.RotateLeft(_s3, 45);
        return result;
    }

    /// <summary>Uniform in [0, <paramref name="exclusiveMax"/>), without bias (Lemire's multiply and reject).</summary>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="exclusiveMax"/> is not positive.</exception>
    public int NextInt(int exclusiveMax)
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(exclusiveMax);
        var range = (ulong)exclusiveMax;
        var high = Math.BigMul(NextUInt64(), range, out var low);
        if (low < range)
        {
            var threshold = (0UL - range) % range;
            while (low < threshold) high = Math.BigMul(NextUInt64(), range, out low);
        }
        return (int)high;
    }

    /// <summary>Uniform in [0, 1), 53 bits.</summary>
    public double NextDouble() => (NextUInt64() >> 11) * (1.0 / (1UL << 53));

    /// <summary>Uniform in [<paramref name="min"/>, <paramref name="max"/>).</summary>
    public double NextDouble(double min, double max) => min + (max - min) * NextDouble();

    /// <summary>Normal with mean 0 and standard deviation 1 (Box and Muller; the second value is not kept, so that calls stay independent).</summary>
    public double NextNormal()
    {
        var u = 1.0 - NextDouble();
        return Math.Sqrt(-2.0 * Math.Log(u)) * Math.Cos(2.0 * Math.PI * NextDouble());
    }

    /// <summary>Fisher and Yates, in place.</summary>
    public void Shuffle<T>(Span<T> items)
    {
        for (var i = items.Length - 1; i > 0; i--)
        {
            var j = NextInt(i + 1);
            (items[i], items[j]) = (items[j], items[i]);
        }
    }

    private static ulong SplitMix64(ref ulong state)
    {
        var z = state += 0x9E3779B97F4A7C15UL;
        z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9UL;
        z = (z ^ (z >> 27)) * 0x94D049BB133111EBUL;
        return z ^ (z >> 31);
    }
}
