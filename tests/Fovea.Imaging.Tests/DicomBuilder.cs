using System.Text;

namespace Fovea.Imaging.Tests;

/// <summary>DICOM files of one picture, with the elements that matter and a nested sequence to be skipped.</summary>
internal static class DicomBuilder
{
    public const string Implicit = "1.2.840.10008.1.2", Explicit = "1.2.840.10008.1.2.1", Jpeg = "1.2.840.10008.1.2.4.50",
        JpegLossless = "1.2.840.10008.1.2.4.70", Jpeg2000 = "1.2.840.10008.1.2.4.90", RunLengths = "1.2.840.10008.1.2.5";

    public static byte[] Native(
        int width, int height, int samples, string photometric, byte[] pixels, string syntax = Explicit, int planar = 0, int bits = 8, string frames = "1") =>
        Build(width, height, samples, photometric, syntax, planar, bits, frames, w => w.Element(0x7FE0, 0x0010, "OW", pixels));

    public static byte[] Encapsulated(int width, int height, int samples, string photometric, string syntax, params byte[][] fragments) =>
        Build(width, height, samples, photometric, syntax, 0, 8, "1", w =>
        {
            w.Undefined(0x7FE0, 0x0010, "OB");
            w.Item([]);
            foreach (var fragment in fragments)
                w.Item(fragment.Length % 2 == 0 ? fragment : [.. fragment, 0]);
            w.Delimiter(0xE0DD);
        });

    private static byte[] Build(
        int width, int height, int samples, string photometric, string syntax, int planar, int bits, string frames, Action<Writer> pixels)
    {
        var meta = new Writer(isImplicit: false);
        meta.Text(0x0002, 0x0002, "UI", "1.2.840.10008.5.1.4.1.1.7");
        meta.Text(0x0002, 0x0010, "UI", syntax);
        var data = new Writer(syntax == Implicit);
        data.Text(0x0008, 0x0016, "UI", "1.2.840.10008.5.1.4.1.1.7");
        data.Text(0x0008, 0x0060, "CS", "OP");
        // A sequence of undefined length with an item of undefined length, which holds a Rows element that is not the picture's.
        data.Undefined(0x0008, 0x1140, "SQ");
        data.Delimiter(0xE000, 0xFFFFFFFF);
        data.Short(0x0028, 0x0010, 9999);
        data.Delimiter(0xE00D);
        data.Delimiter(0xE0DD);
        data.Text(0x0010, 0x0010, "PN", "Nobody");
        data.Short(0x0028, 0x0002, samples);
        data.Text(0x0028, 0x0004, "CS", photometric);
        if (samples > 1)
            data.Short(0x0028, 0x0006, planar);
        data.Text(0x0028, 0x0008, "IS", frames);
        data.Short(0x0028, 0x0010, height);
        data.Short(0x0028, 0x0011, width);
        data.Short(0x0028, 0x0100, bits);
        data.Short(0x0028, 0x0101, bits);
        data.Short(0x0028, 0x0102, bits - 1);
        data.Short(0x0028, 0x0103, 0);
        pixels(data);
        var metaBytes = meta.Bytes;
        var length = new Writer(isImplicit: false);
        length.Element(0x0002, 0x0000, "UL", BitConverter.GetBytes(metaBytes.Length));
        return [.. new byte[128], .. "DICM"u8, .. length.Bytes, .. metaBytes, .. data.Bytes];
    }

    internal sealed class Writer(bool isImplicit)
    {
        private readonly List<byte> bytes = [];

        public byte[] Bytes => [.. bytes];

        public void Short(int group, int element, int value) => Element(group, element, "US", [(byte)value, (byte)(value >> 8)]);

        public void Text(int group, int element, string representation, string text) =>
            Element(group, element, representation, Encoding.ASCII.GetBytes(text.Length % 2 == 0 ? text : text + (representation == "UI" ? '\0' : ' ')));

        public void Element(int group, int element, string representation, byte[] value)
        {
            Head(group, element, representation, (uint)value.Length);
            bytes.AddRange(value);
        }

        public void Undefined(int group, int element, string representation) => Head(group, element, representation, 0xFFFFFFFF);

        public void Item(byte[] value)
        {
            Delimiter(0xE000, (uint)value.Length);
            bytes.AddRange(value);
        }

        public void Delimiter(int element, uint length = 0)
        {
            Put16(0xFFFE);
            Put16(element);
            bytes.AddRange(BitConverter.GetBytes(length));
        }

        private void Head(int group, int element, string representation, uint length)
        {
            Put16(group);
            Put16(element);
            if (isImplicit)
            {
                bytes.AddRange(BitConverter.GetBytes(length));
                return;
            }
            bytes.AddRange(Encoding.ASCII.GetBytes(representation));
            if (representation is "OB" or "OW" or "SQ")
            {
                Put16(0);
                bytes.AddRange(BitConverter.GetBytes(length));
            }
            else
            {
                Put16((int)length);
            }
        }

        private void Put16(int value) => bytes.AddRange([(byte)value, (byte)(value >> 8)]);
    }
}
