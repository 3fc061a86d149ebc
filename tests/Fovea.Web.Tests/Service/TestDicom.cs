using System.Text;
using Fovea.Imaging;

namespace Fovea.Web.Tests.Service;

/// <summary>A photograph as a camera's DICOM file: explicit little endian, RGB, uncompressed, with the eye it is of.</summary>
internal static class TestDicom
{
    public static byte[] Write(Image image, string laterality)
    {
        using var file = new MemoryStream();
        file.Write(new byte[128]);
        file.Write("DICM"u8);
        Text(file, 0x0002, 0x0010, "UI", "1.2.840.10008.1.2.1");
        Text(file, 0x0020, 0x0062, "CS", laterality);
        Number(file, 0x0028, 0x0002, 3);
        Text(file, 0x0028, 0x0004, "CS", "RGB");
        foreach (var (element, value) in new (ushort, int)[] { (0x0006, 0), (0x0010, image.Height), (0x0011, image.Width), (0x0100, 8), (0x0101, 8), (0x0102, 7), (0x0103, 0) }) Number(file, 0x0028, element, (ushort)value);
        file.Write([0xE0, 0x7F, 0x10, 0x00, (byte)'O', (byte)'W', 0, 0]);
        file.Write(BitConverter.GetBytes(image.Pixels.Length));
        file.Write(image.Pixels);
        return file.ToArray();
    }

    private static void Text(MemoryStream file, ushort group, ushort element, string kind, string text)
    {
        if (text.Length % 2 != 0) text += kind == "UI" ? "\0" : " ";
        Head(file, group, element, kind, text.Length);
        file.Write(Encoding.ASCII.GetBytes(text));
    }

    private static void Number(MemoryStream file, ushort group, ushort element, ushort value)
    {
        Head(file, group, element, "US", 2);
        file.Write(BitConverter.GetBytes(value));
    }

    private static void Head(MemoryStream file, ushort group, ushort element, string kind, int length)
    {
        file.Write(BitConverter.GetBytes(group));
        file.Write(BitConverter.GetBytes(element));
        file.Write(Encoding.ASCII.GetBytes(kind));
        file.Write(BitConverter.GetBytes((ushort)length));
    }
}
