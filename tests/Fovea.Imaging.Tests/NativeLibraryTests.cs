using Fovea.Imaging.Internal;

namespace Fovea.Imaging.Tests;

public sealed class NativeLibraryTests
{
    [Fact]
    public void OpenCvVersion_OfTheLibrary_IsFour() => Assert.StartsWith("4.", ImagingLibrary.OpenCvVersion, StringComparison.Ordinal);

    [Fact]
    public void Load_FromWrongPlaces_NamesEachAndTheCommand()
    {
        var broken = Path.GetTempFileName();
        File.WriteAllText(broken, "no library");
        var e = Assert.Throws<DllNotFoundException>(() => NativeLibraryLoader.Load(["/nowhere/libfovea_imaging.so", broken]));
        File.Delete(broken);
        Assert.Contains("/nowhere/libfovea_imaging.so (not there)", e.Message, StringComparison.Ordinal);
        Assert.Contains(broken, e.Message, StringComparison.Ordinal);
        Assert.Contains("./eng/setup.sh", e.Message, StringComparison.Ordinal);
        Assert.Contains("./fovea doctor", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Load_AnotherLibrary_Refused()
    {
        // Any library without our exports stands for one of another version.
        var other = Directory.EnumerateFiles("/usr/lib", "libz.so.1*", SearchOption.AllDirectories).FirstOrDefault();
        if (other is null)
            Assert.Skip("no libz.so.1 on this system");
        Assert.Contains(other, Assert.Throws<DllNotFoundException>(() => NativeLibraryLoader.Load([other])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public unsafe void Status_OfAFailedCall_ThrowsTheNativeReason()
    {
        // OpenCV refuses a median of even size; the public method would not let it pass.
        var image = new Image(4, 4, 3);
        var e = Assert.Throws<ImagingException>(() =>
        {
            fixed (byte* p = image.Pixels)
                Native.MedianBlur(new PixelView(p, image), new PixelView(p, image), 4);
        });
        Assert.Contains("ksize", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void GaussianBlur_FromManyThreads_GivesTheSamePixels()
    {
        var image = Picture.Formula(257, 193, 3);
        var alone = image.GaussianBlur(8);
        Parallel.For(0, 200, new ParallelOptions { MaxDegreeOfParallelism = 8 }, _ => Assert.True(alone.HasSamePixels(image.GaussianBlur(8))));
    }

    [Fact]
    public void Operations_FromManyThreads_GiveTheSamePixels()
    {
        var (image, expected) = (Picture.Formula(120, 90, 3), Picture.Formula(120, 90, 3).Clahe(2, 4));
        Parallel.For(0, 64, _ =>
        {
            Assert.True(expected.HasSamePixels(image.Clahe(2, 4)));
            Assert.Throws<UnreadableImageException>(() => ImageCodec.Decode(Picture.Bytes("baseline.jpg").AsSpan(0, 900), "x"));
            Assert.Equal(53, ImageCodec.Decode(Picture.Bytes("baseline.jpg"), "x").Width);
        });
    }
}
