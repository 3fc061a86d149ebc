using System.Runtime.InteropServices;

namespace Fovea.Cli.Doctor;

/// <summary>The processor as far as it decides how fast networks run.</summary>
/// <param name="Model">The maker's name for it, or the architecture where the system does not say.</param>
/// <param name="Cores">Logical cores that this process may use.</param>
/// <param name="Bfloat16">Has instructions for bfloat16 (AVX-512 BF16, AMX or Arm's), which about double the speed of training.</param>
internal sealed record Processor(string Model, int Cores, bool Avx2, bool Avx512, bool Bfloat16)
{
    public static Processor Read() =>
        Parse(File.Exists("/proc/cpuinfo") ? File.ReadAllText("/proc/cpuinfo") : "", Environment.ProcessorCount);

    /// <summary>Reads Linux's /proc/cpuinfo; the flags of the first core stand for all.</summary>
    internal static Processor Parse(string cpuinfo, int cores)
    {
        var lines = cpuinfo.Split('\n').Select(line => line.Split(':', 2, StringSplitOptions.TrimEntries)).Where(pair => pair.Length == 2).ToArray();
        string? Value(string key) => lines.FirstOrDefault(pair => pair[0] == key)?[1];
        // x86 calls the line "flags", Arm "Features".
        var flags = (Value("flags") ?? Value("Features") ?? "").Split(' ').ToHashSet();
        return new Processor(
            Value("model name") ?? RuntimeInformation.ProcessArchitecture.ToString(),
            cores,
            flags.Contains("avx2"),
            flags.Contains("avx512f") && flags.Contains("avx512bw") && flags.Contains("avx512vl"),
            flags.Contains("avx512_bf16") || flags.Contains("amx_bf16") || flags.Contains("bf16"));
    }
}
