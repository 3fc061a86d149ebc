using System.Text;
using Fovea.Imaging;
using Fovea.Web.Images;

namespace Fovea.Web.Tests.Images;

public sealed class UploadChecksTests
{
    [Theory]
    [InlineData("IDRiD_R.jpg", "right")]
    [InlineData("p12-OS-2.png", "left")]
    [InlineData("od.dcm", "right")]
    [InlineData("10003_left.jpeg", "left")]
    [InlineData("right and left.jpg", null)]
    [InlineData("sources.jpg", null)]
    [InlineData("IDRiD_30.jpg", null)]
    public void EyeOfName_OfAFile_TakesWholeWordsOnly(string name, string? expected) => Assert.Equal(expected, UploadChecks.EyeOfName(name));

    [Theory]
    [InlineData("L", "left")]
    [InlineData("R", "right")]
    [InlineData("B", null)]
    public void Look_AtADicomFile_TakesItsLaterality(string laterality, string? expected)
    {
        var (file, refused) = UploadChecks.Look("a_R.dcm", Dicom(laterality));
        Assert.Null(refused);
        // What the camera wrote goes before what somebody called the file.
        Assert.Equal((ImageFormat.Dicom, expected ?? "right", expected is null ? "name" : "dicom"), (file!.Format, file.Eye, file.EyeSource));
    }

    private static byte[] Dicom(string laterality)
    {
        using var file = new MemoryStream();
        file.Write(new byte[128]);
        file.Write("DICM"u8);
        Text(file, 0x0002, 0x0010, "UI", "1.2.840.10008.1.2.1");
        Text(file, 0x0020, 0x0062, "CS", laterality);
        Number(file, 0x0028, 0x0002, 3);
        Text(file, 0x0028, 0x0004, "CS", "RGB");
        foreach (var (element, value) in new (ushort, ushort)[] { (0x0006, 0), (0x0010, 8), (0x0011, 8), (0x0100, 8), (0x0101, 8), (0x0103, 0) }) Number(file, 0x0028, element, value);
        file.Write([0xE0, 0x7F, 0x10, 0x00, (byte)'O', (byte)'W', 0, 0]);
        file.Write(BitConverter.GetBytes(8 * 8 * 3));
        file.Write(new byte[8 * 8 * 3]);
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
