using System.Text;

namespace Fovea.Imaging.Formats;

/// <summary>A DICOM file of one compressed picture with the fewest elements that a reader asks for (PS3.5, PS3.10).</summary>
internal static class DicomWriter
{
    private const string SecondaryCapture = "1.2.840.10008.5.1.4.1.1.7", AnyInstance = "2.25.1";

    public static byte[] Encapsulated(DicomHeader header, byte[] stream)
    {
        var meta = new Elements();
        meta.Bytes(0x0002, 0x0001, "OB", [0, 1]);
        meta.Text(0x0002, 0x0002, "UI", SecondaryCapture);
        meta.Text(0x0002, 0x0003, "UI", AnyInstance);
        meta.Text(0x0002, 0x0010, "UI", header.TransferSyntax);
        meta.Text(0x0002, 0x0012, "UI", AnyInstance);
        var length = new Elements();
        length.Bytes(0x0002, 0x0000, "UL", BitConverter.GetBytes((int)meta.Stream.Length));

        var data = new Elements();
        data.Text(0x0008, 0x0016, "UI", SecondaryCapture);
        data.Text(0x0008, 0x0018, "UI", AnyInstance);
        data.Short(0x0028, 0x0002, header.Samples);
        data.Text(0x0028, 0x0004, "CS", header.Photometric);
        if (header.Samples > 1)
            data.Short(0x0028, 0x0006, header.Planar ? 1 : 0);
        data.Short(0x0028, 0x0010, header.Height);
        data.Short(0x0028, 0x0011, header.Width);
        data.Short(0x0028, 0x0100, 8);
        data.Short(0x0028, 0x0101, 8);
        data.Short(0x0028, 0x0102, 7);
        data.Short(0x0028, 0x0103, 0);
        data.Head(0x7FE0, 0x0010, "OB", 0xFFFFFFFF);
        data.Item(0xE000, []); // the table of offsets may be empty
        data.Item(0xE000, stream.Length % 2 == 0 ? stream : [.. stream, 0]);
        data.Item(0xE0DD, []);
        return [.. new byte[128], .. "DICM"u8, .. length.Stream.ToArray(), .. meta.Stream.ToArray(), .. data.Stream.ToArray()];
    }

    private readonly struct Elements()
    {
        public MemoryStream Stream { get; } = new();

        public void Short(int group, int element, int value) => Bytes(group, element, "US", [(byte)value, (byte)(value >> 8)]);

        public void Text(int group, int element, string representation, string text)
        {
            var padding = text.Length % 2 == 0 ? "" : representation == "UI" ? "\0" : " ";
            Bytes(group, element, representation, Encoding.ASCII.GetBytes(text + padding));
        }

        public void Bytes(int group, int element, string representation, ReadOnlySpan<byte> value)
        {
            Head(group, element, representation, (uint)value.Length);
            Stream.Write(value);
        }

        public void Head(int group, int element, string representation, uint length)
        {
            Put16(group);
            Put16(element);
            Stream.Write(Encoding.ASCII.GetBytes(representation));
            if (representation == "OB")
            {
                Put16(0);
                Stream.Write(BitConverter.GetBytes(length));
            }
            else
            {
                Put16((int)length);
            }
        }

        public void Item(int element, ReadOnlySpan<byte> value)
        {
            Put16(0xFFFE);
            Put16(element);
            Stream.Write(BitConverter.GetBytes(value.Length));
            Stream.Write(value);
        }

        private void Put16(int value) => Stream.Write([(byte)value, (byte)(value >> 8)]);
    }
}
