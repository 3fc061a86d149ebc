using System.Security.Cryptography;
using Fovea.Torch.Files;
using Fovea.Weights;

namespace Fovea.Training.Weights;

/// <summary>Weights as the store knows them.</summary>
/// <param name="Path">The file; null when it is registered but not here.</param>
public sealed record KnownWeights(WeightsEntry Entry, string? Path);

/// <summary>
/// The user's weights: files in one folder, and <c>registry.json</c> beside them, which says what they are. Together with the registry that comes with Fovea it answers names.
/// Files come in whole or not at all, and only when they hold weights and the hash is right.
/// </summary>
public sealed class WeightsStore(string folder)
{
    /// <summary>Names the folder.</summary>
    public const string Variable = "FOVEA_WEIGHTS";

    private const string RegistryFile = "registry.json", LockFile = ".lock";
    private static readonly TimeSpan LockTimeout = TimeSpan.FromSeconds(20);

    /// <summary>The folder that <see cref="Variable"/> names, else <c>fovea/weights</c> in the user's data folder (<c>XDG_DATA_HOME</c>, by default <c>~/.local/share</c>).</summary>
    public static WeightsStore Default => new(
        Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } given ? given
        : Path.Combine(Environment.GetFolderPath(Environment.SpecialFolder.LocalApplicationData, Environment.SpecialFolderOption.DoNotVerify), "fovea", "weights"));

    public string Folder { get; } = Path.GetFullPath(folder);

    /// <summary>All registered weights: the user's, then those that come with Fovea, without those that the user has under the same name.</summary>
    public IReadOnlyList<KnownWeights> All()
    {
        var own = Own().Weights;
        var names = own.Select(e => e.Name).ToHashSet(StringComparer.OrdinalIgnoreCase);
        return [.. own.Concat(WeightsRegistry.BuiltIn.Weights.Where(e => !names.Contains(e.Name))).Select(e => new KnownWeights(e, PathOf(e)))];
    }

    /// <summary>The registered weights of a name, or null.</summary>
    public KnownWeights? Find(string name) => All().FirstOrDefault(w => string.Equals(w.Entry.Name, name, StringComparison.OrdinalIgnoreCase));

    /// <summary>The file that <c>--weights</c> or a recipe means: a file as it is named, else registered weights, whose hash is checked.</summary>
    /// <exception cref="WeightsException">There is neither, the weights are not here yet, or their file has changed.</exception>
    public string Resolve(string nameOrFile)
    {
        if (File.Exists(nameOrFile) || Directory.Exists(nameOrFile)) return nameOrFile;
        if (Find(nameOrFile) is not { } known)
        {
            // A path is answered by whoever reads it.
            if (!WeightsEntry.IsName(nameOrFile) || HasWeightsEnding(nameOrFile)) return nameOrFile;
            var near = NearestName.Of(nameOrFile, All().Select(w => w.Entry.Name)) is { } name ? $"Did you mean {name}? " : "";
            throw new WeightsException(nameOrFile, "no such file, and no weights are registered under this name", $"{near}`fovea weights list` shows them");
        }
        if (known.Path is null)
            throw new WeightsException(known.Entry.Name, "registered, but not on this machine",
                known.Entry.Source is null ? "Import the file with `fovea weights import FILE`" : $"Get it with `fovea weights import {known.Entry.Name}`");
        var hash = HashOf(known.Path);
        return known.Entry.Matches(hash) ? known.Path
            : throw new WeightsException(known.Path, $"its SHA-256 is {hash[..12]}…, not {known.Entry.Sha256?[..Math.Min(12, known.Entry.Sha256.Length)]}… as registered", "Import it again");
    }

    /// <summary>Takes a file in: checks its hash and that it holds weights, copies it, and registers it.</summary>
    /// <param name="path">safetensors or a PyTorch checkpoint.</param>
    /// <param name="entry">What it is; its hash, where it has one, must be the file's.</param>
    /// <param name="move">The file is given away: it is renamed into the folder where that is possible.</param>
    /// <returns>The entry as registered, with the whole hash, size and file name.</returns>
    /// <exception cref="WeightsException">The hash or size differs, or the name is another file's.</exception>
    /// <exception cref="WeightsFormatException">The file does not hold weights, or holds NaN.</exception>
    /// <exception cref="IOException">The disk is full.</exception>
    public WeightsEntry Add(string path, WeightsEntry entry, bool move = false)
    {
        ArgumentNullException.ThrowIfNull(entry);
        if (entry.Problem() is { } problem) throw new WeightsException(entry.Name, problem, "Give another --name");
        var (hash, bytes) = (HashOf(path), new FileInfo(path).Length);
        if (entry.Sha256 is not null && !entry.Matches(hash))
            throw new WeightsException(path, $"its SHA-256 is {hash}, not {entry.Sha256}{(entry.Sha256.Length < hash.Length ? "…" : "")} as registered for {entry.Name}", "It is another file, or it was damaged on the way; get it again");
        if (entry.Bytes is { } expected && expected != bytes)
            throw new WeightsException(path, $"it has {bytes} bytes, not {expected} as registered for {entry.Name}", "Get it again");
        if (Find(entry.Name) is { } known && (known.Path is not null || known.Entry.File is null) && known.Entry.Sha256 is not null && !known.Entry.Matches(hash))
            throw new WeightsException(entry.Name, $"the name belongs to other weights (SHA-256 {known.Entry.Sha256[..8]}…)", "Give another with --name");
        PretrainedWeights.Read(path);
        Directory.CreateDirectory(Folder);
        var name = entry.Name + (IsSafetensors(path) ? ".safetensors" : ".pth");
        var target = Path.Combine(Folder, name);
        if (move) File.Move(path, target, overwrite: true);
        else if (Path.GetFullPath(path) != target)
            AtomicFile.Write(target, stream =>
            {
                using var source = File.OpenRead(path);
                source.CopyTo(stream);
            });
        // Between the reading above and here the file might have been replaced.
        if (HashOf(target) != hash) throw new WeightsException(path, "it changed while it was read", "Import it again when nobody writes it");
        var registered = entry with { Sha256 = hash, Bytes = bytes, File = name };
        Register(registered);
        return registered;
    }

    /// <summary>The weights that have a file's hash, or null: the user's first.</summary>
    /// <param name="sha256">All 64 digits.</param>
    public WeightsEntry? Recognise(string sha256) => All().Select(w => w.Entry).FirstOrDefault(e => e.Matches(sha256));

    /// <summary>SHA-256 in lower-case hexadecimal.</summary>
    /// <exception cref="WeightsFormatException">The file cannot be read.</exception>
    public static string HashOf(string path)
    {
        try
        {
            using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, 1, FileOptions.SequentialScan);
            return Convert.ToHexStringLower(SHA256.HashData(stream));
        }
        catch (Exception e) when (e is FileNotFoundException or DirectoryNotFoundException)
        {
            throw new WeightsFormatException(path, "no such file", "Check the path.", e);
        }
        catch (UnauthorizedAccessException e)
        {
            throw new WeightsFormatException(path, Directory.Exists(path) ? "a folder, not a file" : "this user may not read it", "Check the path and its permissions.", e);
        }
    }

    private WeightsRegistry Own() => WeightsRegistry.Read(Path.Combine(Folder, RegistryFile));

    private string? PathOf(WeightsEntry entry) =>
        entry.File is { } file && Path.Combine(Folder, file) is var path && File.Exists(path) ? path : null;

    private void Register(WeightsEntry entry)
    {
        using var claim = Lock();
        var registry = Own();
        var others = registry.Weights.Where(e => !string.Equals(e.Name, entry.Name, StringComparison.OrdinalIgnoreCase));
        var json = (registry with { Weights = [.. others.Append(entry).OrderBy(e => e.Name, StringComparer.Ordinal)] }).ToJson();
        AtomicFile.Write(Path.Combine(Folder, RegistryFile), stream => stream.Write(json));
    }

    /// <summary>Two imports at once must not lose each other's entries.</summary>
    private FileStream Lock()
    {
        var path = Path.Combine(Folder, LockFile);
        for (var start = TimeProvider.System.GetTimestamp(); ;)
        {
            try
            {
                return new FileStream(path, FileMode.OpenOrCreate, FileAccess.ReadWrite, FileShare.None);
            }
            catch (IOException) when (TimeProvider.System.GetElapsedTime(start) < LockTimeout)
            {
                Thread.Sleep(50);
            }
        }
    }

    private static bool HasWeightsEnding(string name) =>
        Path.GetExtension(name).ToLowerInvariant() is ".pth" or ".pt" or ".safetensors" or ".fovea" or ".bin" or ".ckpt";

    private static bool IsSafetensors(string path)
    {
        using var stream = File.OpenRead(path);
        var start = new byte[9];
        return stream.ReadAtLeast(start, 9, throwOnEndOfStream: false) == 9 && start[8] == (byte)'{';
    }
}
