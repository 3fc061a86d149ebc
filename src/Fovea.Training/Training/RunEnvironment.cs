using System.Reflection;
using System.Runtime.InteropServices;
using Fovea.Torch;

namespace Fovea.Training.Training;

/// <summary>What a run was made with: enough to explain a difference in the last digit.</summary>
public sealed record RunEnvironment(string Fovea, string Libtorch, string Runtime, string OperatingSystem, string Processor, int Cores, int Threads, bool NativeBFloat16)
{
    public static RunEnvironment Current => new(
        typeof(RunEnvironment).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown",
        TorchRuntime.Version, RuntimeInformation.FrameworkDescription, RuntimeInformation.OSDescription, Model(), Environment.ProcessorCount, TorchRuntime.Threads, ProcessorFeatures.HasBFloat16);

    private static string Model()
    {
        try
        {
            return File.ReadLines("/proc/cpuinfo").FirstOrDefault(l => l.StartsWith("model name", StringComparison.Ordinal))?.Split(':', 2)[1].Trim() ?? RuntimeInformation.ProcessArchitecture.ToString();
        }
        catch (IOException)
        {
            return RuntimeInformation.ProcessArchitecture.ToString();
        }
    }
}
