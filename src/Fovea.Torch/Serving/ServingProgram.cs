using Fovea.Torch.Modules;

namespace Fovea.Torch.Serving;

/// <summary>
/// A forward pass turned once into the form that serves: recorded on an empty batch, fused, its weights folded and packed. It holds for one size of image and any batch.
/// Safe for concurrent calls: a call keeps its values to itself.
/// </summary>
public sealed class ServingProgram : IDisposable
{
    private readonly Step[] _steps;
    private readonly int[][] _dead; // values that nothing needs after a step
    private readonly int[] _outputs;
    private readonly int _input, _values;
    private readonly List<Tensor> _held;

    /// <param name="forward">From the input to the outputs, by operators alone: what it does must not depend on values or on the batch's size.</param>
    /// <param name="input">Channels, height, width.</param>
    public ServingProgram(Func<Tensor, IReadOnlyList<Tensor>> forward, params ReadOnlySpan<long> input)
    {
        ArgumentNullException.ThrowIfNull(forward);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var x = Tensor.Empty(ScalarType.Float32, [0, .. input]).To(MemoryFormat.ChannelsLast);
        using var recorder = new OperatorRecorder();
        _input = recorder.Define(x);
        _outputs = [.. forward(x).Select(recorder.Find)];
        _held = [.. recorder.Held];
        recorder.Dispose();
        if (_outputs.Contains(-1)) throw new NotSupportedException("an output that no operator computed");
        _steps = [.. new Fusion(recorder.Steps, recorder.Shapes, _outputs, _held).Run()];
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
            var step = _steps[i];
            var arguments = new Value[step.Arguments.Length];
            for (var j = 0; j < arguments.Length; j++)
            {
                var argument = step.Arguments[j];
                arguments[j] = argument.Values is { } list ? Array.ConvertAll(list, v => values[v]!) : argument.Value >= 0 ? values[argument.Value] : argument.Constant;
            }
            var results = step.Op.CallMany(Math.Max(1, step.Results.Length), arguments);
            for (var j = 0; j < results.Length; j++) values[step.Results[j]] = results[j];
            foreach (var dead in _dead[i]) values[dead]?.Dispose();
        }
        var outputs = new Tensor[_outputs.Length];
        for (var i = 0; i < outputs.Length; i++) outputs[i] = scope.Keep(values[_outputs[i]]!);
        return outputs;
    }

    public void Dispose()
    {
        foreach (var tensor in _held) tensor.Dispose();
    }
}
