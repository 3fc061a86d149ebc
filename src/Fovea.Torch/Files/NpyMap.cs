using System.IO.MemoryMappedFiles;

namespace Fovea.Torch.Files;

/// <summary>
/// An <c>.npy</c> file mapped into memory: only the rows that are looked at are read, and several processes share them. Rows may be read from several
/// threads at once;
/// nobody may look at a row after <see cref="Dispose"/>.
/// </summary>
public sealed unsafe class NpyMap : IDisposable
{
    private readonly MemoryMappedFile _file;
    private readonly MemoryMappedViewAccessor _view;
    private readonly byte* _data;
    private bool _disposed;

    private NpyMap(FileStream stream, NpyHeader header)
    {
        (Type, Shape) = (header.Type, header.Shape);
        RowBytes = (int)(StoredTensor.TryByteCount(header.Type, header.Shape.AsSpan(1)) is { } bytes and <= int.MaxValue
            ? bytes
            : throw new FormatFault("one of its rows takes more than 2 GB"));
        _file = MemoryMappedFile.CreateFromFile(stream, null, 0, MemoryMappedFileAccess.Read, HandleInheritability.None, leaveOpen: false);
        _view = _file.CreateViewAccessor(0, 0, MemoryMappedFileAccess.Read);
        byte* start = null;
        _view.SafeMemoryMappedViewHandle.AcquirePointer(ref start);
        _data = start + _view.PointerOffset + header.Length;
    }

    public ScalarType Type { get; }

    /// <summary>Sizes; the first counts the rows.</summary>
    public long[] Shape { get; }

    /// <summary>Number of rows.</summary>
    public long Count => Shape[0];

    /// <summary>Bytes of one row, that is of everything but the first axis.</summary>
    public int RowBytes { get; }

    /// <summary>Maps a row-major, little-endian array of at least one axis.</summary>
    /// <exception cref="ArrayFormatException">The file is missing, damaged, a scalar, big-endian or in Fortran order.</exception>
    public static NpyMap Open(string path) => FormatFault.Translate(path, "Save it again with numpy.save.", Npy.Problem, () =>
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0);
        try
        {
            NpyHeader header = NpyHeader.Read(stream, stream.Length);
            if (header.Shape.Length == 0) throw new FormatFault("it is a single number, not an array");
            if (header.BigEndian) throw new FormatFault("it is big-endian, which cannot be mapped");
            if (header.FortranOrder && header.Shape.Length > 1)
            {
                throw new FormatFault("it is in Fortran order, which cannot be mapped", "Save numpy.ascontiguousarray of it.");
            }

            return new NpyMap(stream, header);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    });

    /// <summary>Row <paramref name="index"/>, without a copy. Do not keep it beyond <see cref="Dispose"/>, nor shorten the file meanwhile: either
    /// ends the process.</summary>
    /// <exception cref="ArgumentOutOfRangeException">There is no such row.</exception>
    public ReadOnlySpan<byte> Row(long index)
    {
        ObjectDisposedException.ThrowIf(_disposed, this);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Count);
        return new ReadOnlySpan<byte>(_data + (index * RowBytes), RowBytes);
    }

    public void Dispose()
    {
        if (_disposed) return;
        _disposed = true;
        _view.SafeMemoryMappedViewHandle.ReleasePointer();
        _view.Dispose();
        _file.Dispose();
    }
}
