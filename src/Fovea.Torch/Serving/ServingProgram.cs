using Fovea.Torch.Modules;

namespace Fovea.Torch.Serving;

/// <summary>
/// A forward pass turned once into the form that serves: recorded on an empty batch, fused, its weights folded and packed. It holds for one size of image and any batch.
/// Safe for concurrent calls: a call keeps its values to itself.
/// </summary>
public sealed class ServingProgram : IDisposable
{
    private readonly Step[] _steps;
    private readonly Step[]? _tail;
    private readonly int[][] _dead; // values that nothing needs after a step
    private readonly int[] _outputs;
    private readonly int _input, _values;
    private readonly List<Tensor> _held;

    /// <param name="forward">From the input to the outputs, by operators alone: what it does must not depend on values or on the batch's size.</param>
    /// <param name="input">Channels, height, width.</param>
    public ServingProgram(Func<Tensor, IReadOnlyList<Tensor>> forward, params ReadOnlySpan<long> input) : this(forward, input, takesWeights: false)
    {
    }

    /// <param name="takesWeights">
    /// Each convolution's weights are given up as soon as they are packed, so that no network is held twice: what <paramref name="forward"/> called is of no use afterwards.
    /// What <see cref="Continue"/> needs stays.
    /// </param>
    public ServingProgram(Func<Tensor, IReadOnlyList<Tensor>> forward, ReadOnlySpan<long> input, bool takesWeights)
    {
        ArgumentNullException.ThrowIfNull(forward);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var x = Tensor.Empty(ScalarType.Float32, [0, .. input]).To(MemoryFormat.ChannelsLast);
        using var recorder = new OperatorRecorder();
        _input = recorder.Define(x);
        _outputs = [.. forward(x).Select(recorder.Find)];
        recorder.Dispose();
        if (_outputs.Contains(-1)) throw new NotSupportedException("an output that no operator computed");
        _tail = Tail(recorder.Steps);
        _held = [];
        var fusion = new Fusion(recorder.Steps, recorder.Shapes, _outputs, _held);
        _steps = [.. fusion.Run(takesWeights ? [.. Constants(_tail ?? [])] : null)];
        // Of what was recorded, the programs hold their constants; each weight that was packed is held by its packed form.
        var constants = Constants([.. _steps, .. _tail ?? []]).ToHashSet(ReferenceEqualityComparer.Instance);
        foreach (var tensor in recorder.Held)
            if (constants.Contains(tensor)) _held.Add(tensor);
            else tensor.Dispose();
        _values = recorder.Shapes.Count;
        _dead = new int[_steps.Length][];
        var needed = new HashSet<int>(_outputs);
        for (var i = _steps.Length - 1; i >= 0; i--)
            _dead[i] = [.. _steps[i].Uses.Concat(_steps[i].Results).Where(v => v >= 0 && v != _input).Distinct().Where(needed.Add)];
    }

    /// <summary>How often each operator is called, for tests and for the curious.</summary>
    public IReadOnlyDictionary<string, int> Operators => _steps.GroupBy(s => s.Op.ToString(), StringComparer.Ordinal).ToDictionary(g => g.Key, g => g.Count(), StringComparer.Ordinal);

    /// <param name="x">[N, C, H, W] float32 of the size that the program was made for.</param>
    /// <returns>The outputs, in the scope around the call.</returns>
    public Tensor[] Run(Tensor x)
    {
        ArgumentNullException.ThrowIfNull(x);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var values = new Tensor?[_values];
        values[_input] = x;
        for (var i = 0; i < _steps.Length; i++)
        {
            Compute(_steps[i], values);
            foreach (var dead in _dead[i]) values[dead]?.Dispose();
        }
        var outputs = new Tensor[_outputs.Length];
        for (var i = 0; i < outputs.Length; i++) outputs[i] = scope.Keep(values[_outputs[i]]!);
        return outputs;
    }

    /// <summary>
    /// From the last output to the first, by the operators as they were recorded and not fused, for who needs derivatives: the last output of <see cref="Run"/> is the features before a network's head, say, and the first its logits.
    /// </summary>
    /// <returns>The first output, in the scope around the call; what is recorded for a way back is as <see cref="EnableGrad"/> or <see cref="NoGrad"/> around the call say.</returns>
    /// <exception cref="NotSupportedException">The first output does not follow from the last alone.</exception>
    public Tensor Continue(Tensor features)
    {
        ArgumentNullException.ThrowIfNull(features);
        if (_tail is null) throw new NotSupportedException("the first output does not follow from the last alone");
        using var scope = new TensorScope();
        var values = new Tensor?[_values];
        values[_outputs[^1]] = features;
        foreach (var step in _tail) Compute(step, values);
        return scope.Keep(values[_outputs[0]]!);
    }

    private Step[]? Tail(List<Step> steps)
    {
        if (_outputs.Length < 2) return null;
        var (needed, tail) = (new HashSet<int> { _outputs[0] }, new List<Step>());
        for (var i = steps.Count - 1; i >= 0; i--)
        {
            if (steps[i].Results.Contains(_outputs[^1]) || !steps[i].Results.Any(needed.Contains)) continue;
            var copy = new Step(steps[i].Op, [.. steps[i].Arguments], [.. steps[i].Results]);
            Fusion.OutOfPlace(copy); // a leaf of a graph may not be written over
            tail.Insert(0, copy);
            needed.UnionWith(copy.Uses);
        }
        return needed.Contains(_input) ? null : [.. tail];
    }

    private static IEnumerable<Tensor> Constants(IEnumerable<Step> steps) => steps.SelectMany(s => s.Arguments).Select(a => a.Constant.Reference).OfType<Tensor>();

    private static void Compute(Step step, Tensor?[] values)
    {
        var arguments = new Value[step.Arguments.Length];
        for (var j = 0; j < arguments.Length; j++)
        {
            var argument = step.Arguments[j];
            arguments[j] = argument.Values is { } list ? Array.ConvertAll(list, v => values[v]!) : argument.Value >= 0 ? values[argument.Value] : argument.Constant;
        }
        var results = step.Op.CallMany(Math.Max(1, step.Results.Length), arguments);
        for (var j = 0; j < results.Length; j++) values[step.Results[j]] = results[j];
    }

    public void Dispose()
    {
        foreach (var tensor in _held) tensor.Dispose();
    }
}
