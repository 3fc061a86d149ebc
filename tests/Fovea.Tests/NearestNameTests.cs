namespace Fovea.Tests;

public sealed class NearestNameTests
{
    private static readonly string[] Verbs = ["train", "grade", "explain", "data"];

    [Theory]
    [InlineData("trian", "train")] // a swap of neighbours is one edit
    [InlineData("TRAIN", "train")]
    [InlineData("grad", "grade")]
    [InlineData("explian", "explain")]
    [InlineData("dta", "data")]
    public void Of_NearName_FindsIt(string typed, string expected) => Assert.Equal(expected, NearestName.Of(typed, Verbs));

    [Theory]
    [InlineData("zzzzzz")]
    [InlineData("")]
    [InlineData("g")] // four edits from "grade": a guess would be noise
    public void Of_FarName_GuessesNothing(string typed) => Assert.Null(NearestName.Of(typed, Verbs));

    [Fact]
    public void Of_SeveralAtTheSameDistance_TakesTheFirst() => Assert.Equal("cat", NearestName.Of("bat", ["cat", "hat"]));

    [Fact]
    public void Of_VeryLongInput_ReturnsWithoutComparing() => Assert.Null(NearestName.Of(new string('x', 1_000_000), Verbs));
}
