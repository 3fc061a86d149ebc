using System.Security.Cryptography;
using Fovea.Torch.Files;
using Fovea.Torch.Interop;

namespace Fovea.Torch;

/// <summary>
/// A program that <c>torch.jit.trace</c> or <c>torch.jit.script</c> made and <c>.save</c> wrote. Running one is running somebody's code: it may compute anything, take any time and memory.
/// Load only what you would run. Calls from several threads at once are safe as long as the program does not change itself.
/// </summary>
public sealed class TorchScriptProgram : IDisposable
{
    private const long DefaultMaxBytes = 1L << 30;
    private const string Remedy = "Save it again with torch.jit.trace(model.eval(), example).save(path).";

    private readonly ScriptHandle _handle;

    private TorchScriptProgram(ScriptHandle handle, string name, string sha256) => (_handle, Name, Sha256) = (handle, name, sha256);

    /// <summary>The file as the caller named it, for messages.</summary>
    public string Name { get; }

    /// <summary>Of the file, lower-case hexadecimal.</summary>
    public string Sha256 { get; }

    /// <summary>Loads a program, in evaluation mode, on the CPU.</summary>
    /// <param name="maxBytes">The largest file that is read, 2 GB at most.</param>
    /// <exception cref="WeightsFormatException">The file is missing, too large, damaged, or no TorchScript program.</exception>
    public static unsafe TorchScriptProgram Load(string path, long maxBytes = DefaultMaxBytes) => FormatFault.Translate(path, Remedy, StoredWeights.Problem, () =>
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        var limit = Math.Min(maxBytes, Array.MaxLength);
        if (stream.Length > limit) throw new FormatFault($"it has {stream.Length} bytes; {limit} are allowed");
        var bytes = FormatFault.Allocate(stream.Length, "it");
        stream.ReadExactly(bytes);
        CheckKind(bytes);
        try
        {
            fixed (byte* first = bytes)
            {
                NativeMethods.ftorch_script_load(first, bytes.Length, out var script);
                return new TorchScriptProgram(new ScriptHandle(script), path, Convert.ToHexStringLower(SHA256.HashData(bytes)));
            }
        }
        catch (TorchException e)
        {
            throw new FormatFault($"libtorch cannot load it: {FirstLine(e)}", Remedy);
        }
    });

    /// <summary>Runs the program's forward on one tensor, without a gradient.</summary>
    /// <exception cref="WeightsFormatException">The program failed on it, or gave something else than a tensor.</exception>
    public Tensor Call(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        try
        {
            NativeMethods.ftorch_script_forward(_handle, x.Handle, out var result);
            return new Tensor(result);
        }
        catch (TorchException e)
        {
            throw new WeightsFormatException(Name, $"the program failed on an input of [{string.Join(", ", x.Shape)}]: {FirstLine(e)}", "Give it the size and channels that it was made for.", e);
        }
    }

    public void Dispose() => _handle.Dispose();

    /// <summary>A program is a zip file with code in it; weights alone are not.</summary>
    private static void CheckKind(byte[] bytes)
    {
        if (!bytes.AsSpan().StartsWith("PK"u8)) throw new FormatFault(bytes.Length == 0 ? "the file is empty" : "not a TorchScript program", Remedy);
        using var zip = new BoundedZip(new MemoryStream(bytes, writable: false), (8L * bytes.Length) + (64L << 20));
        if (!zip.Names.Any(n => n.EndsWith("/constants.pkl", StringComparison.Ordinal)))
            throw new FormatFault("a zip file, but not a TorchScript program; a state dict has weights and no program", Remedy);
    }

    // What the interpreter says begins with a trace of the program's own source; the reason stands at its end.
    private static string FirstLine(TorchException e)
    {
        var lines = e.Message.Split('\n', StringSplitOptions.RemoveEmptyEntries | StringSplitOptions.TrimEntries);
        var line = lines.LastOrDefault(l => l.StartsWith("RuntimeError:", StringComparison.Ordinal))?["RuntimeError:".Length..] ?? lines.FirstOrDefault() ?? "for an unknown reason";
        return FormatFault.Printable(line.Trim().TrimEnd('.'), 300);
    }
}
