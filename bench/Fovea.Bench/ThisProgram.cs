using System.Runtime.Intrinsics.X86;
using Fovea.Training.Training;

namespace Fovea.Bench;

internal static class ThisProgram
{
    /// <summary>What <see cref="Environment.ProcessPath"/> is given to run this program again with other arguments: where that is `dotnet`, the program's file comes first.</summary>
    internal static string[] Arguments(params ReadOnlySpan<string> arguments) =>
        Path.GetFileNameWithoutExtension(Environment.ProcessPath) == "dotnet" ? [typeof(ThisProgram).Assembly.Location, .. arguments] : [.. arguments];

    /// <summary>The processor, and the widest vectors that it has.</summary>
    internal static string Processor { get; } =
        $"{RunEnvironment.Current.Processor} with {(Avx512F.IsSupported ? "AVX-512" : Avx2.IsSupported ? "AVX2 alone" : "neither AVX2 nor AVX-512")}";
}
