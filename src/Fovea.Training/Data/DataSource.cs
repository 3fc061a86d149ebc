namespace Fovea.Training.Data;

/// <summary>A data set as the user names it, taken apart: <c>KIND:PATH?option=value&amp;option=value</c>, where kind and options may be missing.</summary>
internal sealed class DataSource
{
    /// <summary>What it is called in a joined set.</summary>
    public const string NameOption = "name";

    /// <summary>Gives its labels other classes: <see cref="LabelMap"/>.</summary>
    public const string MapOption = "map";

    /// <summary>Puts all of it into one part.</summary>
    public const string IntoOption = "into";

    /// <summary>What is to be told of its images: <c>dr</c> (the labels, the default) or <c>dme</c> (<see cref="Sample.DmeRisk"/>).</summary>
    public const string TargetOption = "target";

    private readonly Dictionary<string, string> _options = new(StringComparer.Ordinal);

    private DataSource(string text, string? kind, string path) => (Text, Kind, Path) = (text, kind, path);

    /// <summary>As given.</summary>
    public string Text { get; }

    /// <summary>Null where it is to be recognised.</summary>
    public string? Kind { get; }
    public string Path { get; }

    public IEnumerable<string> Options => _options.Keys;

    public string? Option(string name) => _options.GetValueOrDefault(name);

    /// <param name="text">As the user wrote it.</param>
    /// <param name="kinds">What may stand before the colon.</param>
    /// <exception cref="DatasetException">No path, an unknown kind, or an option that is none.</exception>
    public static DataSource Parse(string text, IReadOnlyCollection<string> kinds)
    {
        var (kind, path) = SplitKind(text, kinds);
        var mark = System.IO.Path.Exists(path) ? -1 : path.LastIndexOf('?');
        var source = new DataSource(text, kind, mark < 0 ? path : path[..mark]);
        if (source.Path.Length == 0) throw new DatasetException(text, "no path", $"Give KIND:PATH with one of the kinds {string.Join(", ", kinds)}");
        if (mark < 0) return source;
        foreach (var option in path[(mark + 1)..].Split('&'))
        {
            var equals = option.IndexOf('=', StringComparison.Ordinal);
            if (equals < 1 || equals == option.Length - 1) throw new DatasetException(text, $"'{option}' is not an option with a value", "Write ?option=value&option=value after the path");
            if (!source._options.TryAdd(option[..equals], option[(equals + 1)..])) throw new DatasetException(text, $"the option '{option[..equals]}' stands twice", "Remove one");
        }
        return source;
    }

    private static (string? Kind, string Path) SplitKind(string text, IReadOnlyCollection<string> kinds)
    {
        var colon = text.IndexOf(':', StringComparison.Ordinal);
        // One letter before the colon is a drive; an existing path may hold a colon, and so may an option behind a path.
        if (colon < 2 || System.IO.Path.Exists(text)) return (null, text);
        var name = text[..colon];
        if (name.AsSpan().IndexOfAny('/', '\\', '?') >= 0) return (null, text);
        if (kinds.FirstOrDefault(kind => kind.Equals(name, StringComparison.OrdinalIgnoreCase)) is { } known) return (known, text[(colon + 1)..]);
        var nearest = NearestName.Of(name, kinds);
        var all = string.Join(", ", kinds);
        throw new DatasetException(text, $"no kind of data '{name}'", nearest is null ? $"Use one of {all}" : $"Did you mean {nearest}? There are {all}");
    }

    /// <exception cref="DatasetException">An option that the reader does not know.</exception>
    public void RequireOptions(string kind, IReadOnlyCollection<string> readerOptions)
    {
        string[] known = [.. readerOptions, NameOption, MapOption, IntoOption, TargetOption];
        if (Options.FirstOrDefault(option => !known.Contains(option)) is not { } unknown) return;
        var nearest = NearestName.Of(unknown, known);
        throw new DatasetException(Text, $"{kind} has no option '{unknown}'", $"{(nearest is null ? "" : $"Did you mean {nearest}? ")}There are {string.Join(", ", known)}");
    }
}
