namespace Fovea.Cli.Tests.BadInput;

/// <summary>Pictures that cannot be graded or explained.</summary>
public sealed class BadImageTests(BadInputs files) : IClassFixture<BadInputs>
{
    public static TheoryData<string, int, string, string> Images => new()
    {
        { "empty.jpg", 3, "the file is empty", "Give a JPEG" },
        { "truncated.jpg", 3, "JPEG", "copy the picture again" },
        { "notes.png", 3, "it is text", "Give a JPEG" },
        { "one.png", 4, "too small", "full size" },
        { "huge.png", 3, "30000x30000 pixels", "Scale it down" },
        { "grey16.tif", 3, "16 bits", "8-bit RGB" },
        { "cmyk.jpg", 3, "CMYK", "8-bit RGB" },
        { "missing.jpg", 3, "no such file", "Check the path" },
    };

    [Theory]
    [MemberData(nameof(Images))]
    public void Grade_BadImage_IsOneLineAndLeavesNothing(string name, int code, string reason, string remedy) =>
        files.Refused(code, ["grade", Make(name), "--model", files.Model, "--heatmap", "maps", "--json"], name, reason, remedy);

    [Theory]
    [MemberData(nameof(Images))]
    public void Explain_BadImage_IsOneLineAndLeavesNothing(string name, int code, string reason, string remedy) =>
        files.Refused(code, ["explain", Make(name), "--model", files.Model, "--out", "pictures"], name, reason, remedy);

    [Fact]
    public void Grade_FolderWithoutImages_IsOneLineAndLeavesNothing()
    {
        files.Text("papers/notes.txt", "no picture");
        files.Refused(3, ["grade", files.At("papers"), "--model", files.Model, "--heatmap", "maps"], "papers", "holds no image", "Name a folder with");
    }

    [Fact]
    public void Explain_FolderWithoutImages_IsOneLineAndLeavesNothing() =>
        files.Refused(3, ["explain", Directory.CreateDirectory(files.At("nothing")).FullName, "--model", files.Model, "--out", "pictures"], "the folder holds no image", "Name a folder with");

    private string Make(string name)
    {
        switch (name)
        {
            case "empty.jpg": return files.Bytes(name);
            case "truncated.jpg":
                var whole = File.ReadAllBytes(BadInputs.Fixture("imaging", "baseline.jpg"));
                return files.Bytes(name, whole[..(whole.Length / 2)]);
            case "notes.png": return files.Text(name, "patient,grade\n1,2\n");
            case "one.png": return files.Png(name, 1, 1, 200, 80, 40);
            case "huge.png": return files.Png(name, 30_000, 30_000);
            case "missing.jpg": return files.At(name);
            default: return files.Bytes(name, File.ReadAllBytes(BadInputs.Fixture("imaging", name)));
        }
    }
}
