namespace Fovea.Torch;

/// <summary>Views and rearrangements; a view shares memory with its source.</summary>
public sealed partial class Tensor
{
    /// <summary>One size may be −1: it is worked out from the rest.</summary>
    public Tensor Reshape(params long[] shape) => Operators.Reshape.Call(this, shape);
    public Tensor Flatten(long start = 0, long end = -1) => Operators.Flatten.Call(this, start, end);
    public Tensor Permute(params long[] dims) => Operators.Permute.Call(this, dims);
    public Tensor Transpose(long a, long b) => Operators.Transpose.Call(this, a, b);
    public Tensor Squeeze(long dim) => Operators.Squeeze.Call(this, dim);
    public Tensor Unsqueeze(long dim) => Operators.Unsqueeze.Call(this, dim);
    public Tensor Expand(params long[] shape) => Operators.Expand.Call(this, shape);
    public Tensor Flip(params long[] dims) => Operators.Flip.Call(this, dims);

    /// <summary>The slice at one index of a dimension, which goes away.</summary>
    public Tensor Select(long dim, long index) => Operators.Select.Call(this, dim, index);

    /// <summary><paramref name="length"/> entries of a dimension from <paramref name="start"/>.</summary>
    public Tensor Narrow(long dim, long start, long length) => Operators.Narrow.Call(this, dim, start, length);

    /// <summary>Entries start, start+step, … below end.</summary>
    public Tensor Slice(long dim, long start, long end, long step = 1) => Operators.Slice.Call(this, dim, start, end, step);

    public Tensor IndexSelect(long dim, Tensor indices) => Operators.IndexSelect.Call(this, dim, indices);
    public Tensor Gather(long dim, Tensor indices) => Operators.Gather.Call(this, dim, indices);

    /// <summary>Elements where the bool mask is true, or rows at int64 positions.</summary>
    public Tensor Index(params Tensor?[] indices) => Operators.Index.Call(this, Value.Optional(indices));

    public Tensor[] Split(long size, long dim = 0) => Present(Operators.Split.CallMany((int)((Size(dim) + size - 1) / size), this, size, dim));
    public Tensor[] Chunk(long chunks, long dim = 0) => Present(Operators.Chunk.CallMany((int)chunks, this, chunks, dim));
    public Tensor[] Unbind(long dim = 0) => Present(Operators.Unbind.CallMany((int)Size(dim), this, dim));

    public static Tensor Cat(Tensor[] tensors, long dim = 0) => Operators.Cat.Call(tensors, dim);
    public static Tensor Stack(Tensor[] tensors, long dim = 0) => Operators.Stack.Call(tensors, dim);

    /// <summary>The size of one dimension; negative counts from the end.</summary>
    public long Size(long dim) => Shape[dim < 0 ? dim + Dimensions : dim];

    private static Tensor[] Present(Tensor?[] tensors) => Array.ConvertAll(tensors, t => t!);
}
