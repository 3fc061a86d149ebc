using Fovea.Torch.Files;
using Fovea.Torch.Modules;

namespace Fovea.Torch.Optimisation;

/// <summary>
/// Changes parameters by their gradients. A parameter without a gradient is left alone and its step is not counted.
/// The formulas are torch.optim's; their state, stored and loaded, continues to the same bits.
/// </summary>
public abstract class Optimiser : IDisposable
{
    // The formula runs bucket by bucket: one bucket's tensors stay in the processor's cache from its first operator to its last.
    private const long BucketElements = 1 << 18;

    private readonly (ParameterGroup Group, Entry[] Entries)[] _groups;
    private readonly string[] _stateNames;

    private sealed class Entry(string path, Tensor parameter, int states)
    {
        internal readonly string Path = path;
        internal readonly Tensor Parameter = parameter;
        internal readonly Tensor?[] State = new Tensor?[states];
        internal long Step;
    }

    /// <summary>Parameters of one update, all with the same step number.</summary>
    /// <param name="State">One list for each name of state, each of the parameters' shapes; zero before the first step.</param>
    /// <param name="Step">Number of this step, from 1.</param>
    protected readonly record struct Bucket(Tensor[] Parameters, Tensor[] Gradients, Tensor[][] State, long Step, double LearningRate, double WeightDecay);

