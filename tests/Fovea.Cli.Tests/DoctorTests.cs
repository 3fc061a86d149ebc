using System.Text.Json;
using Fovea.Cli.Doctor;

namespace Fovea.Cli.Tests;

public sealed class DoctorTests
{
    [Fact]
    public void Doctor_WhereEverythingIsBuilt_IsOkAndNamesTheVersions()
    {
        var result = FoveaProcess.Run("doctor", "--json");
        var report = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(0, result.ExitCode);
        Assert.True(report.GetProperty("ok").GetBoolean());
        Assert.StartsWith("10.", report.GetProperty("dotNet").GetString());
        Assert.All(report.GetProperty("libraries").EnumerateArray(), library => Assert.Matches(@"^\d+\.\d+", library.GetProperty("version").GetString()));
        Assert.Equal(2, report.GetProperty("libraries").GetArrayLength());
        var groups = report.GetProperty("processGroups");
        Assert.True(groups.GetProperty("works").GetBoolean(), groups.GetProperty("problem").GetString());
    }

    [Fact]
    public void Doctor_ForPeople_ClosesWithTheVerdict() => Assert.Contains("Everything that Fovea needs is here.", FoveaProcess.Run("doctor").Output);

    [Fact]
    public void Parse_X86_ReadsTheFlagsOfTheFirstCore()
    {
        const string Text = "processor\t: 0\nmodel name\t: AMD EPYC\nflags\t\t: fpu avx avx2 avx512f avx512bw avx512vl avx512_bf16\n";
        Assert.Equal(new Processor("AMD EPYC", 2, Avx2: true, Avx512: true, Bfloat16: true), Processor.Parse(Text, 2));
    }

    [Fact]
    public void Parse_X86WithoutVectorLength_IsNotAvx512() => Assert.False(Processor.Parse("flags : avx2 avx512f", 1).Avx512);

    [Fact]
    public void Parse_Arm_ReadsFeatures()
    {
        var processor = Processor.Parse("processor : 0\nFeatures : fp asimd bf16\n", 4);
        Assert.True(processor.Bfloat16);
        Assert.False(processor.Avx2);
    }

    [Fact]
    public void Parse_Nothing_ClaimsNothing()
    {
        var processor = Processor.Parse("", 8);
        Assert.False(processor.Avx2 || processor.Avx512 || processor.Bfloat16);
        Assert.NotEmpty(processor.Model);
    }
}
