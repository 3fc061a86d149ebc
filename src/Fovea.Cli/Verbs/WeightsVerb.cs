using System.CommandLine;
using System.Globalization;
using Fovea.Models;
using Fovea.Torch.Files;
using Fovea.Training.Weights;
using Fovea.Weights;

namespace Fovea.Cli.Verbs;

/// <summary>Weights that others trained: what is known, getting them here, and what a file is.</summary>
internal static class WeightsVerb
{
    private const int DefaultMaxMegabytes = 2048;

    public static Command Create() => new("weights", $"Pretrained weights: known ones, importing them, checking files. They lie in ${WeightsStore.Variable}, else in the user's data folder.")
    {
        List(), Import(), Verify(),
    };

    private static Command List()
    {
        var json = JsonOutput.Option();
        return new Command("list", "List the registered weights and which of them are on this machine.") { json }.Runs((parse, cancel) =>
        {
            var rows = WeightsStore.Default.All();
            if (parse.GetValue(json)) JsonOutput.Write(rows.Select(Row.Of));
            else
            {
                var width = rows.Max(r => r.Entry.Name.Length);
                foreach (var row in rows)
                    Console.Out.WriteLine($"{row.Entry.Name.PadRight(width)}  {(row.Path is null ? "-   " : "here")}  {row.Entry.Architecture ?? "?",-18}  {row.Entry.Licence ?? "licence unknown"}{Where(row)}");
            }
            return ExitCodes.Ok;
        });
    }

    private static Command Import()
    {
        var what = new Argument<string>("weights") { Description = "A registered name, a file, or an https address." };
        var name = new Option<string?>("--name") { Description = "Register under this name. Default: the registered one, else the file's.", HelpName = "NAME" };
        var model = new Option<string?>("--model") { Description = "The network that they are for. Default: the one that they fit.", HelpName = "NETWORK" };
        var sha256 = new Option<string?>("--sha256") { Description = "What the file's SHA-256 must be, or begin with (8 digits or more).", HelpName = "HEX" };
        var licence = new Option<string?>("--licence") { Description = "The weights' licence, to be noted.", HelpName = "SPDX" };
        var maxSize = new Option<int>("--max-size") { Description = "The largest download, in megabytes.", DefaultValueFactory = _ => DefaultMaxMegabytes, HelpName = "MB" };
        var json = JsonOutput.Option();
        return new Command("import", "Take weights into the weights folder: check the hash, check that it is weights, register.") { what, name, model, sha256, licence, maxSize, json }.Runs((parse, cancel) =>
        {
            var store = WeightsStore.Default;
            var given = parse.GetValue(what)!;
            if (parse.GetValue(maxSize) is < 1 or > 1 << 20) throw new UsageException("--max-size: not a size. Give 1 to 1048576 megabytes.");
            var network = parse.GetValue(model) is { } named ? ModelCatalog.Find(named) : null;
            var isAddress = given.Contains("://", StringComparison.Ordinal);
            if (isAddress && (!Uri.TryCreate(given, UriKind.Absolute, out var address) || address.Scheme != Uri.UriSchemeHttps))
                throw new UsageException($"{given}: not an https address. Weights are fetched over HTTPS only; import a file that you got by other means.");
            var known = !isAddress && !File.Exists(given) ? store.Find(given) ?? throw Unknown(store, given) : null;
            var source = isAddress ? new Uri(given) : known?.Entry.Source;
            if (known is { Entry.Source: null })
                throw new WeightsException(known.Entry.Name, "it has no public address", "Import its file: `fovea weights import FILE`");

            var path = source is null ? given : Fetch(source, store, parse.GetValue(maxSize), cancel);
            try
            {
                var hash = WeightsStore.HashOf(path);
                var entry = known?.Entry ?? store.Recognise(hash) ?? new WeightsEntry { Name = NameOf(isAddress ? new Uri(given).AbsolutePath : given), Source = source };
                if (parse.GetValue(name) is { } other) entry = entry with { Name = other };
                if (parse.GetValue(licence) is { } spdx) entry = entry with { Licence = spdx };
                if (parse.GetValue(sha256)?.ToLowerInvariant() is { } expected)
                {
                    if (!WeightsEntry.IsHash(expected)) throw new UsageException("--sha256: not a hash. Give 8 to 64 hexadecimal digits.");
                    if (!hash.StartsWith(expected, StringComparison.Ordinal))
                        throw new WeightsException(given, $"its SHA-256 is {hash}, not {expected}{(expected.Length < 64 ? "…" : "")}", "It is another file, or it was damaged on the way");
                }
                else if (entry.Sha256 is null) Console.Error.WriteLine($"{given}: nobody said what its SHA-256 should be; it is {hash}.");
                entry = entry with { Architecture = Architecture(entry, network, path, cancel) };
                var added = store.Add(path, entry, move: source is not null);
                if (parse.GetValue(json)) JsonOutput.Write(Row.Of(new KnownWeights(added, Path.Combine(store.Folder, added.File!))));
                else Console.Out.WriteLine($"{added.Name}: {Path.Combine(store.Folder, added.File!)}, {(added.Architecture is { } a ? $"for {a}" : "fits no network of the catalogue")}, SHA-256 {added.Sha256}");
                return ExitCodes.Ok;
            }
            finally
            {
                // Whole but wrong: the next attempt must not go on from it.
                if (source is not null) File.Delete(path);
            }
        });
    }

