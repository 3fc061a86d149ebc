using Fovea.Torch.Interop;

namespace Fovea.Torch.Serving;

/// <summary>
/// Writes down the operators that this thread calls while it lives, as steps between numbered values: a network's forward pass becomes data. Each result gets a new number,
/// also where an operator writes over its input.
/// </summary>
internal sealed class OperatorRecorder : IDisposable
{
    [ThreadStatic] private static OperatorRecorder? current;
    private readonly OperatorRecorder? _outer = current;
    private readonly Dictionary<nint, int> _values = [];
    private readonly List<Tensor> _held = []; // an address means one tensor only as long as the tensor lives

    internal OperatorRecorder() => current = this;

    internal static OperatorRecorder? Current => current;

    internal List<Step> Steps { get; } = [];

    /// <summary>Shapes by value; the batch is whatever was recorded with.</summary>
    internal List<long[]> Shapes { get; } = [];

    /// <summary>Gives a tensor that no operator made a number: the input.</summary>
    internal int Define(Tensor tensor) => Number(tensor);

    /// <summary>The number of a recorded tensor, −1 for any other.</summary>
    internal int Find(Tensor tensor) => _values.GetValueOrDefault(Address(tensor), -1);

    /// <summary>A convolution's empty result from its shapes alone: libtorch 1.13 fails on an empty batch where the weights are channels-last. Null for other operators.</summary>
    internal Tensor? Imagine(Operator op, ReadOnlySpan<Value> arguments)
    {
        if (op.Name != "fovea::conv2d" || arguments[0].Reference is not Tensor { Dimensions: 4 } x || arguments[1].Reference is not Tensor weight) return null;
        long[] Ints(in Value value) => (long[])value.Reference!;
        long[] stride = Ints(arguments[3]), padding = Ints(arguments[4]), dilation = Ints(arguments[5]);
        long Side(int i) => (x.Size(2 + i) + 2 * padding[i] - dilation[i] * (weight.Size(2 + i) - 1) - 1) / stride[i] + 1;
        if (x.Size(0) != 0 || Side(0) < 1 || Side(1) < 1) return null;
        var result = Tensor.Empty(ScalarType.Float32, 0, weight.Size(0), Side(0), Side(1));
        Add(op, arguments, [result]);
        return result;
    }

    internal void Add(Operator op, ReadOnlySpan<Value> arguments, ReadOnlySpan<Tensor?> results)
    {
        var step = new Step(op, new Argument[arguments.Length], []);
        for (var i = 0; i < arguments.Length; i++) step.Arguments[i] = ToArgument(arguments[i]);
        step.Results = [.. results.ToArray().Select(r => r is null ? -1 : Number(r))];
        Steps.Add(step);
    }

    private Argument ToArgument(Value value)
    {
        switch (value.Tag)
        {
            case Tag.Tensor:
                var tensor = (Tensor)value.Reference!;
                return Find(tensor) is >= 0 and var found ? Argument.Of(found) : new Argument { Constant = Hold(tensor) };
            case Tag.Tensors:
                var tensors = (Tensor[])value.Reference!;
                var numbers = Array.ConvertAll(tensors, Find);
                return numbers.Contains(-1) ? throw new NotSupportedException("a list of computed and constant tensors") : new Argument { Values = numbers };
            default:
                return new Argument { Constant = value };
        }
    }

    private int Number(Tensor tensor)
    {
        Hold(tensor);
        Shapes.Add(tensor.Shape);
        return _values[Address(tensor)] = Shapes.Count - 1;
    }

    private Tensor Hold(Tensor tensor)
    {
        var alias = tensor.Alias().OutliveScopes();
        _held.Add(alias);
        return alias;
    }

    /// <summary>What tells tensors apart: two handles of one tensor have the same.</summary>
    internal static nint Address(Tensor tensor)
    {
        var address = tensor.Acquire();
        tensor.Release();
        return address;
    }

    /// <summary>Stops recording. The tensors that steps hold as constants stay; their holder is the list.</summary>
    public void Dispose() => current = _outer;

    /// <summary>Tensors to dispose with the last program that uses the steps.</summary>
    internal IReadOnlyList<Tensor> Held => _held;
}

/// <summary>An argument of a step: a computed value, a list of them, or a constant.</summary>
internal readonly record struct Argument
{
    private readonly int _value; // one more than the number, so that default is none

    internal int Value { get => _value - 1; init => _value = value + 1; }

    internal int[]? Values { get; init; }

    internal Value Constant { get; init; }

    internal static Argument Of(int value) => new() { Value = value };

    internal IEnumerable<int> Uses => Values ?? (Value >= 0 ? [Value] : []);
}

/// <summary>One call of an operator.</summary>
internal class Step(Operator op, Argument[] arguments, int[] results)
{
    internal Operator Op { get; set; } = op;

    internal Argument[] Arguments { get; set; } = arguments;

    internal int[] Results { get; set; } = results;

    internal virtual IEnumerable<int> Uses => Arguments.SelectMany(a => a.Uses);

    internal bool Is(string name) => Op.Name == name;

    internal long[] Ints(int argument) => (long[])Arguments[argument].Constant.Reference!;

    internal Tensor? Weight(int argument) => argument < Arguments.Length ? Arguments[argument].Constant.Reference as Tensor : null;

    internal long Int(int argument) => Arguments[argument].Constant.Bits;

    internal double Double(int argument) => Arguments[argument].Constant is { Tag: Interop.Tag.Double } d ? BitConverter.Int64BitsToDouble(d.Bits) : Arguments[argument].Constant.Bits;
}
