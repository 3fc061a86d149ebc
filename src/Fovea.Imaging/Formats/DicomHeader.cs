namespace Fovea.Imaging.Formats;

/// <summary>What a DICOM file says of its pixels: a walk over the data set that remembers a dozen elements and skips the rest.</summary>
/// <param name="PixelAt">Offset of the pixel data's value.</param>
/// <param name="PixelLength">Its length in bytes, or -1 for a sequence of compressed fragments.</param>
internal sealed record DicomHeader(
    string TransferSyntax, int Width, int Height, int Samples, string Photometric, bool Planar, int BitsAllocated, int BitsStored, bool Signed,
    string Frames, long PixelAt, long PixelLength)
{
    /// <summary>Of the image, else of the series: "R", "L" or "B"; null where neither says.</summary>
    public string? Laterality { get; init; }


    private const uint Undefined = 0xFFFFFFFF, Item = 0xFFFEE000, ItemEnd = 0xFFFEE00D, SequenceEnd = 0xFFFEE0DD, PixelData = 0x7FE00010;
    private const int Preamble = 128, DeepestNesting = 32;

    public static bool Matches(ReadOnlySpan<byte> bytes) => bytes.Length >= Preamble + 4 && bytes.Slice(Preamble, 4).SequenceEqual("DICM"u8);

    public static DicomHeader Read(ReadOnlySpan<byte> bytes)
    {
        var reader = new HeaderReader(bytes, ImageFormat.Dicom, bigEndian: false);
        long at = Preamble + 4;
        var syntax = "";
        // The file meta information (group 2) is always explicit little endian.
        while (Group(reader, at) == 0x0002)
        {
            var element = Next(reader, at, isImplicit: false);
            if (element.Tag == 0x00020010)
                syntax = Text(reader, element);
            at = element.ValueAt + element.Length;
        }
        var isImplicit = syntax == DicomFormat.ImplicitLittleEndian;
        if (syntax is DicomFormat.ExplicitBigEndian or DicomFormat.Deflated)
            throw Refusal.Unsupported(ImageFormat.Dicom, $"the transfer syntax {syntax}", DicomFormat.Convert);

        var (width, height, samples, allocated, stored, signed, planar) = (0, 0, 1, 0, 0, false, false);
        var (photometric, frames) = ("", "1");
        string? ofSeries = null, ofImage = null;
        while (true)
        {
            var element = Next(reader, at, isImplicit);
            switch (element.Tag)
            {
                case 0x00200060: ofSeries = Text(reader, element); break;
                case 0x00200062: ofImage = Text(reader, element); break;
                case 0x00280002: samples = reader.U16(element.ValueAt); break;
                case 0x00280004: photometric = Text(reader, element); break;
                case 0x00280006: planar = reader.U16(element.ValueAt) == 1; break;
                case 0x00280008: frames = Text(reader, element); break;
                case 0x00280010: height = reader.U16(element.ValueAt); break;
                case 0x00280011: width = reader.U16(element.ValueAt); break;
                case 0x00280100: allocated = reader.U16(element.ValueAt); break;
                case 0x00280101: stored = reader.U16(element.ValueAt); break;
                case 0x00280103: signed = reader.U16(element.ValueAt) == 1; break;
                case PixelData:
                    if (width == 0 || height == 0)
                        throw Refusal.Damaged(ImageFormat.Dicom, $"{width}x{height} pixels");
                    return new DicomHeader(
                        syntax, width, height, samples, photometric, planar, allocated, stored, signed, frames, element.ValueAt,
                        element.Length == Undefined ? -1 : element.Length) { Laterality = new[] { ofImage, ofSeries }.FirstOrDefault(l => l is "R" or "L" or "B") };
            }
            at = element.Length == Undefined
                ? SkipSequence(reader, element.ValueAt, isImplicit || element.Unknown, 0)
                : element.ValueAt + element.Length;
            if (at == reader.Length)
                throw Refusal.Unsupported(ImageFormat.Dicom, "a data set without pixels", "Give the DICOM file of a picture");
        }
    }

    /// <summary>The compressed fragments of one frame, joined.</summary>
    public byte[] JoinFragments(ReadOnlySpan<byte> bytes)
    {
        var reader = new HeaderReader(bytes, ImageFormat.Dicom, bigEndian: false);
        List<(long At, uint Length)> fragments = [];
        for (var at = PixelAt; ;)
        {
            var (tag, length) = (Tag(reader, at), reader.U32(at + 4));
            if (tag == SequenceEnd)
                break;
            if (tag != Item || length == Undefined)
                throw Refusal.Damaged(ImageFormat.Dicom, "fragments of pixel data that do not follow each other");
            reader.Slice(at + 8, length);
            fragments.Add((at + 8, length));
            at += 8L + length;
        }
        if (fragments.Count < 2)
            throw Refusal.Truncated(ImageFormat.Dicom);
        fragments.RemoveAt(0); // the table of offsets
        var joined = new byte[checked((int)fragments.Sum(f => f.Length))];
        var to = 0;
        foreach (var (at, length) in fragments)
        {
            reader.Slice(at, length).CopyTo(joined.AsSpan(to));
            to += (int)length;
        }
        return joined;
    }

    private readonly record struct Element(uint Tag, long ValueAt, uint Length, bool Unknown);

    private static Element Next(HeaderReader reader, long at, bool isImplicit)
    {
        var tag = Tag(reader, at);
        if (isImplicit || tag >> 16 == 0xFFFE)
            return new Element(tag, at + 8, reader.U32(at + 4), false);
        var representation = reader.Slice(at + 4, 2);
        return representation switch
        {
            [(byte)'O', _] or [(byte)'S', (byte)'Q'] or [(byte)'U', (byte)'C'] or [(byte)'U', (byte)'R'] or [(byte)'U', (byte)'T']
                or [(byte)'U', (byte)'N'] or [(byte)'S', (byte)'V'] or [(byte)'U', (byte)'V'] =>
                new Element(tag, at + 12, reader.U32(at + 8), representation[1] == 'N'),
            [>= (byte)'A' and <= (byte)'Z', >= (byte)'A' and <= (byte)'Z'] => new Element(tag, at + 8, (uint)reader.U16(at + 6), false),
            _ => throw Refusal.Damaged(ImageFormat.Dicom, "an element without a type"),
        };
    }

    /// <summary>The offset after a sequence of undefined length.</summary>
    private static long SkipSequence(HeaderReader reader, long at, bool isImplicit, int depth)
    {
        if (depth > DeepestNesting)
            throw Refusal.Damaged(ImageFormat.Dicom, "sequences nested too deeply");
        while (true)
        {
            var (tag, length) = (Tag(reader, at), reader.U32(at + 4));
            at += 8;
            if (tag == SequenceEnd)
                return at;
            if (tag != Item)
                throw Refusal.Damaged(ImageFormat.Dicom, "a sequence of something else than items");
            at = length == Undefined ? SkipItem(reader, at, isImplicit, depth) : at + length;
        }
    }

    private static long SkipItem(HeaderReader reader, long at, bool isImplicit, int depth)
    {
        while (true)
        {
            var element = Next(reader, at, isImplicit);
            if (element.Tag == ItemEnd)
                return element.ValueAt;
            at = element.Length == Undefined
                ? SkipSequence(reader, element.ValueAt, isImplicit || element.Unknown, depth + 1)
                : element.ValueAt + element.Length;
        }
    }

    private static int Group(HeaderReader reader, long at) => reader.U16(at);

    private static uint Tag(HeaderReader reader, long at) => ((uint)reader.U16(at) << 16) | (uint)reader.U16(at + 2);

    private static string Text(HeaderReader reader, Element element) =>
        System.Text.Encoding.ASCII.GetString(reader.Slice(element.ValueAt, Math.Min(element.Length, 64))).Trim('\0', ' ');
}
