namespace Fovea.Imaging;

/// <summary>A picture cannot be written. The message is one line, "NAME: reason. Remedy."</summary>
public sealed class UnwritableImageException(string name, string reason, string remedy, Exception? inner = null)
    : IOException(UnreadableImageException.OneLine(name, reason, remedy), inner);
