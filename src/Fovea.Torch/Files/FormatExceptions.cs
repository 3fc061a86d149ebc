namespace Fovea.Torch.Files;

/// <summary>A weights file that cannot be used. The message is one line: <c>FILE: reason. Remedy.</c></summary>
public sealed class WeightsFormatException(string file, string reason, string remedy, Exception? inner = null)
    : Exception($"{file}: {reason}. {remedy}", inner)
{
    /// <summary>The file as the caller named it.</summary>
    public string File { get; } = file;

    /// <summary>What is wrong, without a full stop.</summary>
    public string Reason { get; } = reason;

    /// <summary>What the user can do, a sentence.</summary>
    public string Remedy { get; } = remedy;
}

/// <summary>An <c>.npy</c> or <c>.npz</c> file that cannot be used. The message is one line: <c>FILE: reason. Remedy.</c></summary>
public sealed class ArrayFormatException(string file, string reason, string remedy, Exception? inner = null)
    : Exception($"{file}: {reason}. {remedy}", inner)
{
    /// <summary>The file as the caller named it.</summary>
    public string File { get; } = file;

    /// <summary>What is wrong, without a full stop.</summary>
    public string Reason { get; } = reason;

    /// <summary>What the user can do, a sentence.</summary>
    public string Remedy { get; } = remedy;
}
