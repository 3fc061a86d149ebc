using Fovea.Imaging;
using Fovea.Web.Images;
using Fovea.Web.Tests.Service;

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
        var (file, refused) = UploadChecks.Look("a_R.dcm", TestDicom.Write(new Image(8, 8, 3), laterality));
        Assert.Null(refused);
        // What the camera wrote goes before what somebody called the file.
        Assert.Equal((ImageFormat.Dicom, expected ?? "right", expected is null ? "name" : "dicom"), (file!.Format, file.Eye, file.EyeSource));
    }
}
