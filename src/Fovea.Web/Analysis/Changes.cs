using System.Collections.Concurrent;

namespace Fovea.Web.Analysis;

/// <summary>Wakes who follows an examination when this process changed it. Changes by other machines are found by looking again.</summary>
internal sealed class Changes
{
    private readonly ConcurrentDictionary<string, TaskCompletionSource> _waiting = new();

    /// <summary>Ends at the next change; take it before reading the state, so that no change falls between.</summary>
    public Task NextAsync(string examination) => _waiting.GetOrAdd(examination, _ => new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task;

    public void Announce(string examination)
    {
        if (_waiting.TryRemove(examination, out var waiting)) waiting.SetResult();
    }
}
