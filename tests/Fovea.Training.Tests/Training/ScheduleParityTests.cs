using System.Text.Json;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Tests.Training;

/// <summary>Against PyTorch's schedulers and Keras's ReduceLROnPlateau, oracle/schedules.py.</summary>
public sealed class ScheduleParityTests
{
    private static readonly JsonElement Fixture = JsonDocument.Parse(File.ReadAllText(TestFolder.Fixture("schedules.json"))).RootElement;

    public static TheoryData<string> Cases() => [.. Fixture.GetProperty("cases").EnumerateArray().Select(c => c.GetProperty("name").GetString()!)];

    [Theory]
    [MemberData(nameof(Cases))]
    public void Factor_EveryStep_IsThatOfPyTorch(string name)
    {
        var c = Fixture.GetProperty("cases").EnumerateArray().Single(c => c.GetProperty("name").GetString() == name);
        var recipe = RecipeFile.Parse($$"""{ "schedule": {{c.GetProperty("schedule").GetRawText()}} }""", name).Schedule;
        var schedule = new LearningRateSchedule(recipe, Fixture.GetProperty("epochs").GetInt32(), Fixture.GetProperty("stepsPerEpoch").GetInt32());
        var step = 0;
        foreach (var factor in c.GetProperty("factors").EnumerateArray())
        {
            // Null where the formula leaves the warm-up open. PyTorch's recursions lose some digits of a double.
            if (factor.ValueKind != JsonValueKind.Null) Assert.Equal(factor.GetDouble(), schedule.Factor(step), 1e-9);
            step++;
        }
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Factor_Plateau_FallsWhereKerasAndPyTorchFall(int patience)
    {
        var recipe = new ScheduleRecipe { Kind = ScheduleKind.Plateau, StepFactor = 0.5, Patience = patience, MinDelta = 0.01, FinalFactor = 0.1 };
        var schedule = new LearningRateSchedule(recipe, 100, 5);
        var history = new List<EpochMetrics>();
        var expected = Fixture.GetProperty("plateaus").EnumerateArray().Single(p => p.GetProperty("patience").GetInt32() == patience).GetProperty("factors").EnumerateArray().Select(v => v.GetDouble()).ToArray();
        foreach (var (loss, factor) in Fixture.GetProperty("losses").EnumerateArray().Select(v => v.GetDouble()).Zip(expected))
        {
            history.Add(new EpochMetrics(history.Count + 1, 1, 1, loss, null, null, null, 0));
            Assert.Equal(factor, schedule.Factor(history.Count * 5, history), 1e-12);
        }
        Assert.Contains(expected, f => f < 0.2); // it does reach its floor
    }

    [Fact]
    public void Factor_PlateauOfAKappa_RisesAreBetter()
    {
        var recipe = new ScheduleRecipe { Kind = ScheduleKind.Plateau, StepFactor = 0.1, Patience = 2, Watch = Selection.BestKappa, MinDelta = 0 };
        // Epochs without an evaluation do not count: 0.5, –, 0.6, 0.6, –, 0.6 has waited twice at the end.
        double?[] kappas = [0.5, null, 0.6, 0.6, null, 0.6];
        var history = kappas.Select((k, i) => new EpochMetrics(i + 1, 1, 1, null, k, null, null, 0)).ToArray();
        Assert.Equal(1, new LearningRateSchedule(recipe, 10, 1).Factor(5, history[..5]));
        Assert.Equal(0.1, new LearningRateSchedule(recipe, 10, 1).Factor(6, history), 12);
    }

    /// <summary>The multi-task replication gave its schedule the steps of one stage and lost its rate for good; here 2 + 3 + 5 epochs share one curve.</summary>
    [Fact]
    public void Factor_SpanningStages_IsOneCurveOverAll()
    {
        var recipe = new ScheduleRecipe { Kind = ScheduleKind.Cosine, WarmupEpochs = 1, HoldEpochs = 1, SpansStages = true };
        var whole = new LearningRateSchedule(recipe, 10, 4);
        var (before, expected) = (0, 0L);
        foreach (var epochs in (int[])[2, 3, 5])
        {
            var stage = new LearningRateSchedule(recipe, epochs, 4, before, 40);
            for (var step = 0; step < epochs * 4; step++) Assert.Equal(whole.Factor(expected++), stage.Factor(step), 12);
            before += epochs * 4;
        }
        Assert.InRange(whole.Factor(39), 0.001, 0.05);
    }
}
