using System.Globalization;

namespace Fovea.Torch.Modules;

/// <summary>Layers one after another; children are named 0, 1, 2… as in PyTorch, or as given.</summary>
public sealed class Sequential : Layer
{
    private readonly List<Layer> _layers = [];

    /// <summary>None yet; see <see cref="Append(Layer)"/>.</summary>
    public Sequential() { }

    public Sequential(params ReadOnlySpan<Layer> layers)
    {
        foreach (var layer in layers) Append(layer);
    }

    public Sequential(params ReadOnlySpan<(string Name, Layer Layer)> layers)
    {
        foreach (var (name, layer) in layers) Append(name, layer);
    }

    public int Count => _layers.Count;

    public Layer this[int index] => _layers[index];

    /// <summary>Adds a layer at the end, named by its number.</summary>
    /// <returns>This.</returns>
    public Sequential Append(Layer layer) => Append(_layers.Count.ToString(CultureInfo.InvariantCulture), layer);

    public Sequential Append(string name, Layer layer)
    {
        _layers.Add(Add(name, layer));
        return this;
    }

    protected override Tensor Forward(Tensor x, Phase phase)
    {
        var current = x;
        foreach (var layer in _layers)
        {
            var next = layer.Call(current, phase);
            // Each intermediate goes as soon as it is used, not with the scope: inference then holds two activations, not all.
            if (!ReferenceEquals(next, current) && !ReferenceEquals(current, x)) current.Dispose();
            current = next;
        }
        return current;
    }
}
