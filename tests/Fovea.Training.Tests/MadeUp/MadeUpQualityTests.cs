using Fovea.Acquisition;
using Fovea.Quality;
using Fovea.Training.MadeUp;

namespace Fovea.Training.Tests.MadeUp;

/// <summary>The quality check against faults whose truth is known.</summary>
public sealed class MadeUpQualityTests
{
    [Fact]
    public void Assess_NoFault_IsGradableInEveryFraming()
    {
        for (ulong seed = 0; seed < 8; seed++) Assert.Empty(Reasons(seed, CameraFault.None, 0));
    }

    [Theory]
    [InlineData(CameraFault.Dark, QualityReason.TooDark)]
    [InlineData(CameraFault.Overexposed, QualityReason.Overexposed)]
    [InlineData(CameraFault.Blur, QualityReason.Blurred)]
    [InlineData(CameraFault.BlueCast, QualityReason.ColourCast)]
    [InlineData(CameraFault.PinkCast, QualityReason.ColourCast)]
    [InlineData(CameraFault.GreenCast, QualityReason.ColourCast)]
    public void Assess_StrongFault_IsUngradableForThatReason(CameraFault fault, QualityReason reason)
    {
        for (ulong seed = 0; seed < 8; seed++) Assert.Equal([reason], Reasons(seed, fault, 1));
    }

    [Theory]
    [InlineData(CameraFault.Dark)]
    [InlineData(CameraFault.Blur)]
    [InlineData(CameraFault.BlueCast)]
    [InlineData(CameraFault.PinkCast)]
    [InlineData(CameraFault.GreenCast)]
    public void Assess_SlightFault_IsGradable(CameraFault fault)
    {
        for (ulong seed = 0; seed < 4; seed++) Assert.Empty(Reasons(seed, fault, 0.1));
    }

    private static QualityReason[] Reasons(ulong seed, CameraFault fault, double strength)
    {
        var spec = new MadeUpRetinaSpec(seed, (int)(seed % 5), 300) { Fault = fault, FaultStrength = strength, Framing = (Framing)(seed % 4) };
        return [.. QualityAssessor.Assess(new FundusImage(RetinaPainter.Paint(spec).Image, "made up")).Problems.Select(problem => problem.Reason)];
    }
}
