using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Preprocessing;

namespace Fovea.Tests.Preprocessing;

/// <summary>Against the reference systems' own procedures, run by OpenCV in oracle/preprocessing.py. Bit for bit: all steps are 8-bit and fixed-point.</summary>
public sealed class PreprocessorParityTests
{
    public static TheoryData<string, PreprocessingKind, int, double> Cases()
    {
        var cases = new TheoryData<string, PreprocessingKind, int, double>();
        foreach (var name in (string[])["round", "cut", "stamped", "edge", "dark"])
        {
            foreach (var kind in (PreprocessingKind[])[PreprocessingKind.BenGraham, PreprocessingKind.BenGrahamTight])
            {
                cases.Add(name, kind, 64, 14);
                cases.Add(name, kind, 96, 2.5);
            }
        }
        return cases;
    }

    [Theory]
    [MemberData(nameof(Cases))]
    public void Prepare_ReferenceProcedure_SameBytes(string name, PreprocessingKind kind, int size, double sigma)
    {
        var photograph = FundusImage.Read(Fixture($"{name}.png"));
        var before = photograph.Pixels.Clone();
        var expected = ImageFile.Read(Fixture($"{name}.{kind}-{size}-{sigma}.png"));
        var actual = Preprocessor.Prepare(photograph, new PreprocessingSpec { Kind = kind, Size = size, Sigma = sigma }).Pixels;
        Assert.True(expected.HasSamePixels(actual), $"{expected.Pixels.Zip(actual.Pixels).Count(p => p.First != p.Second)} bytes differ");
        Assert.True(before.HasSamePixels(photograph.Pixels), "the photograph itself was changed");
    }

    private static string Fixture(string name)
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Fovea.slnx"))) folder = Path.GetDirectoryName(folder) ?? throw new DirectoryNotFoundException("Fovea.slnx above the tests");
        return Path.Combine(folder, "oracle", "fixtures", "preprocessing", name);
    }
}
