using System.Buffers.Binary;
using System.Security.Cryptography;
using System.Text.Json;

namespace Fovea.Imaging.Tests;

/// <summary>The pictures of oracle/imaging.py, and what it found.</summary>
internal static class Picture
{
    /// <summary>Slopes, rings and a little noise; the same loop is in oracle/imaging.py.</summary>
    public static Image Formula(int width, int height, int channels)
    {
        var image = new Image(width, height, channels);
        var (state, at) = (12345u, 0);
        for (var y = 0; y < height; y++)
        {
            for (var x = 0; x < width; x++)
            {
                for (var c = 0; c < channels; c++)
                {
                    state = unchecked((state * 1664525) + 1013904223);
                    image.Pixels[at++] = (byte)((((x * 3) + (y * 2) + (c * 60) + (((x * x) + (y * y)) >> 6)) & 255) ^ (int)(state >> 29));
                }
            }
        }
        return image;
    }

    public static string Root { get; } = FindRoot();

    public static string Fixture(string name) => Path.Combine(Root, "oracle", "fixtures", "imaging", name);

    public static byte[] Bytes(string name) => File.ReadAllBytes(Fixture(name));

    public static JsonElement Json(string name)
    {
        using var document = JsonDocument.Parse(File.ReadAllBytes(Fixture(name)));
        return document.RootElement.Clone();
    }

    /// <summary>Fails unless the image has the shape and the SHA-256 that the oracle wrote.</summary>
    public static void AssertEqual(JsonElement expected, Image actual)
    {
        Assert.Equal((expected[0].GetInt32(), expected[1].GetInt32(), expected[2].GetInt32()), (actual.Width, actual.Height, actual.Channels));
        Assert.Equal(expected[3].GetString(), Convert.ToHexStringLower(SHA256.HashData(actual.Pixels)));
    }

    /// <summary>The message of the refusal, which must be one line that begins with the name.</summary>
    public static string Refused(byte[] bytes, string name = "photo.jpg", DecodeOptions? options = null)
    {
        var e = Assert.Throws<UnreadableImageException>(() => ImageCodec.Decode(bytes, name, options));
        Assert.StartsWith(name + ": ", e.Message, StringComparison.Ordinal);
        Assert.EndsWith(".", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        return e.Message;
    }

    /// <summary>A PNG of these chunks, with right sums.</summary>
    public static byte[] Png(params (string Kind, byte[] Data)[] chunks)
    {
        using var stream = new MemoryStream();
        stream.Write([0x89, (byte)'P', (byte)'N', (byte)'G', 0x0D, 0x0A, 0x1A, 0x0A]);
        foreach (var (kind, data) in chunks)
        {
            byte[] body = [.. System.Text.Encoding.ASCII.GetBytes(kind), .. data];
            stream.Write(BigEndian((uint)data.Length));
            stream.Write(body);
            stream.Write(BigEndian(Crc(body)));
        }
        return stream.ToArray();
    }

    public static byte[] PngHeader(int width, int height, byte bits = 8, byte type = 2, byte interlace = 0) =>
        [.. BigEndian((uint)width), .. BigEndian((uint)height), bits, type, 0, 0, interlace];

    public static byte[] BigEndian(uint value)
    {
        var bytes = new byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }

    private static uint Crc(ReadOnlySpan<byte> bytes)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var b in bytes)
        {
            crc ^= b;
            for (var i = 0; i < 8; i++)
                crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }

    private static string FindRoot()
    {
        for (var folder = new DirectoryInfo(AppContext.BaseDirectory); folder is not null; folder = folder.Parent)
        {
            if (File.Exists(Path.Combine(folder.FullName, "Fovea.slnx")))
                return folder.FullName;
        }
        throw new InvalidOperationException("The repository's root is not above the tests.");
    }
}
