namespace Fovea.Torch.Modules;

/// <summary>
/// How convolutions and linear layers that this thread builds get their weights, until it is disposed: initialised (when there is none), left as memory gives them, or as shapes without memory.
/// Batch norms and other small parameters are built as ever.
/// </summary>
/// <example><code>using (WeightCreation.Uninitialised()) network = new Network(); network.LoadState(weights); // a network that is loaded anyway need not be drawn first</code></example>
public sealed class WeightCreation : IDisposable
{
    [ThreadStatic] private static WeightCreation? current;
    private readonly WeightCreation? _outer = current;
    private readonly bool _shapesOnly;

    private WeightCreation(bool shapesOnly) => (_shapesOnly, current) = (shapesOnly, this);

    /// <summary>Weights keep what the memory held: for networks whose every weight is loaded next.</summary>
    public static WeightCreation Uninitialised() => new(shapesOnly: false);

    /// <summary>
    /// All elements of a weight are one number in memory, so that a network of any size can be counted, and run on an empty batch to learn the shapes of its layers. It cannot be written to.
    /// </summary>
    public static WeightCreation ShapesOnly() => new(shapesOnly: true);

    internal static bool Initialises => current is null;

    internal static Tensor Empty(params ReadOnlySpan<long> shape)
    {
        if (current is not { _shapesOnly: true }) return Tensor.Empty(ScalarType.Float32, shape);
        using var scope = new TensorScope();
        using var noGrad = new NoGrad();
        return scope.Keep(Tensor.Zeros(1).Expand(shape.ToArray()));
    }

    public void Dispose() => current = _outer;
}

/// <summary>Watches the layers that this thread calls, each when it has its result, the inner ones first.</summary>
public sealed class LayerObserver : IDisposable
{
    [ThreadStatic] private static Action<Layer, Tensor>? current;
    private readonly Action<Layer, Tensor>? _outer = current;

    /// <param name="called">Gets the layer and its result.</param>
    public LayerObserver(Action<Layer, Tensor> called) => current = called;

    internal static Action<Layer, Tensor>? Current => current;

    public void Dispose() => current = _outer;
}
