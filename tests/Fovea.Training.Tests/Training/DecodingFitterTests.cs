using Fovea.Calibration;
using Fovea.Models;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Tests.Training;

public sealed class DecodingFitterTests
{
    [Fact]
    public void Thresholds_ValuesSqueezedTogether_AreFoundBetweenTheGrades()
    {
        // A network that never dares: grade g says 1 + g/4. Rounding gives 1, 1, 2, 2, 2; thresholds between the values give every grade.
        int[] labels = [0, 1, 2, 3, 4, 4, 3, 2, 1, 0];
        var values = labels.Select(g => 1 + g / 4.0).ToArray();
        var thresholds = DecodingFitter.Thresholds(values, labels, 5);
        Assert.Equal(labels, values.Select(v => thresholds.Count(t => v >= t)));
        Assert.Null(new DecodingSpec { Thresholds = thresholds }.Problem(5));
    }

    [Fact]
    public void Fit_HeadWeights_FollowTheHeadThatIsRight()
    {
        // The regression tells the grade; the classes always say 0, the ordinal bits always say nothing.
        var head = new HeadSpec(HeadKind.ThreeHeads, 5) { Pooling = PoolingKind.Average };
        int[] labels = [.. Enumerable.Range(0, 400).Select(i => i % 5)];
        var logits = new float[labels.Length * head.Outputs];
        for (var i = 0; i < labels.Length; i++)
        {
            logits[i * head.Outputs] = labels[i];
            logits[i * head.Outputs + 1] = 9;
            for (var b = 0; b < 4; b++) logits[i * head.Outputs + 6 + b] = -20;
        }
        var decoding = DecodingFitter.Fit(head, DecodingFit.HeadWeights, logits, labels)!;
        Assert.Equal(1, decoding.HeadWeights![0], 0.01);
        Assert.Equal(0, decoding.HeadWeights[3], 0.02);
        Assert.Equal(labels, new GradeDecoder(head, decoding).Decode(logits).Select(p => p.Grade));
        // A third of each, unfitted, calls grade 4 a grade 1.
        Assert.Equal(1, new GradeDecoder(head).Decode(logits)[4].Grade);
        Assert.Null(DecodingFitter.Fit(head, DecodingFit.None, logits, labels));
    }
}
