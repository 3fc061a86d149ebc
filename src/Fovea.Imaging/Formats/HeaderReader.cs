using System.Buffers.Binary;

namespace Fovea.Imaging.Formats;

/// <summary>Numbers at offsets of a file, in its byte order; an offset past the end refuses the file as truncated.</summary>
internal readonly ref struct HeaderReader(ReadOnlySpan<byte> bytes, ImageFormat format, bool bigEndian)
{
    private readonly ReadOnlySpan<byte> bytes = bytes;

    public int Length => bytes.Length;

    public byte U8(long at) => Slice(at, 1)[0];

    public int U16(long at)
    {
        var s = Slice(at, 2);
        return bigEndian ? BinaryPrimitives.ReadUInt16BigEndian(s) : BinaryPrimitives.ReadUInt16LittleEndian(s);
    }

    public uint U32(long at)
    {
        var s = Slice(at, 4);
        return bigEndian ? BinaryPrimitives.ReadUInt32BigEndian(s) : BinaryPrimitives.ReadUInt32LittleEndian(s);
    }

    public ulong U64(long at)
    {
        var s = Slice(at, 8);
        return bigEndian ? BinaryPrimitives.ReadUInt64BigEndian(s) : BinaryPrimitives.ReadUInt64LittleEndian(s);
    }

    public ReadOnlySpan<byte> Slice(long at, long length)
    {
        if (at < 0 || length < 0 || at > bytes.Length || length > bytes.Length - at)
            throw Refusal.Truncated(format);
        return bytes.Slice((int)at, (int)length);
    }
}
