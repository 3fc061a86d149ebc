namespace Fovea.Imaging.Tests;

public sealed class AffineTransformTests
{
    [Fact]
    public void Apply_ByHand_GivesTheSums() => Assert.Equal((2 + 6 + 5, 8 + 15 + 6), new AffineTransform(1, 2, 5, 4, 5, 6).Apply(2, 3));

    [Fact]
    public void Then_TwoTransforms_IsOneAfterTheOther()
    {
        var (first, second) = (new AffineTransform(0.9, -0.4, 40, 0.35, 1.1, -12), AffineTransform.Rotation(33, 5, 7));
        var (x, y) = first.Apply(3, 4);
        AssertClose(second.Apply(x, y), first.Then(second).Apply(3, 4));
        AssertClose(second.Apply(x, y), AffineTransform.Compose(second, first).Apply(3, 4));
    }

    [Fact]
    public void Invert_OfATransform_LeadsBack()
    {
        var t = new AffineTransform(0.9, -0.4, 40, 0.35, 1.1, -12);
        var (x, y) = t.Apply(123, -45);
        AssertClose((123, -45), t.Invert().Apply(x, y));
        Assert.Throws<InvalidOperationException>(() => new AffineTransform(1, 2, 0, 2, 4, 0).Invert());
    }

    [Fact]
    public void Rotation_QuarterTurn_TakesUpToRight() => AssertClose((6, 5), AffineTransform.Rotation(90, 5, 5).Apply(5, 4));

    [Fact]
    public void ForResize_ToHalf_KeepsTheOuterEdges()
    {
        // Four pixels from -0.5 to 3.5 become two from -0.5 to 1.5.
        var t = AffineTransform.ForResize(4, 4, 2, 2);
        AssertClose((-0.5, 1.5), t.Apply(-0.5, 3.5));
    }

    [Fact]
    public void ForResize_AsAWarp_GivesWhatResizeGives()
    {
        // Enlarging by 2 lands on quarters of a pixel, which warpAffine's 1/32 steps hold exactly; only rounding differs.
        var image = Picture.Formula(40, 30, 3);
        var warped = image.WarpAffine(AffineTransform.ForResize(40, 30, 80, 60), 80, 60, Interpolation.Linear, Border.Replicate);
        Assert.True(image.Resize(80, 60).Pixels.Zip(warped.Pixels, (a, b) => Math.Abs(a - b)).Max() <= 1);
    }

    private static void AssertClose((double X, double Y) expected, (double X, double Y) actual)
    {
        Assert.Equal(expected.X, actual.X, 1e-9);
        Assert.Equal(expected.Y, actual.Y, 1e-9);
    }
}
