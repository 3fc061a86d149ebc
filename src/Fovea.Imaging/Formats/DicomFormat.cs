using System.Buffers.Binary;
using Fovea.Imaging.Internal;

namespace Fovea.Imaging.Formats;

/// <summary>
/// DICOM pictures of one frame and 8 bits: uncompressed and baseline JPEG are read here; lossless JPEG, JPEG 2000 and run lengths by GDCM.
/// Values are taken as stored: no window, no look-up table.
/// </summary>
internal static class DicomFormat
{
    internal const string ImplicitLittleEndian = "1.2.840.10008.1.2", ExplicitLittleEndian = "1.2.840.10008.1.2.1",
        ExplicitBigEndian = "1.2.840.10008.1.2.2", Deflated = "1.2.840.10008.1.2.1.99", JpegBaseline = "1.2.840.10008.1.2.4.50",
        JpegExtended = "1.2.840.10008.1.2.4.51", JpegLossless = "1.2.840.10008.1.2.4.57", JpegLosslessFirstOrder = "1.2.840.10008.1.2.4.70",
        Jpeg2000Lossless = "1.2.840.10008.1.2.4.90", Jpeg2000 = "1.2.840.10008.1.2.4.91", RunLengths = "1.2.840.10008.1.2.5";

    internal const string Convert = "Convert it to explicit little endian (1.2.840.10008.1.2.1), for example with gdcmconv --raw";

    public static ImageInfo Probe(ReadOnlySpan<byte> bytes)
    {
        var h = DicomHeader.Read(bytes);
        return new ImageInfo(ImageFormat.Dicom, h.Width, h.Height, h.Samples, h.BitsStored == 0 ? h.BitsAllocated : h.BitsStored, 1) { Laterality = h.Laterality };
    }

    public static Image Decode(ReadOnlySpan<byte> bytes, DecodeOptions options)
    {
        var header = DicomHeader.Read(bytes);
        if (header.BitsAllocated != 8 || header.BitsStored is not (0 or 8))
            throw Refusal.Bits(Math.Max(header.BitsAllocated, header.BitsStored));
        if (header.Signed)
            throw Refusal.Unsupported(ImageFormat.Dicom, "signed pixels", Refusal.EightBits);
        if (!int.TryParse(header.Frames, out var frames) || frames != 1)
            throw Refusal.Unsupported(ImageFormat.Dicom, $"{header.Frames} frames", "Give one frame a file");
        var colours = header.Photometric is "RGB" or "YBR_FULL" or "YBR_FULL_422" or "YBR_ICT" or "YBR_RCT";
        if (!(colours && header.Samples == 3) && !(header.Photometric is "MONOCHROME1" or "MONOCHROME2" && header.Samples == 1))
            throw Refusal.Unsupported(ImageFormat.Dicom, $"{header.Samples} channels of {Printable(header.Photometric)}", Refusal.EightBits);

        switch (header.TransferSyntax)
        {
            case ImplicitLittleEndian or ExplicitLittleEndian:
                if (header.Photometric == "YBR_FULL_422")
                    throw Refusal.Unsupported(ImageFormat.Dicom, "uncompressed YBR_FULL_422", Convert);
                return Finish(Uncompressed(bytes, header), header);
            case JpegBaseline or JpegExtended:
                var image = Jpeg(header.JoinFragments(bytes), header, options);
                return header.Photometric == "MONOCHROME1" ? Inverted(image) : image; // libjpeg has made RGB of YCbCr
            case JpegLossless or JpegLosslessFirstOrder or Jpeg2000Lossless or Jpeg2000 or RunLengths:
                var stream = header.JoinFragments(bytes);
                RequireSameSize(stream, header);
                return Finish(Compressed(stream, header), header);
            default:
                throw Refusal.Unsupported(ImageFormat.Dicom, $"the transfer syntax {Printable(header.TransferSyntax)}", Convert);
        }
    }

