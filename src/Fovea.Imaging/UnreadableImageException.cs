namespace Fovea.Imaging;

/// <summary>The bytes are no picture that Fovea reads. The message is one line, "NAME: reason. Remedy."</summary>
public sealed class UnreadableImageException(string name, string reason, string remedy, Exception? inner = null)
    : Exception(OneLine(name, reason, remedy), inner)
{
    public string Name { get; } = name;

    public string Reason { get; } = reason;

    public string Remedy { get; } = remedy;

    internal static string OneLine(string name, string reason, string remedy) =>
        $"{name}: {reason.TrimEnd('.', ' ')}. {remedy.TrimEnd('.', ' ')}.".ReplaceLineEndings(" ");
}
