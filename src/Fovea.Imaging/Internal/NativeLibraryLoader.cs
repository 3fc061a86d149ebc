using System.Reflection;
using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;

namespace Fovea.Imaging.Internal;

/// <summary>Finds libfovea_imaging beside the assembly, or where <c>FOVEA_NATIVE</c> says, and checks that it speaks our ABI.</summary>
internal static class NativeLibraryLoader
{
    /// <summary>The other copy is kAbiVersion in native/imaging/bridge.h.</summary>
    internal const int AbiVersion = 4;
    internal const string Name = "fovea_imaging";
    private const string FileName = "libfovea_imaging.so";
    private static readonly Lock Gate = new();
    private static nint handle;

    // The library cannot be used before its resolver is set, and only a module initialiser runs before every use.
#pragma warning disable CA2255
    [ModuleInitializer]
    internal static void Register() =>
        NativeLibrary.SetDllImportResolver(typeof(NativeLibraryLoader).Assembly, (name, _, _) => name == Name ? Load() : 0);
#pragma warning restore CA2255

    /// <summary>Each place looked in, in order.</summary>
    internal static IEnumerable<string> Candidates()
    {
        if (Environment.GetEnvironmentVariable("FOVEA_NATIVE") is { Length: > 0 } folder)
            yield return Path.Combine(folder, FileName);
        yield return Path.Combine(AppContext.BaseDirectory, FileName);
        if (Path.GetDirectoryName(Assembly.GetExecutingAssembly().Location) is { Length: > 0 } beside
            && !Path.GetFullPath(beside + "/").Equals(Path.GetFullPath(AppContext.BaseDirectory + "/"), StringComparison.Ordinal))
            yield return Path.Combine(beside, FileName);
    }

    private static nint Load()
    {
        lock (Gate)
        {
            if (handle != 0)
                return handle;
            return handle = Load(Candidates());
        }
    }

    internal static unsafe nint Load(IEnumerable<string> candidates)
    {
        List<string> tried = [];
        foreach (var path in candidates)
        {
            if (!File.Exists(path))
            {
                tried.Add($"{path} (not there)");
                continue;
            }
            try
            {
                var library = NativeLibrary.Load(path);
                var version = 0;
                ((delegate* unmanaged<int*, int>)NativeLibrary.GetExport(library, "fimg_abi_version"))(&version);
                if (version == AbiVersion)
                {
                    _ = ((delegate* unmanaged<int>)NativeLibrary.GetExport(library, "fimg_start"))();
                    return library;
                }
                tried.Add($"{path} (ABI version {version}, {AbiVersion} wanted: rebuild it)");
            }
            catch (Exception e) when (e is DllNotFoundException or BadImageFormatException or EntryPointNotFoundException)
            {
                tried.Add($"{path} ({e.Message.ReplaceLineEndings(" ").Trim()})");
            }
        }
        throw new DllNotFoundException(
            $"{FileName}: cannot be loaded; tried {string.Join(", ", tried)}. Run ./eng/setup.sh to build it, or ./fovea doctor to see what is missing.");
    }
}