    private static Image Uncompressed(ReadOnlySpan<byte> bytes, DicomHeader header)
    {
        var size = (long)header.Width * header.Height * header.Samples;
        if (header.PixelLength < size)
            throw Refusal.Truncated(ImageFormat.Dicom);
        var samples = new HeaderReader(bytes, ImageFormat.Dicom, bigEndian: false).Slice(header.PixelAt, size);
        var image = Image.Uninitialised(header.Width, header.Height, header.Samples);
        if (header.Samples == 1 || !header.Planar)
        {
            samples.CopyTo(image.Pixels);
            return image;
        }
        var plane = header.Width * header.Height;
        for (int i = 0, j = 0; i < plane; i++, j += 3)
            (image.Pixels[j], image.Pixels[j + 1], image.Pixels[j + 2]) = (samples[i], samples[i + plane], samples[i + (2 * plane)]);
        return image;
    }

    private static Image Jpeg(byte[] jpeg, DicomHeader header, DecodeOptions options)
    {
        var info = JpegFormat.Probe(jpeg);
        if (info.Width != header.Width || info.Height != header.Height || info.Channels != header.Samples)
            throw Refusal.Damaged(ImageFormat.Dicom, $"it declares {header.Width}x{header.Height}, its JPEG has {info.Width}x{info.Height}");
        JpegFormat.RequirePlausible(jpeg, info);
        return JpegFormat.Decode(jpeg, info, options with { Grey = options.Grey || header.Samples == 1 });
    }

    /// <summary>What the compressed stream declares must be what was checked against the limits, because GDCM allocates what it says.</summary>
    private static void RequireSameSize(byte[] stream, DicomHeader header)
    {
        long width, height, components;
        if (header.TransferSyntax == RunLengths)
            return; // run lengths have no size of their own
        if (header.TransferSyntax is Jpeg2000 or Jpeg2000Lossless)
        {
            // ISO 15444-1 A.5.1: SOC, SIZ, Lsiz, Rsiz, Xsiz, Ysiz, XOsiz, YOsiz, XTsiz, YTsiz, XTOsiz, YTOsiz, Csiz
            var reader = new HeaderReader(stream, ImageFormat.Dicom, bigEndian: true);
            if (reader.U32(0) != 0xFF4FFF51)
                throw Refusal.Damaged(ImageFormat.Dicom, "no JPEG 2000 stream");
            (width, height, components) = ((long)reader.U32(8) - reader.U32(16), (long)reader.U32(12) - reader.U32(20), reader.U16(40));
        }
        else
        {
            if (!JpegFormat.Matches(stream))
                throw Refusal.Damaged(ImageFormat.Dicom, "no JPEG stream");
            var frame = JpegFormat.FindFrame(stream, ImageFormat.Dicom);
            (width, height, components) = (frame.Width, frame.Height, frame.Components);
        }
        if (width != header.Width || height != header.Height || components != header.Samples)
            throw Refusal.Damaged(ImageFormat.Dicom, $"it declares {header.Width}x{header.Height}, its pixel data {width}x{height}");
    }

    /// <summary>
    /// Through GDCM, which is given a new file of the stream and the values that were checked, and never the file that came: Debian's GDCM
    /// has its assertions compiled in, and one damaged byte of a header can end the process.
    /// </summary>
    private static unsafe Image Compressed(byte[] stream, DicomHeader header)
    {
        var file = DicomWriter.Encapsulated(header, stream);
        var image = Image.Uninitialised(header.Width, header.Height, header.Samples);
        fixed (byte* from = file, to = image.Pixels)
            Native.DicomDecode(from, file.Length, new PixelView(to, image));
        return image;
    }

    private static Image Finish(Image samples, DicomHeader header) => header.Photometric switch
    {
        "MONOCHROME1" => Inverted(samples),
        "YBR_FULL" => Image.FromChannels(samples.Channel(0), samples.Channel(2), samples.Channel(1)).FromYCrCb(), // DICOM: Y, Cb, Cr
        _ => samples,
    };

    private static Image Inverted(Image image)
    {
        for (var i = 0; i < image.Pixels.Length; i++)
            image.Pixels[i] = (byte)(255 - image.Pixels[i]);
        return image;
    }

    private static string Printable(string text) => text.Length == 0 ? "nothing" : string.Concat(text.Select(c => c is > ' ' and <= '~' ? c : '?'));
}
