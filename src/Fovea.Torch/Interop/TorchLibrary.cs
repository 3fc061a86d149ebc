using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fovea.Torch.Interop;

/// <summary>Finds libfovea_torch and checks that it is the one this assembly was written for.</summary>
internal static partial class TorchLibrary
{
    internal const string Name = "fovea_torch";
    private const int Abi = 5;

#pragma warning disable CA2255 // the resolver must be in place before the first call, whoever makes it
    [ModuleInitializer]
    internal static void Register()
    {
        NativeLibrary.SetDllImportResolver(typeof(TorchLibrary).Assembly, Resolve);
        // OpenMP's library reads this when it is loaded, from the C library's environment, which Environment.SetEnvironmentVariable does not change.
        if (OperatingSystem.IsLinux()) _ = setenv("OMP_WAIT_POLICY", "passive", overwrite: 0);
    }
#pragma warning restore CA2255

    [LibraryImport("libc", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int setenv(string name, string value, int overwrite);

    // .NET asks again for every function that is called for the first time; what is set at loading must be set once.
    private static readonly Lazy<nint> Library = new(Load);

    private static nint Resolve(string name, Assembly assembly, DllImportSearchPath? search) => name == Name ? Library.Value : 0;

    private static nint Load()
    {
        var tried = new List<string>();
        foreach (var path in Candidates())
        {
            if (!File.Exists(path))
            {
                tried.Add($"{path}: not there");
                continue;
            }
            try
            {
                var library = Check(NativeLibrary.Load(path), path);
                UseAllProcessors(library);
                return library;
            }
            catch (DllNotFoundException e)
            {
                tried.Add($"{path}: {e.Message.ReplaceLineEndings(" ")}");
            }
        }
        throw new DllNotFoundException($"libfovea_torch cannot be loaded ({string.Join("; ", tried)}). Run ./eng/setup.sh && ./eng/build.sh, then ./fovea doctor.");
    }

    private static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("FOVEA_NATIVE") is { Length: > 0 } folder) yield return Path.Combine(folder, "libfovea_torch.so");
        yield return Path.Combine(AppContext.BaseDirectory, "libfovea_torch.so");
    }

    // libtorch's own default is one thread for each physical core that its CPU detection sees, which in virtual machines is often one in all (docs/decisions/0007).
    private static unsafe void UseAllProcessors(nint library)
    {
        if (string.IsNullOrEmpty(Environment.GetEnvironmentVariable("OMP_NUM_THREADS")))
            _ = ((delegate* unmanaged<int, int>)NativeLibrary.GetExport(library, "ftorch_threads"))(Environment.ProcessorCount);
    }

    private static unsafe nint Check(nint library, string path)
    {
        var version = ((delegate* unmanaged<int>)NativeLibrary.GetExport(library, "ftorch_abi_version"))();
        if (version != Abi)
            throw new DllNotFoundException($"{path}: built for bridge version {version}, this assembly needs {Abi}. Run ./eng/build.sh.");
        return library;
    }
}
