using System.Diagnostics;

namespace Fovea.Imaging.Tests;

/// <summary>Damaged files of every format: a picture or an UnreadableImageException comes out, nothing else, and memory stays bounded.</summary>
[Collection("standard error")] // GDCM prints what OpenJPEG says of a damaged stream; not while another test listens
public sealed class FuzzTests
{
    private const int Mutations = 300;
    private const long MaxPixels = 200_000;

    public static TheoryData<string> Names =>
    [
        .. Directory.EnumerateFiles(Picture.Fixture("")).Select(f => Path.GetFileName(f)).Where(f => ImageFile.FormatOf(f) is not null).Order(StringComparer.Ordinal),
        "native.dcm", "implicit.dcm", "jpeg.dcm", "lossless.dcm", "j2k.dcm", "runs.dcm",
    ];

    [Theory]
    [MemberData(nameof(Names))]
    public void Decode_MutatedFile_OnlyRefuses(string name)
    {
        var whole = Whole(name);
        var random = new Random(20240 + name.Length); // a failure repeats
        var options = new DecodeOptions { MaxPixels = MaxPixels };
        var before = Process.GetCurrentProcess().WorkingSet64;
        for (var i = 0; i < Mutations; i++)
        {
            var bytes = Mutate(whole, random);
            try
            {
                var image = ImageCodec.Decode(bytes, name, options);
                Assert.True((long)image.Width * image.Height <= MaxPixels);
            }
            catch (UnreadableImageException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }
        // 200,000 pixels are 0.6 MB; the bound is for a decoder that believes a size it should not.
        var grown = (Process.GetCurrentProcess().WorkingSet64 - before) >> 20;
        Assert.True(grown < 300, $"{grown} MiB more than before");
    }

    private static byte[] Whole(string name) => name switch
    {
        "native.dcm" => DicomBuilder.Native(53, 37, 3, "RGB", [.. Picture.Formula(53, 37, 3).Pixels, 0]),
        "implicit.dcm" => DicomBuilder.Native(53, 37, 1, "MONOCHROME2", [.. Picture.Formula(53, 37, 1).Pixels, 0], DicomBuilder.Implicit),
        "jpeg.dcm" => DicomBuilder.Encapsulated(53, 37, 3, "YBR_FULL_422", DicomBuilder.Jpeg, Picture.Bytes("baseline.jpg")),
        "j2k.dcm" => DicomBuilder.Encapsulated(53, 37, 3, "YBR_RCT", DicomBuilder.Jpeg2000, Picture.Bytes("picture.j2k")),
        "lossless.dcm" => DicomBuilder.Encapsulated(53, 37, 3, "RGB", DicomBuilder.JpegLossless, LosslessJpeg.Encode(Picture.Formula(53, 37, 3))),
        "runs.dcm" => DicomTests.RunLengths(Picture.Formula(53, 37, 3)),
        _ => Picture.Bytes(name),
    };

    private static byte[] Mutate(byte[] whole, Random random)
    {
        var bytes = (byte[])whole.Clone();
        // Half of the changes fall into the first 200 bytes, where the headers are.
        int At() => random.Next(2) == 0 ? random.Next(Math.Min(bytes.Length, 200)) : random.Next(bytes.Length);
        for (var n = random.Next(1, 9); n > 0; n--)
        {
            switch (random.Next(6))
            {
                case 0: bytes[At()] ^= (byte)(1 << random.Next(8)); break;
                case 1: bytes[At()] = (byte)random.Next(256); break;
                case 2: bytes[At()] = random.Next(2) == 0 ? (byte)0xFF : (byte)0; break;
                case 3: bytes = bytes[..random.Next(1, bytes.Length + 1)]; break;
                case 4:
                    var (from, to) = (At(), At());
                    var length = Math.Min(random.Next(1, 40), bytes.Length - Math.Max(from, to));
                    bytes.AsSpan(from, length).CopyTo(bytes.AsSpan(to));
                    break;
                default:
                    var hole = At();
                    bytes = [.. bytes[..hole], .. bytes[Math.Min(bytes.Length, hole + random.Next(1, 20))..]];
                    break;
            }
            if (bytes.Length == 0)
                return bytes;
        }
        return bytes;
    }
}
