using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Tests.Training;

public sealed class LearningRateScheduleTests
{
    [Fact]
    public void Factor_CosineWithWarmup_RisesThenFallsToTheFinalFactor()
    {
        // 2 epochs of 10 steps, half an epoch (5 steps) of warm-up: 1/6, 2/6 … 5/6, then cosine over 15 steps.
        var schedule = new LearningRateSchedule(new ScheduleRecipe { WarmupEpochs = 0.5, FinalFactor = 0.1 }, epochs: 2, stepsPerEpoch: 10);
        Assert.Equal(1.0 / 6, schedule.Factor(0), 12);
        Assert.Equal(5.0 / 6, schedule.Factor(4), 12);
        Assert.Equal(1, schedule.Factor(5), 12);
        Assert.Equal(0.1 + 0.9 * 0.5 * (1 + Math.Cos(Math.PI * 7.5 / 15)), (schedule.Factor(12) + schedule.Factor(13)) / 2, 3);
        Assert.Equal(0.1, schedule.Factor(20), 12);
    }

    [Fact]
    public void Factor_Step_MultipliesAtEachEpochNamed()
    {
        var schedule = new LearningRateSchedule(new ScheduleRecipe { Kind = ScheduleKind.Step, StepEpochs = [1, 3], StepFactor = 0.5 }, epochs: 4, stepsPerEpoch: 2);
        Assert.Equal([1, 1, 0.5, 0.5, 0.5, 0.5, 0.25, 0.25], Enumerable.Range(0, 8).Select(s => schedule.Factor(s)));
    }
}