    /// <param name="stateNames">What the formula keeps for each parameter; torch.optim's names.</param>
    protected Optimiser(IEnumerable<ParameterGroup> groups, double learningRate, double weightDecay, params string[] stateNames)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(learningRate);
        ArgumentOutOfRangeException.ThrowIfNegative(weightDecay);
        (LearningRate, WeightDecay, _stateNames) = (learningRate, weightDecay, stateNames);
        _groups = [.. groups.Select(g => (g, g.Parameters.Select(p => new Entry(p.Path, p.Tensor, stateNames.Length)).ToArray()))];
        var paths = new HashSet<string>(StringComparer.Ordinal);
        foreach (var (path, _) in _groups.SelectMany(g => g.Group.Parameters))
            if (!paths.Add(path)) throw new ArgumentException($"parameter '{path}' is in two groups", nameof(groups));
    }

    /// <summary>May be set before any step; a group multiplies it by its factor.</summary>
    public double LearningRate { get; set; }

    public double WeightDecay { get; set; }

    public IEnumerable<ParameterGroup> Groups => _groups.Select(g => g.Group);

    /// <summary>All parameters of all groups.</summary>
    public Tensor[] Parameters => [.. _groups.SelectMany(g => g.Entries).Select(e => e.Parameter)];

    /// <summary>One update of every parameter that has a gradient.</summary>
    public void Step()
    {
        using var noGrad = new NoGrad();
        var bucket = new List<Entry>();
        foreach (var (group, entries) in _groups)
        {
            var elements = 0L;
            foreach (var entry in entries)
            {
                if (bucket.Count > 0 && (elements + entry.Parameter.Elements > BucketElements || entry.Step != bucket[0].Step)) Flush(group);
                bucket.Add(entry);
                elements += entry.Parameter.Elements;
            }
            Flush(group);

            void Flush(ParameterGroup group)
            {
                Update(group, bucket);
                bucket.Clear();
                elements = 0;
            }
        }
    }

    private void Update(ParameterGroup group, List<Entry> candidates)
    {
        using var scope = new TensorScope();
        var entries = new List<Entry>(candidates.Count);
        var gradients = new List<Tensor>(candidates.Count);
        foreach (var entry in candidates)
        {
            if (entry.Parameter.Grad is not { } gradient) continue;
            entries.Add(entry);
            gradients.Add(gradient);
        }
        if (entries.Count == 0) return;
        foreach (var entry in entries)
        {
            entry.Step++;
            for (var i = 0; i < _stateNames.Length; i++) entry.State[i] ??= entry.Parameter.ZerosLike().OutliveScopes();
        }
        var state = new Tensor[_stateNames.Length][];
        for (var i = 0; i < state.Length; i++) state[i] = [.. entries.Select(e => e.State[i]!)];
        Update(new Bucket([.. entries.Select(e => e.Parameter)], [.. gradients], state, entries[0].Step,
            LearningRate * group.LearningRateFactor, group.WeightDecay ?? WeightDecay));
    }

    /// <summary>The formula. Gradients are not to be written to; tensors made here are disposed by the caller.</summary>
    protected abstract void Update(Bucket bucket);

    /// <summary>Drops every gradient, so that the next backward pass starts from none.</summary>
    public void ZeroGrad() => Tensor.ClearGradients(Parameters);

    /// <summary>For each parameter that has taken a step: <c>path.step</c> (int64 scalar) and <c>path.name</c> for each name of state.</summary>
    public IReadOnlyDictionary<string, StoredTensor> State()
    {
        var state = new Dictionary<string, StoredTensor>(StringComparer.Ordinal);
        foreach (var entry in _groups.SelectMany(g => g.Entries).Where(e => e.Step > 0))
        {
            state.Add(entry.Path + ".step", StoredTensor.From<long>([entry.Step]));
            for (var i = 0; i < _stateNames.Length; i++) state.Add($"{entry.Path}.{_stateNames[i]}", entry.State[i]!.ToStored());
        }
        return state;
    }

    /// <summary>Puts back what <see cref="State"/> gave, parameter by parameter; a parameter that is not in it starts afresh.</summary>
    /// <returns>What was missing, not known or of another shape; nothing has changed unless it is exact.</returns>
    public StateReport LoadState(IReadOnlyDictionary<string, StoredTensor> state)
    {
        List<string> missing = [], mismatched = [];
        var used = new HashSet<string>(StringComparer.Ordinal);
        foreach (var entry in _groups.SelectMany(g => g.Entries))
        {
            if (!state.TryGetValue(entry.Path + ".step", out var step)) continue;
            used.Add(entry.Path + ".step");
            if (step.Type != ScalarType.Int64 || step.Count != 1) mismatched.Add($"{entry.Path}.step: file {step.Type} [{string.Join(", ", step.Shape)}], optimiser Int64 []");
            foreach (var name in _stateNames)
            {
                var key = $"{entry.Path}.{name}";
                used.Add(key);
                if (!state.TryGetValue(key, out var stored)) missing.Add(key);
                else if (!stored.Shape.AsSpan().SequenceEqual(entry.Parameter.Shape))
                    mismatched.Add($"{key}: file [{string.Join(", ", stored.Shape)}], optimiser [{string.Join(", ", entry.Parameter.Shape)}]");
            }
        }
        var report = new StateReport(missing, [.. state.Keys.Where(k => !used.Contains(k)).Order(StringComparer.Ordinal)], mismatched);
        if (!report.IsExact) return report;

        using var noGrad = new NoGrad();
        foreach (var entry in _groups.SelectMany(g => g.Entries))
        {
            using var scope = new TensorScope();
            entry.Step = state.TryGetValue(entry.Path + ".step", out var step) ? step.Values<long>()[0] : 0;
            for (var i = 0; i < _stateNames.Length; i++)
            {
                entry.State[i]?.Dispose();
                entry.State[i] = null;
                if (entry.Step == 0) continue;
                var tensor = entry.Parameter.ZerosLike().OutliveScopes(); // in the parameter's memory order
                tensor.CopyInPlace(Tensor.From(state[$"{entry.Path}.{_stateNames[i]}"]));
                entry.State[i] = tensor;
            }
        }
        return report;
    }

    public void Dispose()
    {
        foreach (var entry in _groups.SelectMany(g => g.Entries))
            foreach (var tensor in entry.State) tensor?.Dispose();
        GC.SuppressFinalize(this);
    }
}
