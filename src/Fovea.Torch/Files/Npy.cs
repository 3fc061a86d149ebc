using System.Buffers.Binary;
using System.Runtime.InteropServices;

namespace Fovea.Torch.Files;

/// <summary>NumPy's <c>.npy</c> files, whole. For arrays larger than memory see <see cref="NpyMap"/> and <see cref="NpyWriter"/>.</summary>
public static class Npy
{
    private const string UsualRemedy = "Save it again with numpy.save.";

    /// <summary>
    /// Reads an array of bool, u1, i1, i2, i4, i8, f2, f4 or f8; big-endian and Fortran-ordered ones come little-endian and row-major.
    /// </summary>
    /// <exception cref="ArrayFormatException">The file is missing, damaged, of another element type (objects are never read), or over 2
    /// GB.</exception>
    public static StoredTensor Read(string path) => FormatFault.Translate(path, UsualRemedy, Problem, () =>
    {
        using var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read, bufferSize: 0, FileOptions.SequentialScan);
        return Parse(stream, stream.Length);
    });

    /// <summary>Reads an array that takes exactly <paramref name="length"/> bytes of a stream, forward only.</summary>
    /// <exception cref="ArrayFormatException">The bytes are damaged, or of another element type.</exception>
    public static StoredTensor Read(Stream stream, long length, string name) =>
        FormatFault.Translate(name, UsualRemedy, Problem, () => Parse(stream, length));

    /// <summary>Writes the bytes that numpy.save writes, all or none.</summary>
    /// <exception cref="NotSupportedException">The tensor is bfloat16, which NumPy does not have.</exception>
    /// <exception cref="IOException">The folder does not exist, or the disk is full.</exception>
    public static void Write(string path, StoredTensor array) => AtomicFile.Write(path, stream => Write(stream, array));

    /// <summary>Writes to a stream, which need not seek.</summary>
    /// <exception cref="NotSupportedException">The tensor is bfloat16.</exception>
    public static void Write(Stream stream, StoredTensor array)
    {
        ArgumentNullException.ThrowIfNull(stream);
        ArgumentNullException.ThrowIfNull(array);
        stream.Write(NpyHeader.Build(array.Type, array.Shape));
        stream.Write(array.Data);
    }

    /// <summary>The bytes that numpy.save writes before the data; their number does not depend on the first size.</summary>
    /// <exception cref="NotSupportedException">The type is bfloat16.</exception>
    public static byte[] Header(ScalarType type, params ReadOnlySpan<long> shape) => NpyHeader.Build(type, shape);

    internal static StoredTensor Parse(Stream stream, long length)
    {
        NpyHeader header = NpyHeader.Read(stream, length);
        byte[] data = FormatFault.Allocate(header.DataBytes, "it");
        stream.ReadExactly(data);
        if (header.BigEndian) SwapBytes(data, header.Type.ElementSize());
        if (header.FortranOrder && header.Shape.Length > 1)
        {
            byte[] rowMajor = GC.AllocateUninitializedArray<byte>(data.Length);
            Strided.Copy(data, header.Type.ElementSize(), 0, header.Shape, Strided.ColumnMajor(header.Shape), rowMajor);
            data = rowMajor;
        }

        return StoredTensor.FromFile(header.Type, header.Shape, data);
    }

    internal static Exception Problem(string file, string reason, string remedy, Exception inner) =>
        new ArrayFormatException(file, reason, remedy, inner);

    private static void SwapBytes(Span<byte> data, int elementSize)
    {
        switch (elementSize)
        {
            case 2:
                Span<short> shorts = MemoryMarshal.Cast<byte, short>(data);
                BinaryPrimitives.ReverseEndianness(shorts, shorts);
                break;
            case 4:
                Span<int> ints = MemoryMarshal.Cast<byte, int>(data);
                BinaryPrimitives.ReverseEndianness(ints, ints);
                break;
            case 8:
                Span<long> longs = MemoryMarshal.Cast<byte, long>(data);
                BinaryPrimitives.ReverseEndianness(longs, longs);
                break;
        }
    }
}
