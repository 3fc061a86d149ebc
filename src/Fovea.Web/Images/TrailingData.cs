using Fovea.Imaging;

namespace Fovea.Web.Images;

/// <summary>Finds files that are a picture and something else at once: whatever follows the picture's end.</summary>
internal static class TrailingData
{
    /// <summary>Cameras pad their files with a few zeros.</summary>
    private const int LongestPadding = 4096;

    private const byte Marker = 0xFF, StartOfImage = 0xD8, EndOfImage = 0xD9, StartOfScan = 0xDA;

    /// <summary>The reason why the file is refused, or null. Damage is none: the decoder judges that.</summary>
    public static string? Problem(ImageFormat format, ReadOnlySpan<byte> bytes)
    {
        var end = format switch { ImageFormat.Jpeg => EndOfJpeg(bytes), ImageFormat.Png => EndOfPng(bytes), _ => -1 };
        if (end < 0) return null;
        var rest = bytes[end..];
        return rest.Length > LongestPadding || rest.IndexOfAnyExcept((byte)0, Marker) >= 0 ? $"{rest.Length} bytes follow the end of the picture" : null;
    }

    /// <summary>The offset behind the end-of-image marker, or -1.</summary>
    internal static int EndOfJpeg(ReadOnlySpan<byte> bytes)
    {
        if (bytes.Length < 4 || bytes[1] != StartOfImage) return -1;
        var at = 2;
        while (at + 3 < bytes.Length + 2)
        {
            // The next marker: fill bytes may stand before it.
            if (at >= bytes.Length || bytes[at] != Marker) return -1;
            while (at < bytes.Length && bytes[at] == Marker) at++;
            if (at >= bytes.Length) return -1;
            var kind = bytes[at++];
            if (kind == EndOfImage) return at;
            if (kind is 0x01 or (>= 0xD0 and <= 0xD7)) continue;
            if (at + 2 > bytes.Length) return -1;
            var length = (bytes[at] << 8) | bytes[at + 1];
            if (length < 2 || at + length > bytes.Length) return -1;
            at += length;
            if (kind != StartOfScan) continue;
            // Coded data: a marker in it is FF and neither 00 nor a restart.
            while (true)
            {
                var next = bytes[at..].IndexOf(Marker);
                if (next < 0 || at + next + 1 >= bytes.Length) return -1;
                at += next;
                if (bytes[at + 1] is not (0 or (>= 0xD0 and <= 0xD7))) break;
                at += 2;
            }
        }
        return -1;
    }

    private static int EndOfPng(ReadOnlySpan<byte> bytes)
    {
        var at = 8L;
        while (at + 12 <= bytes.Length)
        {
            var length = System.Buffers.Binary.BinaryPrimitives.ReadUInt32BigEndian(bytes[(int)at..]);
            var kind = bytes.Slice((int)at + 4, 4);
            at += 12L + length;
            if (at > bytes.Length) return -1;
            if (kind.SequenceEqual("IEND"u8)) return (int)at;
        }
        return -1;
    }
}
