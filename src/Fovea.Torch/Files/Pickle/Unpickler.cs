using System.Buffers.Binary;
using System.Text;

namespace Fovea.Torch.Files.Pickle;

/// <summary>
/// Reads the pickle of a PyTorch archive (protocols 2 to 5, the opcodes that <c>torch.save</c> writes for dicts of tensors and plain values). It
/// builds data and calls nothing:
/// a global that is not on the list of <see cref="PickleGlobal"/> ends the reading. Work and memory are bounded by the limits below.
/// </summary>
internal ref struct Unpickler
{
    private const int MaxStack = 1_000_000;
    private const int MaxMarks = 10_000;
    private const int MaxObjects = 2_000_000;
    private const int MaxGlobalName = 1_000;
    private const int MaxRank = 64;

    private readonly Dictionary<uint, object?> _memo = [];
    private readonly List<object?> _stack = [];
    private readonly List<int> _marks = [];
    private ReadOnlySpan<byte> _rest;
    private int _objects;

    private Unpickler(ReadOnlySpan<byte> pickle) => _rest = pickle;

    /// <summary>The pickled value.</summary>
    /// <exception cref="FormatFault">The pickle is damaged, too large, or wants something that a state dict never needs.</exception>
    public static object? Read(ReadOnlySpan<byte> pickle) => new Unpickler(pickle).Run();

    private object? Run()
    {
        while (true)
        {
            byte opcode = Take(1)[0];
            if (opcode == '.') return Pop();
            Execute(opcode);
            if (_stack.Count > MaxStack || _marks.Count > MaxMarks || _objects > MaxObjects || _memo.Count > MaxObjects)
            {
                throw new FormatFault("the pickle is larger than that of any network");
            }
        }
    }

    private void Execute(byte opcode)
    {
        switch (opcode)
        {
            case 0x80: // PROTO
                if (Take(1)[0] is not (>= 2 and <= 5)) throw new FormatFault("the pickle's protocol is not one of 2 to 5");
                break;
            case 0x95: // FRAME: only a hint for buffering
                Take(8);
                break;
            case (byte)'N': _stack.Add(null); break;
            case 0x88: _stack.Add(true); break;
            case 0x89: _stack.Add(false); break;
            case (byte)'J': _stack.Add((long)BinaryPrimitives.ReadInt32LittleEndian(Take(4))); break;
            case (byte)'K': _stack.Add((long)Take(1)[0]); break;
            case (byte)'M': _stack.Add((long)BinaryPrimitives.ReadUInt16LittleEndian(Take(2))); break;
            case 0x8A: Add(Long(Take(Take(1)[0]))); break;
            case (byte)'G': Add(BinaryPrimitives.ReadDoubleBigEndian(Take(8))); break;
            case 0x8C: Add(Text(Take(Take(1)[0]))); break; // SHORT_BINUNICODE
            case (byte)'X': Add(Text(Take(BinaryPrimitives.ReadUInt32LittleEndian(Take(4))))); break; // BINUNICODE
            case (byte)'}': Add(new PickleDict()); break;
            case (byte)']': Add(new PickleList()); break;
            case (byte)')': Add(Array.Empty<object?>()); break;
            case 0x85: Add(PopMany(1)); break;
            case 0x86: Add(PopMany(2)); break;
            case 0x87: Add(PopMany(3)); break;
            case (byte)'t': Add(PopMany(_stack.Count - PopMark())); break;
            case (byte)'(': _marks.Add(_stack.Count); break;
            case (byte)'0': Pop(); break; // POP
            case (byte)'1': PopMany(_stack.Count - PopMark()); break; // POP_MARK
            case (byte)'2': _stack.Add(Peek()); break; // DUP
            case (byte)'q': _memo[Take(1)[0]] = Peek(); break; // BINPUT
            case (byte)'r': _memo[BinaryPrimitives.ReadUInt32LittleEndian(Take(4))] = Peek(); break; // LONG_BINPUT
            case 0x94: _memo[(uint)_memo.Count] = Peek(); break; // MEMOIZE
            case (byte)'h': _stack.Add(Recall(Take(1)[0])); break; // BINGET
            case (byte)'j': _stack.Add(Recall(BinaryPrimitives.ReadUInt32LittleEndian(Take(4)))); break; // LONG_BINGET
            case (byte)'a': Append(PopMany(1)); break;
            case (byte)'e': Append(PopMany(_stack.Count - PopMark())); break;
            case (byte)'s': SetItems(PopMany(2)); break;
            case (byte)'u': SetItems(PopMany(_stack.Count - PopMark())); break;
            case (byte)'c': Add(PickleGlobal.Find(Line(), Line())); break; // GLOBAL
            case 0x93: StackGlobal(); break;
            case (byte)'Q': Add(LoadStorage(Pop())); break; // BINPERSID
            case (byte)'R': Reduce(); break;
            case (byte)'b': Build(); break;
            case (byte)'i': // INST: names a class and calls it; refused with the name where it is no known one
                PickleGlobal.Find(Line(), Line());
                goto default;
            default:
                throw new FormatFault($"the pickle uses opcode 0x{opcode:X2}, which a state dict never needs",
                    "If it is your own file, save it again with torch.save(model.state_dict(), path).");
        }
    }

    private void Add(object? value)
    {
        _objects++;
        _stack.Add(value);
    }

    private void StackGlobal()
    {
        object?[] names = PopMany(2);
        Add(names is [string module, string name] ? PickleGlobal.Find(module, name) : throw Damaged());
    }

    private void Reduce()
    {
        object?[] call = PopMany(2);
        if (call is not [PickleGlobal global, object?[] arguments]) throw Damaged();
        Add((global.Callable, arguments) switch
        {
            (PickleCallable.OrderedDict, []) => new PickleDict(),
            (PickleCallable.RebuildTensor, _) => RebuildTensor(arguments),
            (PickleCallable.RebuildParameter, [PickleTensor tensor, ..]) => tensor,
            (PickleCallable.Size, [object?[] sizes]) => sizes,
            (PickleCallable.Device, _) => null,
            _ => throw new FormatFault($"the pickle calls {global.Name} in a way that torch.save never does"),
        });
    }

    // The state of an OrderedDict is Python attributes (a state dict has _metadata): not needed. Nothing else here has a state.
    private void Build()
    {
        Pop();
        if (Peek() is not PickleDict) throw Damaged();
    }

    private static PickleStorage LoadStorage(object? id) =>
        id is object?[] and ["storage", PickleGlobal { Callable: PickleCallable.None } type, string key, string, long and >= 0 and var count]
        && key.Length is > 0 and <= 20 && key.All(char.IsAsciiLetterOrDigit)
            ? new PickleStorage(type.StorageType, key, count)
            : throw Damaged();

    // _rebuild_tensor_v2(storage, offset, size, stride, requires_grad, backward_hooks[, metadata])
    private static PickleTensor RebuildTensor(object?[] arguments)
    {
        if (arguments is not [PickleStorage storage, long offset, object?[] size, object?[] stride, ..]) throw Damaged();
        if (arguments.Length > 6 && arguments[6] is not (null or PickleDict { Items.Count: 0 }))
        {
            throw new FormatFault("a tensor is a negated or conjugated view, which Fovea does not read", "Save it again after tensor.resolve_neg().");
        }

        if (size.Length != stride.Length || size.Length > MaxRank) throw Damaged();
        var tensor = new PickleTensor(storage, offset, Numbers(size), Numbers(stride));
        if (offset < 0) throw Damaged();
        if (Array.IndexOf(tensor.Shape, 0) >= 0) return tensor;

        Int128 last = offset;
        for (int d = 0; d < size.Length; d++) last += (Int128)(tensor.Shape[d] - 1) * tensor.Strides[d];
        if (last >= storage.Count)
        {
            throw new FormatFault(
                $"a tensor of shape {FormatFault.Shape(tensor.Shape)} reaches beyond its storage \"{storage.Key}\" of {storage.Count} elements");
        }

        return tensor;
    }

    private static long[] Numbers(object?[] values) =>
        Array.ConvertAll(values, v => v is long and >= 0 and var number ? number : throw Damaged());

    private readonly void Append(object?[] values)
    {
        if (Peek() is not PickleList list) throw Damaged();
        list.Items.AddRange(values);
    }

    private readonly void SetItems(object?[] values)
    {
        if (values.Length % 2 != 0 || Peek() is not PickleDict dict) throw Damaged();
        for (int i = 0; i < values.Length; i += 2) dict.Items.Add((values[i], values[i + 1]));
    }

    private readonly object? Recall(uint key) => _memo.TryGetValue(key, out object? value) ? value : throw Damaged();

    private readonly object? Peek() => _stack.Count > Bottom ? _stack[^1] : throw Damaged();

    private readonly object? Pop()
    {
        object? top = Peek();
        _stack.RemoveAt(_stack.Count - 1);
        return top;
    }

    private readonly object?[] PopMany(int count)
    {
        if (count < 0 || _stack.Count - Bottom < count) throw Damaged();
        object?[] values = [.. _stack[^count..]];
        _stack.RemoveRange(_stack.Count - count, count);
        return values;
    }

    private readonly int PopMark()
    {
        if (_marks.Count == 0) throw Damaged();
        int mark = _marks[^1];
        _marks.RemoveAt(_marks.Count - 1);
        return mark;
    }

    // Values below the last mark belong to an unfinished tuple or list.
    private readonly int Bottom => _marks.Count == 0 ? 0 : _marks[^1];

    private ReadOnlySpan<byte> Take(uint count)
    {
        if (count > (uint)_rest.Length) throw new FormatFault("the pickle ends too early");
        ReadOnlySpan<byte> taken = _rest[..(int)count];
        _rest = _rest[(int)count..];
        return taken;
    }

    private string Line()
    {
        int end = _rest[..Math.Min(_rest.Length, MaxGlobalName)].IndexOf((byte)'\n');
        if (end < 0) throw Damaged();
        string line = Text(_rest[..end]);
        _rest = _rest[(end + 1)..];
        return line;
    }

    private static string Text(ReadOnlySpan<byte> utf8) => Encoding.UTF8.GetString(utf8);

    // LONG1: little-endian two's complement of any length. What does not fit in 64 bits is no size; it is kept as null, an ignored value.
    private static long? Long(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length > 8) return null;
        long value = 0;
        for (int i = 0; i < bytes.Length; i++) value |= (long)bytes[i] << (8 * i);
        int unused = 64 - (8 * bytes.Length);
        return bytes.IsEmpty ? 0L : value << unused >> unused;
    }

    private static FormatFault Damaged() => new("the pickle is damaged, or not of a state dict");
}
