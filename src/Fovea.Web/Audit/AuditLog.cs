using System.Collections.Concurrent;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fovea.Web.Hosting;
using Fovea.Web.Storage;

namespace Fovea.Web.Audit;

/// <param name="Sequence">1, 2, 3, …, without a gap.</param>
/// <param name="Actor">A user's name, <c>key:NAME</c> or <c>system</c>.</param>
/// <param name="Action">What was done, e.g. <c>image.view</c>.</param>
/// <param name="Object">To what, e.g. <c>image:ID</c>.</param>
/// <param name="Detail">JSON, without anything that names a patient: it outlives the patient's deletion.</param>
/// <param name="Hash">SHA-256 of the entry before and of this one, lower-case hexadecimal.</param>
internal sealed record AuditEntry(long Sequence, string At, string Actor, string Action, string Object, string Detail, string Hash)
{
    public static string HashOf(string previous, long sequence, string at, string actor, string action, string @object, string detail)
    {
        // As a JSON array, so that no text can pretend to be two fields.
        var text = JsonSerializer.Serialize(new object[] { previous, sequence, at, actor, action, @object, detail });
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }
}

/// <summary>Who saw, changed and exported what. Every entry holds the hash of the one before, so that none can be changed or taken out unseen.</summary>
internal sealed class AuditLog(Database database)
{
    /// <summary>Before the first entry.</summary>
    public const string Origin = "0000000000000000000000000000000000000000000000000000000000000000";

    private static readonly TimeSpan SeenAgain = TimeSpan.FromMinutes(5);
    private readonly ConcurrentDictionary<(string, string, string), DateTimeOffset> _seen = new();

    /// <summary>Appends within the transaction of what is logged: both are there, or neither.</summary>
    public static async Task AppendAsync(Work work, string actor, string action, string @object, object? detail = null)
    {
        await work.Dialect.LockAuditAsync(work.Connection, work.Transaction!);
        var last = await work.FirstAsync<Link>("SELECT sequence, hash FROM audit ORDER BY sequence DESC LIMIT 1");
        var (sequence, at, json) = ((last?.Sequence ?? 0) + 1, Database.Now, JsonSerializer.Serialize(detail ?? new { }, ServiceJson.Options));
        await work.ExecuteAsync("INSERT INTO audit (sequence, at, actor, action, object, detail, hash) VALUES (@sequence, @at, @actor, @action, @object, @json, @hash)",
            new { sequence, at, actor, action, @object, json, hash = AuditEntry.HashOf(last?.Hash ?? Origin, sequence, at, actor, action, @object, json) });
    }

    public Task AppendAsync(string actor, string action, string @object, object? detail = null) => database.WriteAsync(work => AppendAsync(work, actor, action, @object, detail));

    /// <summary>Logs that somebody looked at something; once in five minutes for the same person and thing.</summary>
    public async Task SawAsync(string actor, string action, string @object)
    {
        var (key, now) = ((actor, action, @object), DateTimeOffset.UtcNow);
        if (_seen.TryGetValue(key, out var at) && now - at < SeenAgain) return;
        if (_seen.Count > 10_000)
            foreach (var old in _seen.Where(s => now - s.Value >= SeenAgain)) _seen.TryRemove(old.Key, out _);
        await AppendAsync(actor, action, @object);
        _seen[key] = now;
    }

    /// <summary>Computes every hash again.</summary>
    /// <param name="head">A hash that was noted before and must be in the log: shows that its end was not cut off. Null for none.</param>
    public Task<AuditCheck> CheckAsync(string? head = null) => database.ReadAsync(async work =>
    {
        var (previous, expected, broken, met) = (Origin, 1L, (long?)null, head is null);
        while (broken is null)
        {
            var page = await work.QueryAsync<Row>("SELECT * FROM audit WHERE sequence >= @expected ORDER BY sequence LIMIT 1000", new { expected });
            if (page.Count == 0) break;
            foreach (var e in page)
            {
                if (e.Sequence != expected || e.Hash != AuditEntry.HashOf(previous, e.Sequence, e.At, e.Actor, e.Action, e.Object, e.Detail))
                {
                    broken = expected;
                    break;
                }
                met |= e.Hash == head;
                (previous, expected) = (e.Hash, expected + 1);
            }
        }
        return new AuditCheck(broken is null && met, expected - 1, broken, previous, head is null || met);
    });

    internal sealed record Link
    {
        public long Sequence { get; init; }
        public string Hash { get; init; } = "";
    }

    internal sealed record Row
    {
        public long Sequence { get; init; }
        public string At { get; init; } = "";
        public string Actor { get; init; } = "";
        public string Action { get; init; } = "";
        public string Object { get; init; } = "";
        public string Detail { get; init; } = "";
        public string Hash { get; init; } = "";
    }
}

/// <param name="Entries">How many in a row are as they were written.</param>
/// <param name="FirstBroken">Number of the first entry that is missing or was changed; null when none is.</param>
/// <param name="LastHash">Of the last good entry: note it elsewhere, and ask for it next time.</param>
/// <param name="HeadFound">Whether the hash that was asked for is in the log.</param>
internal sealed record AuditCheck(bool Ok, long Entries, long? FirstBroken, string LastHash, bool HeadFound)
{
    public string Text => FirstBroken is { } at ? $"entry {at} is missing or was changed after it was written"
        : !HeadFound ? $"all {Entries} entries follow each other, but the hash that was noted before is not among them: the log's end was cut off or it is another log"
        : $"all {Entries} entries are as they were written";
}
