using System.Runtime.InteropServices;

namespace Fovea.Imaging.Tests;

/// <summary>What native code writes to file descriptor 2, which .NET's Console does not see.</summary>
internal static partial class StandardError
{
    private const int Descriptor = 2, CreateTruncateReadWrite = 0x242; // O_CREAT | O_TRUNC | O_RDWR

    public static string During(Action action)
    {
        var path = Path.GetTempFileName();
        var (saved, file) = (Duplicate(Descriptor), Open(path, CreateTruncateReadWrite, 0x180));
        try
        {
            Assert.True(saved >= 0 && file >= 0);
            Assert.Equal(Descriptor, Replace(file, Descriptor));
            action();
        }
        finally
        {
            _ = Replace(saved, Descriptor);
            _ = Close(saved);
            _ = Close(file);
        }
        var text = File.ReadAllText(path);
        File.Delete(path);
        return text;
    }

    [LibraryImport("libc", EntryPoint = "dup")]
    private static partial int Duplicate(int descriptor);

    [LibraryImport("libc", EntryPoint = "dup2")]
    private static partial int Replace(int from, int to);

    [LibraryImport("libc", EntryPoint = "open", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int Open(string path, int flags, int mode);

    [LibraryImport("libc", EntryPoint = "close")]
    private static partial int Close(int descriptor);
}
