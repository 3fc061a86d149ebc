using Microsoft.Win32.SafeHandles;

namespace Fovea.Torch.Files;

/// <summary>
/// Writes an <c>.npy</c> file row by row, for arrays larger than memory such as prepared images. The file appears under its name only with <see
/// cref="Complete"/>;
/// disposed before that, nothing is left. Rows may be written from several threads at once.
/// </summary>
public sealed class NpyWriter : IDisposable
{
    private readonly string _path;
    private readonly string _temporary;
    private readonly SafeFileHandle _handle;
    private readonly long[] _rowShape;
    private readonly bool[]? _written;
    private readonly int _headerLength;
    private long _count;
    private volatile bool _failed;
    private bool _closed;

    private NpyWriter(string path, ScalarType type, ReadOnlySpan<long> rowShape, long? rows)
    {
        RowBytes = StoredTensor.TryByteCount(type, rowShape) is { } bytes and <= int.MaxValue
            ? (int)bytes
            : throw new ArgumentException("a row takes at most 2 GB", nameof(rowShape));
        if (rows is < 0 || rows > Array.MaxLength) throw new ArgumentOutOfRangeException(nameof(rows));
        (_path, _temporary, Type, _rowShape) = (path, AtomicFile.TemporaryName(path), type, rowShape.ToArray());
        _headerLength = NpyHeader.Build(type, [0, .. rowShape]).Length;
        _written = rows is { } count ? new bool[count] : null;
        _handle = File.OpenHandle(_temporary, FileMode.CreateNew, FileAccess.Write, FileShare.None);
    }

    public ScalarType Type { get; }

    /// <summary>Bytes of one row.</summary>
    public int RowBytes { get; }

    /// <summary>Rows written so far.</summary>
    public long Count => Interlocked.Read(ref _count);

    /// <summary>A file whose number of rows is not known yet: add them with <see cref="Append"/>.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="type">Element type; not bfloat16.</param>
    /// <param name="rowShape">Shape without the first axis.</param>
    /// <exception cref="IOException">The folder does not exist or cannot be written.</exception>
    /// <exception cref="NotSupportedException">The type is bfloat16, which NumPy does not have.</exception>
    public static NpyWriter ForAppending(string path, ScalarType type, params ReadOnlySpan<long> rowShape) => new(path, type, rowShape, null);

    /// <summary>A file of known shape: write each row once, in any order, with <see cref="Write"/>.</summary>
    /// <param name="path">The file to make or replace.</param>
    /// <param name="type">Element type; not bfloat16.</param>
    /// <param name="shape">Whole shape; the first size counts the rows.</param>
    /// <inheritdoc cref="ForAppending" path="/exception"/>
    public static NpyWriter OfShape(string path, ScalarType type, params ReadOnlySpan<long> shape) => shape.IsEmpty
        ? throw new ArgumentException("an array needs at least one axis", nameof(shape))
        : new NpyWriter(path, type, shape[1..], shape[0]);

    /// <summary>Adds a row and returns its index.</summary>
    /// <exception cref="ArgumentException">The row has not <see cref="RowBytes"/> bytes.</exception>
    /// <exception cref="InvalidOperationException">The file has a fixed shape.</exception>
    public long Append(ReadOnlySpan<byte> row)
    {
        Check(row);
        if (_written is not null) throw new InvalidOperationException("the file has a fixed shape; use Write");
        long index = Interlocked.Increment(ref _count) - 1;
        try
        {
            RandomAccess.Write(_handle, row, Offset(index));
        }
        catch
        {
            _failed = true; // there is a hole where this row belongs
            throw;
        }

        return index;
    }

    /// <summary>Writes row <paramref name="index"/>.</summary>
    /// <exception cref="ArgumentException">The row has not <see cref="RowBytes"/> bytes.</exception>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    /// <exception cref="InvalidOperationException">The file was made for appending.</exception>
    public void Write(long index, ReadOnlySpan<byte> row)
    {
        Check(row);
        if (_written is null) throw new InvalidOperationException("the file was made for appending; use Append");
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, _written.Length);
        RandomAccess.Write(_handle, row, Offset(index));
        if (!Interlocked.Exchange(ref _written[index], true)) Interlocked.Increment(ref _count);
    }

    /// <summary>Writes the header and gives the file its name. No other member may run meanwhile or be called after.</summary>
    /// <exception cref="InvalidOperationException">Rows of a fixed shape are missing, or one could not be written.</exception>
    public void Complete()
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (_failed) throw new InvalidOperationException("a row could not be written");
        if (_written is not null && _count < _written.Length) throw new InvalidOperationException($"{_count} of {_written.Length} rows were written");
        RandomAccess.Write(_handle, NpyHeader.Build(Type, [_count, .. _rowShape]), 0);
        RandomAccess.FlushToDisk(_handle);
        File.Move(_temporary, _path, overwrite: true);
        _closed = true;
        _handle.Dispose();
    }

    public void Dispose()
    {
        if (_closed) return;
        _closed = true;
        _handle.Dispose();
        File.Delete(_temporary);
    }

    private long Offset(long index) => _headerLength + (index * RowBytes);

    private void Check(ReadOnlySpan<byte> row)
    {
        ObjectDisposedException.ThrowIf(_closed, this);
        if (row.Length != RowBytes) throw new ArgumentException($"{row.Length} bytes given; a row takes {RowBytes}", nameof(row));
    }
}
