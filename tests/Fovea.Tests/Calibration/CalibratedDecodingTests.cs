using Fovea.Calibration;
using Fovea.Models;

namespace Fovea.Tests.Calibration;

public sealed class CalibratedDecodingTests
{
    // Grades .5 .3 .2: P(≥1) = .5, P(≥2) = .2. The first map halves, the second is 0.1 everywhere: .25 and .1, so .75 .15 .1.
    [Fact]
    public void Isotonic_Ordered_MapsTheTails()
    {
        var spec = new IsotonicSpec(true, [new IsotonicMap([0, 1], [0, .5]), new IsotonicMap([0, 1], [.1, .1])]);
        AssertClose([.75, .15, .1], spec.Apply([.5, .3, .2]));
    }

    // Mapped P(≥1) = .1 below mapped P(≥2) = .4: a contradiction, and the higher grade wins, as in decoding.
    [Fact]
    public void Isotonic_TailsThatContradict_HighGradeWins()
    {
        var spec = new IsotonicSpec(true, [new IsotonicMap([0, 1], [.1, .1]), new IsotonicMap([0, 1], [.4, .4])]);
        AssertClose([.6, 0, .4], spec.Apply([.5, .3, .2]));
    }

    // Each class halved but the last: .25 .15 .2 divided by .6.
    [Fact]
    public void Isotonic_Classes_AreDividedByTheirSum()
    {
        var half = new IsotonicMap([0, 1], [0, .5]);
        AssertClose([.25 / .6, .15 / .6, .2 / .6], new IsotonicSpec(false, [half, half, new IsotonicMap([0, 1], [0, 1])]).Apply([.5, .3, .2]));
        var zero = new IsotonicMap([0, 1], [0, 0]);
        AssertClose([1 / 3.0, 1 / 3.0, 1 / 3.0], new IsotonicSpec(false, [zero, zero, zero]).Apply([.5, .3, .2]));
    }

    [Fact]
    public void Decode_WithIsotonic_MovesProbabilitiesAndNotTheGrade()
    {
        var head = new HeadSpec(HeadKind.Softmax, 3);
        var flat = new IsotonicMap([0, 1], [.2, .2]);
        float[] logits = [0, 2, 1];
        var plain = new GradeDecoder(head).Decode(logits)[0];
        var mapped = new GradeDecoder(head, new DecodingSpec { Isotonic = new IsotonicSpec(true, [flat, flat]) }).Decode(logits)[0];
        Assert.Equal((1, 1), (plain.Grade, mapped.Grade));
        AssertClose([.8, 0, .2], mapped.Probabilities);
        Assert.Equal(.4, mapped.Score, 12);
        Assert.Null(plain.Set);
    }

    // From grade 2 (.4), neighbours 1 (.25) and 3 (.2): mass .4, .65, .85, then 0 (.1) .95 before 4 (.05) 1.
    [Theory]
    [InlineData(.3, new[] { 2 })]
    [InlineData(.4, new[] { 2 })]
    [InlineData(.7, new[] { 1, 2 })]
    [InlineData(.85, new[] { 1, 2, 3 })]
    [InlineData(.96, new[] { 0, 1, 2, 3 })]
    [InlineData(1, new[] { 0, 1, 2, 3, 4 })]
    public void SetOf_Contiguous_GrowsToTheLikelierNeighbour(double limit, int[] expected) =>
        Assert.Equal(expected, new ConformalSpec(.9, limit, true).SetOf([.1, .25, .4, .2, .05]));

    // By falling probability 0 (.5), 4 (.3), … : a hole, as classes without order have.
    [Fact]
    public void SetOf_Classes_ByFallingProbability()
    {
        double[] p = [.5, .05, .05, .1, .3];
        Assert.Equal([0, 4], new ConformalSpec(.9, .85, false).SetOf(p));
        Assert.Equal([0, 1], new ConformalSpec(.9, .56, true).SetOf(p));
        Assert.Equal(.9, ConformalSpec.MassAt(p, 3, false), 12);
    }

    // Of equally probable neighbours the higher: under-grading is the harmful error.
    [Fact]
    public void SetOf_EqualNeighbours_TheHigherFirst() => Assert.Equal([1, 2], new ConformalSpec(.9, .8, true).SetOf([.2, .6, .2]));

    [Fact]
    public void Problem_ImpossibleCalibration_IsNamed()
    {
        var falls = new IsotonicMap([0, 1], [.5, .4]);
        Assert.Contains("must rise", new DecodingSpec { Isotonic = new IsotonicSpec(true, [falls, falls]) }.Problem(3), StringComparison.Ordinal);
        Assert.Contains("2 isotonic maps for 5 classes", new DecodingSpec { Isotonic = new IsotonicSpec(true, [falls, falls]) }.Problem(5), StringComparison.Ordinal);
        Assert.Contains("no probability", new DecodingSpec { ReferableFrom = 1, Isotonic = new IsotonicSpec(true, [new IsotonicMap([0, 1], [0, 2])]) }.Problem(2), StringComparison.Ordinal);
        Assert.Contains("coverage of 1", new DecodingSpec { Conformal = new ConformalSpec(1, .5, true) }.Problem(5), StringComparison.Ordinal);
        Assert.Contains("limit", new DecodingSpec { Conformal = new ConformalSpec(.9, double.NaN, true) }.Problem(5), StringComparison.Ordinal);
    }

    private static void AssertClose(double[] expected, IReadOnlyList<double> actual)
    {
        Assert.Equal(expected.Length, actual.Count);
        for (var k = 0; k < expected.Length; k++) Assert.Equal(expected[k], actual[k], 12);
    }
}
