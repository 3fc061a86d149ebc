using Fovea.Cli.Verbs;
using Fovea.Imaging;

namespace Fovea.Cli.Tests.Verbs;

public sealed class DataAugmentVerbTests : IDisposable
{
    private readonly string root = Directory.CreateTempSubdirectory("fovea-augment-").FullName;

    public void Dispose() => Directory.Delete(root, recursive: true);

    [Fact]
    public async Task Augment_MadeUpRetina_WritesTheSameSheetForTheSameSeed()
    {
        var (a, b, c) = (Path.Combine(root, "a.png"), Path.Combine(root, "b.png"), Path.Combine(root, "c.png"));
        Assert.Equal(0, await Run("--preset", "fundus-strong", "--out", a, "--cell", "48", "--count", "2", "--boxes"));
        Assert.Equal(0, await Run("--preset", "fundus-strong", "--out", b, "--cell", "48", "--count", "2", "--boxes"));
        Assert.Equal(0, await Run("--preset", "fundus-strong", "--out", c, "--cell", "48", "--count", "2", "--boxes", "--seed", "2"));
        Assert.Equal(6 * 54 + 6, ImageFile.Read(a).Width); // six columns of 48 and a gap of 6
        Assert.Equal(File.ReadAllBytes(a), File.ReadAllBytes(b));
        Assert.NotEqual(File.ReadAllBytes(a), File.ReadAllBytes(c));
    }

    [Fact]
    public async Task Augment_ImagesIntoAFolder_WritesASheetEach()
    {
        ImageFile.Write(Path.Combine(root, "one.png"), Image.Filled(60, 40, 3, Colour.Grey(90)));
        ImageFile.Write(Path.Combine(root, "two.png"), Image.Filled(50, 50, 3, Colour.Grey(150)));
        var recipe = Path.Combine(root, "recipe.json");
        File.WriteAllText(recipe, """{ "preprocessing": { "chain": "plain", "size": 32 }, "augmentation": { "rotation": 10 } }""");
        Assert.Equal(0, await Run(Path.Combine(root, "one.png"), Path.Combine(root, "two.png"), "--recipe", recipe, "--out", Path.Combine(root, "sheets"), "--cell", "40"));
        Assert.Equal(["01-one.png", "02-two.png"], Directory.GetFiles(Path.Combine(root, "sheets")).Select(Path.GetFileName).Order());
    }

    [Theory]
    [InlineData]
    [InlineData("--preset", "s1", "--recipe", "r.json")]
    [InlineData("--preset", "s9")]
    [InlineData("--preset", "s1", "--count", "101")]
    [InlineData("--preset", "s1", "--cell", "8")]
    [InlineData("photo.png", "--preset", "s1", "--boxes")]
    [InlineData("photo.png", "--preset", "s1", "--data", "csv:x.csv")]
    public async Task Augment_Contradictions_AreUsageErrorsAndWriteNothing(params string[] arguments)
    {
        Assert.Equal(ExitCodes.Usage, await Run([.. arguments, "--out", Path.Combine(root, "x.png")]));
        Assert.Empty(Directory.GetFileSystemEntries(root));
    }

    private static Task<int> Run(params string[] arguments) => new CommandLine([DataVerb.Create()]).RunAsync(["data", "augment", .. arguments]);
}
