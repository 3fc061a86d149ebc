using System.Text.Json;
using Fovea.Models;
using Fovea.Torch;
using Fovea.Training.Losses;
using Fovea.Training.Recipes;

namespace Fovea.Training.Tests.Losses;

/// <summary>Against PyTorch's functions and the published formulas in double precision, oracle/losses.py.</summary>
public sealed class GradeLossParityTests
{
    private static readonly JsonElement Fixture = JsonDocument.Parse(File.ReadAllText(TestFolder.Fixture("losses.json"))).RootElement;

    public static TheoryData<string> Cases() => [.. Fixture.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("name").GetString()!)];

    // Ours computes in float32: seven digits of a value of about one.
    private const double Tolerance = 2e-6;

    [Theory]
    [MemberData(nameof(Cases))]
    public void Call_AsPyTorch_GivesItsValueAndGradient(string name)
    {
        using var scope = new TensorScope();
        var (loss, logits, grades, expected) = Read(name);
        var value = loss.Call(logits, new GradeTargets(grades));
        value.Backward();
        Assert.Equal(expected.GetProperty("value").GetDouble(), value.Item(), Tolerance);
        Assert.All(Floats(expected, "gradient").Zip(logits.Grad!.ToArray<float>()), pair => Assert.Equal(pair.First, pair.Second, Tolerance));
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Call_PartsOfABatch_AddUpToTheWhole(string name)
    {
        if (name.Contains("kappa", StringComparison.Ordinal)) return; // a kappa belongs to the whole batch; recipes with micro-batches refuse it
        using var scope = new TensorScope();
        var (loss, logits, grades, expected) = Read(name);
        var targets = new GradeTargets(grades);
        var total = loss.Total(targets);
        double Part(int start, int count) => loss.Call(logits.Narrow(0, start, count), targets.Slice(start, count, 5), total).Item();
        Assert.Equal(expected.GetProperty("value").GetDouble(), Part(0, 3) + Part(3, 3) + Part(6, 1), Tolerance);
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Call_SoftLabelsThatAreWhole_AreTheGrades(string name)
    {
        using var scope = new TensorScope();
        var (loss, logits, grades, expected) = Read(name);
        var soft = new float[grades.Length * 5];
        for (var i = 0; i < grades.Length; i++) soft[i * 5 + grades[i]] = 1;
        Assert.Equal(expected.GetProperty("value").GetDouble(), loss.Call(logits, new GradeTargets(new long[grades.Length]) { Soft = soft }).Item(), Tolerance);
    }

    private static (GradeLoss Loss, Tensor Logits, long[] Grades, JsonElement Case) Read(string name)
    {
        var c = Fixture.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        var head = new HeadSpec(Enum.Parse<HeadKind>(c.GetProperty("head").GetString()!, ignoreCase: true), 5)
        {
            AlwaysOnBit = c.GetProperty("alwaysOnBit").GetBoolean(),
            Pooling = PoolingKind.Average,
        };
        var recipe = RecipeFile.Parse($$"""{ "head": {{JsonSerializer.Serialize(head, RecipeFile.Options)}}, "loss": {{c.GetProperty("loss").GetRawText()}} }""", name).Loss
            with { ClassWeights = Enum.Parse<ClassWeighting>(c.GetProperty("classWeights").GetString()!, ignoreCase: true) };
        int[] counts = [.. Fixture.GetProperty("counts").EnumerateArray().Select(v => v.GetInt32())];
        long[] grades = [.. Fixture.GetProperty("grades").EnumerateArray().Select(v => v.GetInt64())];
        var logits = Tensor.From([.. Floats(c, "logits").Select(v => (float)v)], grades.Length, head.Outputs);
        logits.RequiresGrad = true;
        return (new GradeLoss(head, recipe, counts), logits, grades, c);
    }

    private static double[] Floats(JsonElement of, string name) => [.. of.GetProperty(name).EnumerateArray().Select(v => v.GetDouble())];

    [Fact]
    public void Call_NoiseOnTheTarget_MovesARegressionOnly()
    {
        using var scope = new TensorScope();
        var loss = new GradeLoss(new HeadSpec(HeadKind.Regression, 5), new LossRecipe { Kind = LossKind.MeanSquaredError }, [1, 1, 1, 1, 1]);
        // Targets 2.25 and 0.5 against 2 and 1: (0.0625 + 0.25) / 2
        Assert.Equal(0.15625, loss.Call(Tensor.From([2f, 1f], 2, 1), new GradeTargets([2, 1]) { Noise = [0.25f, -0.5f] }).Item(), 6);
    }

    [Fact]
    public void Call_SoftKappaOfRightAnswers_IsNothing()
    {
        using var scope = new TensorScope();
        var loss = new GradeLoss(new HeadSpec(HeadKind.Softmax, 3), new LossRecipe { KappaWeight = 1 }, [1, 1, 1]);
        var right = Tensor.From([50f, 0, 0, 0, 50, 0, 0, 0, 50], 3, 3);
        Assert.Equal(0, loss.Call(right, new GradeTargets([0, 1, 2])).Item(), 6);
        // All say grade 0: as good as chance, κ = 0.
        var same = Tensor.From([50f, 0, 0, 50, 0, 0, 50, 0, 0], 3, 3);
        var crossEntropy = 100.0 / 3; // two of three images cost 50
        Assert.Equal(1 + crossEntropy, loss.Call(same, new GradeTargets([0, 1, 2])).Item(), 4);
    }
}
