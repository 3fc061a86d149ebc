namespace Fovea.Torch;

/// <summary>What this machine's processor can do that decides how to compute.</summary>
public static class ProcessorFeatures
{
    private static readonly Lazy<bool> BFloat16 = new(() =>
    {
        try
        {
            return File.ReadLines("/proc/cpuinfo").Any(line => line.StartsWith("flags", StringComparison.Ordinal)
                && (line.Contains(" avx512_bf16", StringComparison.Ordinal) || line.Contains(" amx_bf16", StringComparison.Ordinal)));
        }
        catch (IOException)
        {
            return false; // not Linux: no way to ask, so the safe answer
        }
    });

    /// <summary>bfloat16 products in hardware (AVX-512 bf16 or AMX). Without them libtorch emulates, more slowly than float32.</summary>
    public static bool HasBFloat16 => BFloat16.Value;
}
