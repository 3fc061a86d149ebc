namespace Fovea.Torch;

/// <summary>
/// Disposes every tensor made inside it, on this thread, when it ends. <see cref="Modules.Module"/> opens one for each module it calls,
/// so authors of networks write no disposal code. Scopes nest; a ref struct, so it cannot outlive its block or cross an await.
/// </summary>
/// <example><code>using var scope = new TensorScope(); var y = scope.Keep(Network(x)); // y lives on in the scope around this one</code></example>
public readonly ref struct TensorScope : IDisposable
{
    [ThreadStatic] private static List<Tensor>? made;
    [ThreadStatic] private static int depth;
    private readonly int _start;
    private readonly int _depth;

    public TensorScope()
    {
        made ??= new List<Tensor>(256);
        _start = made.Count;
        _depth = ++depth;
    }

    /// <summary>
    /// Lets a tensor made in this scope survive into the one around it; outside of any scope its holder disposes it.
    /// A tensor that is not this scope's own (an input handed through, a parameter) stays whose it is.
    /// </summary>
    /// <returns>The same tensor.</returns>
    public Tensor Keep(Tensor tensor)
    {
        if (tensor.ScopeDepth == _depth) tensor.ScopeDepth--;
        return tensor;
    }

    internal static void Register(Tensor tensor)
    {
        if (depth == 0) return;
        tensor.ScopeDepth = depth;
        made!.Add(tensor);
    }

    public void Dispose()
    {
        var list = made!;
        var end = _start;
        for (var i = _start; i < list.Count; i++)
        {
            var tensor = list[i];
            if (tensor.ScopeDepth >= _depth) tensor.Dispose();
            else if (tensor.ScopeDepth > 0) list[end++] = tensor;
        }
        list.RemoveRange(end, list.Count - end);
        depth = _depth - 1;
    }
}
