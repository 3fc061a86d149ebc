namespace Fovea.Training.Tests.Data.Lesions;

public sealed class LesionKindsTests
{
    [Fact]
    public void Named_EveryKindsName_IsThatKind() => Assert.All(Enum.GetValues<LesionKind>(), kind => Assert.Equal(kind, LesionKinds.Named(kind.Name())));

    [Theory]
    [InlineData(" Hard Exudates ", LesionKind.HardExudate)]
    [InlineData("vitreous-hemorrhage", LesionKind.VitreousHaemorrhage)]
    [InlineData("se", LesionKind.SoftExudate)]
    [InlineData("cotton wool spot", LesionKind.SoftExudate)]
    [InlineData("optic disc", null)]
    [InlineData("", null)]
    public void Named_AsOthersWrite_IsUnderstood(string name, LesionKind? kind) => Assert.Equal(kind, LesionKinds.Named(name));
}
