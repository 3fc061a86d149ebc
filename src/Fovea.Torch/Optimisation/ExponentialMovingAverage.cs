using Fovea.Torch.Files;
using Fovea.Torch.Modules;

namespace Fovea.Torch.Optimisation;

/// <summary>
/// A running mean of a module's parameters and floating-point buffers, a ← decay·a + (1 − decay)·p; integer buffers are copied.
/// It starts as a copy of the module and often generalises better than the last weights.
/// </summary>
public sealed class ExponentialMovingAverage : IDisposable
{
    private readonly (string Path, Tensor Live, Tensor Average)[] _averaged, _copied;
    private readonly Tensor[] _live, _averages;
    private readonly bool _warmUp;
    private bool _swapped;

    /// <param name="decay">Share that the average keeps at each update, 0…1; 0.999 looks back over about 1000 steps.</param>
    /// <param name="warmUp">Use min(decay, (1 + t) / (10 + t)) at update t, so that the first weights are soon forgotten.</param>
    public ExponentialMovingAverage(Module module, double decay = 0.999, bool warmUp = false)
    {
        if (decay is < 0 or >= 1) throw new ArgumentOutOfRangeException(nameof(decay), decay, "must be in [0, 1)");
        (Decay, _warmUp) = (decay, warmUp);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var all = module.NamedParameters().Concat(module.NamedBuffers()).Select(t => (t.Path, t.Tensor, Average: t.Tensor.Detach().Clone().OutliveScopes())).ToArray();
        _averaged = [.. all.Where(t => t.Tensor.Type.IsFloatingPoint())];
        _copied = [.. all.Where(t => !t.Tensor.Type.IsFloatingPoint())];
        (_live, _averages) = ([.. _averaged.Select(t => t.Live)], [.. _averaged.Select(t => t.Average)]);
    }

    public double Decay { get; }

    /// <summary>How many times <see cref="Update()"/> has run.</summary>
    public long Updates { get; private set; }

    /// <summary>Takes the module's present values in; after each optimiser step.</summary>
    public void Update() => Update(_warmUp ? Math.Min(Decay, (2d + Updates) / (11 + Updates)) : Decay);

    /// <summary>Takes the module's present values in with a share of 1 − <paramref name="decay"/>: with 0 it is a copy of them, with 1 − 1/n at the n-th time the plain mean.</summary>
    public void Update(double decay)
    {
        if (_swapped) throw new InvalidOperationException("the average is swapped into the module; dispose the swap first");
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        Updates++;
        Foreach.MulInPlace(_averages, decay);
        Foreach.AddInPlace(_averages, _live, 1 - decay);
        foreach (var (_, live, average) in _copied) average.CopyInPlace(live);
    }

    /// <summary>Puts the average into the module until the result is disposed: <c>using (ema.Swap()) Evaluate(network);</c> Memory is exchanged, not copied.</summary>
    public Swapped Swap()
    {
        if (_swapped) throw new InvalidOperationException("the average is swapped into the module already");
        Exchange();
        _swapped = true;
        return new Swapped(this);
    }

    private void Exchange()
    {
        using var noGrad = new NoGrad();
        foreach (var (_, live, average) in _averaged.Concat(_copied))
        {
            using var scope = new TensorScope();
            var values = live.Detach();
            Operators.SetData.Run(live, average);
            Operators.SetData.Run(average, values);
        }
    }

    /// <summary>Copies the average over the values of a module of the same architecture.</summary>
    /// <exception cref="ArgumentException">Its names or shapes differ.</exception>
    public void CopyTo(Module module)
    {
        var report = module.LoadState(State());
        if (!report.IsExact) throw new ArgumentException($"the module does not match the average: {report}", nameof(module));
    }

    /// <summary>The averaged values under the module's own keys: a weight file of the averaged network.</summary>
    public IReadOnlyDictionary<string, StoredTensor> State() =>
        _averaged.Concat(_copied).ToDictionary(t => t.Path, t => (_swapped ? t.Live : t.Average).ToStored(), StringComparer.Ordinal);

    /// <summary>Continues from a stored average.</summary>
    /// <param name="updates">The <see cref="Updates"/> of then, for the warm-up.</param>
    /// <exception cref="ArgumentException">Names or shapes differ from the module's.</exception>
    public void LoadState(IReadOnlyDictionary<string, StoredTensor> state, long updates)
    {
        if (_swapped) throw new InvalidOperationException("the average is swapped into the module; dispose the swap first");
        using var noGrad = new NoGrad();
        foreach (var (path, _, average) in _averaged.Concat(_copied))
            if (!state.TryGetValue(path, out var stored) || !stored.Shape.AsSpan().SequenceEqual(average.Shape))
                throw new ArgumentException($"the stored average does not have '{path}' in the shape [{string.Join(", ", average.Shape)}]", nameof(state));
        foreach (var (path, _, average) in _averaged.Concat(_copied))
        {
            using var scope = new TensorScope();
            average.CopyInPlace(Tensor.From(state[path]));
        }
        Updates = updates;
    }

    public void Dispose()
    {
        foreach (var (_, _, average) in _averaged.Concat(_copied)) average.Dispose();
    }

    /// <summary>The time during which a module holds its average.</summary>
    public readonly ref struct Swapped : IDisposable
    {
        private readonly ExponentialMovingAverage _average;

        internal Swapped(ExponentialMovingAverage average) => _average = average;

        public void Dispose()
        {
            if (!_average._swapped) return;
            _average.Exchange();
            _average._swapped = false;
        }
    }
}
