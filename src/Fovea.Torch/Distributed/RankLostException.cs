namespace Fovea.Torch.Distributed;

/// <summary>Another process of the group is gone, or failed. The message is one line: <c>rank 2 of 3: reason. Remedy.</c></summary>
/// <param name="rank">The one that is to blame; null where only the connection broke.</param>
public sealed class RankLostException(int? rank, string message, Exception? inner = null) : Exception(message, inner)
{
    public int? Rank { get; } = rank;

    internal const string Remedy = "Start again with --resume; the number of processes may differ.";
}
