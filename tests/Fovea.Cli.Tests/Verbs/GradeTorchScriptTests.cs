using System.Text.Json;
using Fovea.Imaging;

namespace Fovea.Cli.Tests.Verbs;

/// <summary>grade --torchscript through the real process.</summary>
public sealed class GradeTorchScriptTests : IDisposable
{
    private static readonly string Program = Path.Combine(Repository.Root, "oracle", "fixtures", "torchscript", "classifier.pt");
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-").FullName;
    private readonly string _photograph;

    public GradeTorchScriptTests()
    {
        _photograph = Path.Combine(_folder, "a.png");
        ImageFile.Write(_photograph, new Image(64, 48, 3, [.. Enumerable.Range(0, 64 * 48 * 3).Select(i => (byte)(i * 31))]));
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public void Grade_OwnProgram_GivesGradeAndProbabilities()
    {
        File.WriteAllText(Path.Combine(_folder, "p.json"), "{ \"chain\": \"plain\", \"size\": 32 }");
        var one = Grade("--torchscript", Program, "--preprocessing", Path.Combine(_folder, "p.json"), "--classes", "none,mild,moderate,severe,proliferative");
        Assert.True(one.ExitCode == 0, one.Error);
        var two = Grade("--torchscript", Program, "--preprocessing", "plain@32", "--classes", "5");
        Assert.True(two.ExitCode == 0, two.Error);
        var (named, numbered) = (JsonDocument.Parse(one.Output).RootElement, JsonDocument.Parse(two.Output).RootElement);
        Assert.Equal("classifier.pt", named.GetProperty("model").GetString());
        Assert.Equal(5, named.GetProperty("probabilities").GetArrayLength());
        Assert.Equal(named.GetProperty("probabilities").GetRawText(), numbered.GetProperty("probabilities").GetRawText());
        Assert.Equal(named.GetProperty("grade").GetInt32().ToString(System.Globalization.CultureInfo.InvariantCulture), numbered.GetProperty("gradeName").GetString());
    }

    [Theory]
    [InlineData(5, "the program failed on an input of [1, 3, 64, 64]", "--preprocessing", "plain@64", "--classes", "5")]
    [InlineData(5, "for one image the program gives [1, 5], not [1, 4]", "--preprocessing", "plain@32", "--classes", "4")]
    [InlineData(5, "not [1, 4]", "--preprocessing", "plain@32", "--classes", "5", "--head", "ordinal")]
    [InlineData(2, "Add --preprocessing", "--classes", "5")]
    [InlineData(2, "Add --classes", "--preprocessing", "plain@32")]
    [InlineData(2, "did you mean 'plain'", "--preprocessing", "plane", "--classes", "5")]
    [InlineData(2, "no size after the @", "--preprocessing", "plain@x", "--classes", "5")]
    [InlineData(2, "not a number of grades", "--preprocessing", "plain@32", "--classes", "a,,b")]
    [InlineData(2, "no layers to look at", "--preprocessing", "plain@32", "--classes", "5", "--heatmap", "h")]
    [InlineData(2, "Give one of them", "--preprocessing", "plain@32", "--classes", "5", "--model", "m.fovea")]
    public void Grade_WrongDeclaration_SaysWhat(int code, string reason, params string[] options) =>
        Grade(["--torchscript", Program, .. options]).AssertFailed(code, reason);

    [Fact]
    public void Grade_StateDict_IsNoProgram() =>
        Grade("--torchscript", Path.Combine(Path.GetDirectoryName(Program)!, "state_dict.pth"), "--preprocessing", "plain@32", "--classes", "5").AssertFailed(5, "a state dict has weights and no program");

    [Fact]
    public void Help_SaysThatTheFilesCodeRuns() => Assert.Contains("RUNS THE CODE", FoveaProcess.Run("grade", "--help").Output, StringComparison.Ordinal);

    private FoveaResult Grade(params string[] options) => FoveaProcess.Run(TimeSpan.FromMinutes(2), _folder, ["grade", _photograph, "--force", "--json", .. options]);
}
