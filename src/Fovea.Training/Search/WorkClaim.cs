namespace Fovea.Training.Search;

/// <summary>
/// A piece of work taken by one process of many that share a folder: a file that only one can make. Its time is renewed while the work goes on, so that the work of a process that died can be taken over.
/// Times are compared with the disk's own clock, not with this machine's.
/// </summary>
internal sealed class WorkClaim : IDisposable
{
    internal static readonly TimeSpan Stale = TimeSpan.FromSeconds(60);

    private readonly string _path;
    private readonly Timer _renewal;

    private WorkClaim(string path)
    {
        _path = path;
        _renewal = new Timer(_ => Renew(), null, Stale / 6, Stale / 6);
    }

    /// <returns>Null where another process has it.</returns>
    internal static WorkClaim? Take(string path, TimeSpan? stale = null)
    {
        if (Make(path)) return new WorkClaim(path);
        if (Age(path) is not { } age || age < (stale ?? Stale)) return null;
        // Of several that find it stale, one moves it away.
        var away = $"{path}.{Guid.NewGuid():n}";
        try
        {
            File.Move(path, away);
        }
        catch (IOException)
        {
            return null;
        }
        // Between the look and the move another may have taken it over: what was moved is then fresh, and goes back.
        if (Age(away) is { } moved && moved < (stale ?? Stale))
        {
            if (!File.Exists(path)) File.Move(away, path);
            return null;
        }
        File.Delete(away);
        return Make(path) ? new WorkClaim(path) : null;
    }

    private static bool Make(string path)
    {
        try
        {
            using var file = new FileStream(path, FileMode.CreateNew, FileAccess.Write);
            file.Write(System.Text.Encoding.UTF8.GetBytes($"{Environment.MachineName} {Environment.ProcessId}\n"));
            return true;
        }
        catch (IOException) when (File.Exists(path))
        {
            return false;
        }
    }

    /// <summary>How long ago it was renewed, by the clock of the disk.</summary>
    private static TimeSpan? Age(string path)
    {
        var probe = $"{path}.{Guid.NewGuid():n}";
        try
        {
            File.WriteAllText(probe, "");
            return File.GetLastWriteTimeUtc(probe) - File.GetLastWriteTimeUtc(path) is var age && File.Exists(path) ? age : null;
        }
        finally
        {
            File.Delete(probe);
        }
    }

    private void Renew()
    {
        try
        {
            // Written, not set: the disk says what time it is.
            using var file = new FileStream(_path, FileMode.Open, FileAccess.Write);
            file.Write(System.Text.Encoding.UTF8.GetBytes($"{Environment.MachineName} {Environment.ProcessId}\n"));
        }
        catch (IOException)
        {
            // taken over after a long sleep of this machine: the run's own lock keeps two from writing
        }
    }

    public void Dispose()
    {
        _renewal.Dispose();
        File.Delete(_path);
    }
}