    private static Command Verify()
    {
        var what = new Argument<string>("weights") { Description = "A file, or a registered name." };
        var model = new Option<string?>("--model") { Description = "Say whether they fit this network, and what is missing or too much.", HelpName = "NETWORK" };
        var json = JsonOutput.Option();
        return new Command("verify", "Say what a file of weights is: hash, tensors, which networks it fits.") { what, model, json }.Runs((parse, cancel) =>
        {
            var store = WeightsStore.Default;
            var path = store.Resolve(parse.GetValue(what)!);
            var hash = WeightsStore.HashOf(path);
            var weights = PretrainedWeights.Read(path);
            var fits = Fits(parse.GetValue(model) is { } named ? [ModelCatalog.Find(named)] : ModelCatalog.Entries, weights, cancel);
            var fitting = fits.Where(f => f.Fits).ToList();
            var registered = store.Recognise(hash);
            var numbers = weights.Values.Sum(t => t.Count);
            if (parse.GetValue(json))
                JsonOutput.Write(new Verified(path, hash, new FileInfo(path).Length, weights.Count, numbers, registered?.Name, registered?.Licence,
                    [.. fitting.Select(f => new Fitting(f.Network, f.Outputs, f.Remarks))]));
            else
            {
                Console.Out.WriteLine(string.Create(CultureInfo.InvariantCulture, $"{path}: {new FileInfo(path).Length} bytes, {weights.Count} tensors, {numbers} numbers"));
                Console.Out.WriteLine($"SHA-256 {hash}, {(registered is null ? "not registered" : $"registered as {registered.Name} ({registered.Licence ?? "licence unknown"})")}");
                foreach (var f in fitting)
                    Console.Out.WriteLine($"fits {f.Network}, {(f.Outputs is { } n ? $"{n} outputs" : "without a classifier")}{(f.Remarks.Count > 0 ? $" ({string.Join("; ", f.Remarks)})" : "")}");
            }
            if (fitting.Count > 0) return ExitCodes.Ok;
            var nearest = fits.MaxBy(f => f.Matching)!;
            throw new WeightsFormatException(path, (fits.Count == 1 ? $"they do not fit {nearest.Network}" : $"they fit no network of the catalogue; {nearest.Network} is nearest with {nearest.Matching} tensors") +
                $": {nearest.Backbone}", "`fovea models list` shows the networks.");
        });
    }

    private static string Fetch(Uri source, WeightsStore store, int megabytes, CancellationToken cancel)
    {
        using var download = new WeightsDownload(Path.Combine(store.Folder, "unfinished"), (long)megabytes << 20);
        ProgressLine? line = null;
        try
        {
            // In kilobytes: a progress line counts whole units.
            return download.FetchAsync(source, new Direct(p => (line ??= new ProgressLine("Downloading", (p.Total ?? 0) >> 10, "kB")).Report(p.Received >> 10)), cancel).GetAwaiter().GetResult();
        }
        finally
        {
            line?.Dispose();
        }
    }

    private static string? Architecture(WeightsEntry entry, ModelEntry? asked, string path, CancellationToken cancel)
    {
        if (asked is null && entry.Architecture is not null) return entry.Architecture;
        var fits = Fits(asked is null ? ModelCatalog.Entries : [asked], PretrainedWeights.Read(path), cancel);
        if (asked is not null && !fits[0].Fits) throw new WeightsFormatException(path, $"they do not fit {asked.Name}: {fits[0].Backbone}", "Give the network that they were made for, or none.");
        return fits.FirstOrDefault(f => f.Fits)?.Network;
    }

    private static List<WeightsFit> Fits(IReadOnlyList<ModelEntry> networks, IReadOnlyDictionary<string, StoredTensor> weights, CancellationToken cancel)
    {
        var fits = new List<WeightsFit>();
        foreach (var entry in networks)
        {
            cancel.ThrowIfCancellationRequested();
            fits.Add(WeightsFit.Of(entry, weights));
        }
        return fits;
    }

    private static UsageException Unknown(WeightsStore store, string name)
    {
        var near = NearestName.Of(name, store.All().Select(w => w.Entry.Name)) is { } found ? $"Did you mean {found}? " : "";
        return new UsageException($"{name}: no such file, and no weights are registered under this name. {near}`fovea weights list` shows them.");
    }

    private static string NameOf(string path)
    {
        var name = string.Concat(Path.GetFileNameWithoutExtension(path).Select(c => char.IsAsciiLetterOrDigit(c) || c is '.' or '_' ? c : '-')).TrimStart('.', '_', '-');
        return name.Length == 0 ? "weights" : name[..Math.Min(name.Length, 80)];
    }

    private static string Where(KnownWeights w) => w.Path is null && w.Entry.Source is { } source ? $"  {source}" : w.Path is null ? "  from a file only" : "";

    /// <summary>Progress where it happens; <see cref="Progress{T}"/> would post it to the thread pool, late and out of order.</summary>
    private sealed class Direct(Action<DownloadProgress> report) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => report(value);
    }

    private sealed record Row(string Name, string? Architecture, bool Here, string? Path, Uri? Source, string? Sha256, long? Bytes, string? Licence, string? Data, int? Outputs, int? InputSize,
        IReadOnlyList<double>? Mean, IReadOnlyList<double>? Std, string? Naming, string? Note)
    {
        public static Row Of(KnownWeights w)
        {
            var e = w.Entry;
            return new Row(e.Name, e.Architecture, w.Path is not null, w.Path, e.Source, e.Sha256, e.Bytes, e.Licence, e.Data, e.Outputs, e.InputSize, e.Mean, e.Std, e.Naming, e.Note);
        }
    }

    private sealed record Verified(string File, string Sha256, long Bytes, int Tensors, long Numbers, string? Registered, string? Licence, IReadOnlyList<Fitting> Fits);

    private sealed record Fitting(string Network, int? Outputs, IReadOnlyList<string> Remarks);
}
