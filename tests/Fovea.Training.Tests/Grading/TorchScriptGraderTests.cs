using System.Text.Json;
using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Torch.Files;
using Fovea.Training.Grading;

namespace Fovea.Training.Tests.Grading;

public class TorchScriptGraderTests
{
    private static readonly string[] Five = ["none", "mild", "moderate", "severe", "proliferative"];
    private static readonly PreprocessingSpec Small = new() { Chain = "plain", Size = 32 };

    [Theory]
    [InlineData("classifier.pt")]
    [InlineData("traced.pt")]
    public void Call_OnTwoImages_EqualsPyTorch(string file)
    {
        var expected = JsonDocument.Parse(File.ReadAllBytes(Fixture("logits.json"))).RootElement.GetProperty("logits").EnumerateArray().Select(v => v.GetDouble()).ToArray();
        using var program = TorchScriptProgram.Load(Fixture(file));
        using var scope = new TensorScope();
        var x = Tensor.From<float>([.. Enumerable.Range(0, 2 * 3 * 32 * 32).Select(i => (float)((i % 17) / 17.0 - 0.5))], 2, 3, 32, 32);
        var actual = program.Call(x).ToArray<float>();
        Assert.Equal(expected.Length, actual.Length);
        for (var i = 0; i < actual.Length; i++) Assert.Equal(expected[i], actual[i], 1e-6);
    }

    [Fact]
    public void Call_FromManyThreads_GivesTheSameBits()
    {
        using var program = TorchScriptProgram.Load(Fixture("classifier.pt"));
        float[] Run(int seed)
        {
            using var scope = new TensorScope();
            return program.Call(Tensor.From<float>([.. Enumerable.Range(0, 3 * 32 * 32).Select(i => (float)Math.Sin(seed + i))], 1, 3, 32, 32)).ToArray<float>();
        }
        float[][] serial = [.. Enumerable.Range(0, 40).Select(Run)];
        var concurrent = new float[40][];
        Parallel.For(0, 40, new ParallelOptions { MaxDegreeOfParallelism = 8 }, i => concurrent[i] = Run(i));
        Assert.Equal(serial, concurrent);
    }

    [Fact]
    public void Grade_Photograph_DecodesWhatTheProgramSays()
    {
        using var grader = TorchScriptGrader.Load(Fixture("classifier.pt"), Small, new HeadSpec(HeadKind.Softmax, 5), Five);
        var image = new Image(40, 40, 3, [.. Enumerable.Range(0, 40 * 40 * 3).Select(i => (byte)(i * 31))]);
        var result = grader.Grade(new FundusImage(image, "a.png"));
        Assert.Equal(1, result.Prediction.Probabilities.Sum(), 1e-9);
        Assert.Equal(result.Prediction.Probabilities.Max(), result.Prediction.Probabilities[result.Prediction.Grade]);
        Assert.Equal(64, grader.Sha256.Length);
    }

    [Fact]
    public void Load_WrongInputSize_SaysWhatWentIn()
    {
        var e = Assert.Throws<WeightsFormatException>(() => Load("classifier.pt", Small with { Size = 64 }));
        Assert.Contains("the program failed on an input of [1, 3, 64, 64]", e.Message, StringComparison.Ordinal);
        Assert.Contains("mat1 and mat2 shapes cannot be multiplied", e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
    }

    [Fact]
    public void Load_WrongNumberOfOutputs_SaysHowMany()
    {
        var e = Assert.Throws<WeightsFormatException>(() => Load("classifier.pt", Small, classes: 4));
        Assert.Contains("for one image the program gives [1, 5], not [1, 4]", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Load_ProgramOfTwoTensors_IsRefused()
    {
        var e = Assert.Throws<WeightsFormatException>(() => Load("pair.pt", Small));
        Assert.Contains("its forward gives a Tuple, not a tensor", e.Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("state_dict.pth", "a state dict has weights and no program")]
    [InlineData("logits.json", "not a TorchScript program")]
    [InlineData("missing.pt", "no such file")]
    public void Load_NotAProgram_SaysWhatItIs(string file, string reason) =>
        Assert.Contains(reason, Assert.Throws<WeightsFormatException>(() => Load(file, Small)).Message, StringComparison.Ordinal);

    [Fact]
    public void Load_DamagedAnywhere_IsRefusedOrSound()
    {
        using var folder = new TestFolder();
        var whole = File.ReadAllBytes(Fixture("classifier.pt"));
        var random = new Random(1);
        for (var i = 0; i < 60; i++)
        {
            var bytes = i % 2 == 0 ? whole[..random.Next(whole.Length)] : (byte[])whole.Clone();
            if (i % 2 == 1) bytes[random.Next(bytes.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(folder["d.pt"], bytes);
            // A flipped bit in the padding between entries changes nothing.
            try
            {
                TorchScriptProgram.Load(folder["d.pt"]).Dispose();
            }
            catch (WeightsFormatException e)
            {
                Assert.DoesNotContain('\n', e.Message);
            }
        }
    }

    [Fact]
    public void Load_LargerThanAllowed_IsRefused() =>
        Assert.Contains("1000 are allowed", Assert.Throws<WeightsFormatException>(() => TorchScriptProgram.Load(Fixture("classifier.pt"), maxBytes: 1000)).Message, StringComparison.Ordinal);

    private static TorchScriptGrader Load(string file, PreprocessingSpec preprocessing, int classes = 5) =>
        TorchScriptGrader.Load(Fixture(file), preprocessing, new HeadSpec(HeadKind.Softmax, classes), Five[..classes]);

    private static string Fixture(string name) => TestFolder.Fixture("torchscript", name);
}
