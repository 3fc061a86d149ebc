using System.Globalization;

namespace Fovea.Torch.Distributed;

/// <summary>This process's place among those that work on one job, as torchrun tells it: <c>RANK</c>, <c>WORLD_SIZE</c>, <c>LOCAL_RANK</c>, <c>MASTER_ADDR</c>, <c>MASTER_PORT</c>.</summary>
/// <param name="Rank">0 … <paramref name="Size"/> − 1; rank 0 writes and opens the port.</param>
/// <param name="LocalRank">Number on this machine.</param>
/// <param name="Host">Where rank 0 is.</param>
public sealed record RankEnvironment(int Rank, int Size, int LocalRank, string Host, int Port)
{
    /// <summary>Most processes of one job.</summary>
    public const int MaxSize = 4096;

    /// <summary>What the environment says; null where it has no <c>WORLD_SIZE</c>, or one of 1: this process works alone.</summary>
    /// <exception cref="RankEnvironmentException">It says only a part, or something impossible.</exception>
    public static RankEnvironment? Current => Read(Environment.GetEnvironmentVariable);

    internal static RankEnvironment? Read(Func<string, string?> get)
    {
        if (string.IsNullOrEmpty(get("WORLD_SIZE"))) return null;
        var size = Number("WORLD_SIZE", 1, MaxSize);
        if (size == 1) return null;
        var rank = Number("RANK", 0, size - 1);
        var local = string.IsNullOrEmpty(get("LOCAL_RANK")) ? 0 : Number("LOCAL_RANK", 0, size - 1);
        var host = get("MASTER_ADDR");
        if (string.IsNullOrWhiteSpace(host)) throw Wrong("MASTER_ADDR", "is not set", "the name or address of rank 0's machine");
        return new RankEnvironment(rank, size, local, host, Number("MASTER_PORT", 1, 65535));

        int Number(string name, int least, int most) =>
            int.TryParse(get(name), NumberStyles.None, CultureInfo.InvariantCulture, out var value) && value >= least && value <= most
                ? value
                : throw Wrong(name, string.IsNullOrEmpty(get(name)) ? "is not set" : $"is '{get(name)}'", $"a number from {least} to {most}");

        static RankEnvironmentException Wrong(string name, string what, string allowed) =>
            new($"{name}: {what}, though WORLD_SIZE asks for several processes. Set it to {allowed}, as torchrun does, or unset WORLD_SIZE to train in one process.");
    }
}

/// <summary>The environment does not say what a process of a group must know. The message is one line.</summary>
public sealed class RankEnvironmentException(string message) : Exception(message);
