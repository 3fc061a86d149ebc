namespace Fovea.Training.Data;

/// <summary>A data folder, table or archive cannot be used. The message is one line: <c>NAME: reason. Remedy.</c> (exit code 3).</summary>
public sealed class DatasetException : Exception
{
    /// <param name="name">File or folder as the user named it.</param>
    /// <param name="reason">What is wrong, without a final full stop.</param>
    /// <param name="remedy">What to do, without a final full stop.</param>
    /// <param name="inner">The cause, for logs.</param>
    public DatasetException(string name, string reason, string remedy, Exception? inner = null)
        : base($"{OneLine(name)}: {OneLine(reason)}. {OneLine(remedy)}.", inner) => Name = name;

    public string Name { get; }

    /// <summary>Names and cells come from outside: control characters would break the one line or the terminal.</summary>
    internal static string OneLine(string text)
    {
        var clean = string.Create(text.Length, text, static (span, source) =>
        {
            for (var i = 0; i < span.Length; i++) span[i] = char.IsControl(source[i]) ? ' ' : source[i];
        });
        return clean.Length <= 400 ? clean : string.Concat(clean.AsSpan(0, 400), "…");
    }
}
