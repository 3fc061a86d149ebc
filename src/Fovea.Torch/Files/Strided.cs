namespace Fovea.Torch.Files;

/// <summary>Copies a strided view into contiguous row-major order.</summary>
internal static class Strided
{
    /// <summary>Strides, in elements, of a contiguous row-major array.</summary>
    public static long[] RowMajor(ReadOnlySpan<long> shape)
    {
        var strides = new long[shape.Length];
        long step = 1;
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            strides[d] = step;
            step *= Math.Max(shape[d], 1);
        }

        return strides;
    }

    /// <summary>Strides, in elements, of a contiguous column-major (Fortran) array.</summary>
    public static long[] ColumnMajor(ReadOnlySpan<long> shape)
    {
        var strides = new long[shape.Length];
        long step = 1;
        for (int d = 0; d < shape.Length; d++)
        {
            strides[d] = step;
            step *= Math.Max(shape[d], 1);
        }

        return strides;
    }

    /// <summary>True when the elements lie in row-major order without gaps. Strides of axes of size 1 do not matter.</summary>
    public static bool IsContiguous(ReadOnlySpan<long> shape, ReadOnlySpan<long> strides)
    {
        long step = 1;
        for (int d = shape.Length - 1; d >= 0; d--)
        {
            if (shape[d] == 0) return true;
            if (shape[d] == 1) continue;
            if (strides[d] != step) return false;
            step *= shape[d];
        }

        return true;
    }

    /// <param name="source">The storage; the caller has checked that every element of the view lies in it.</param>
    /// <param name="elementSize">Bytes of one element.</param>
    /// <param name="offset">First element of the view, in elements.</param>
    /// <param name="shape">Sizes, outermost first.</param>
    /// <param name="strides">Steps in elements, none negative.</param>
    /// <param name="target">As long as the view.</param>
    public static void Copy(
        ReadOnlySpan<byte> source, int elementSize, long offset, ReadOnlySpan<long> shape, ReadOnlySpan<long> strides, Span<byte> target)
    {
        if (target.IsEmpty) return;

        // The innermost axes that lie together are copied as one run.
        int outer = shape.Length;
        long run = 1;
        while (outer > 0 && (shape[outer - 1] == 1 || strides[outer - 1] == run)) run *= shape[--outer];

        int runBytes = (int)(run * elementSize);
        var index = new long[outer];
        long position = offset;
        for (int written = 0; written < target.Length; written += runBytes)
        {
            source.Slice((int)(position * elementSize), runBytes).CopyTo(target[written..]);
            for (int d = outer - 1; d >= 0; d--)
            {
                position += strides[d];
                if (++index[d] < shape[d]) break;
                position -= strides[d] * shape[d];
                index[d] = 0;
            }
        }
    }
}
