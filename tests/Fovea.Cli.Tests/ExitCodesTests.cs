using Fovea.Imaging;
using Fovea.Models;
using Fovea.Quality;
using Fovea.Torch;
using Fovea.Torch.Files;
using Fovea.Training.Data;
using Fovea.Training.Recipes;
using Fovea.Training.Training;
using Fovea.Training.Weights;

namespace Fovea.Cli.Tests;

public sealed class ExitCodesTests
{
    public static TheoryData<Exception, int> Known => new()
    {
        { new OperationCanceledException(), 130 },
        { new UsageException("--folds 1: too few. Give 2 or more."), 2 },
        { new UnknownModelException("resnet81", "resnet18"), 2 },
        { new UnreadableImageException("photo.jpg", "not an image", "Give a JPEG."), 3 },
        { new UnwritableImageException("photo.jpg", "no space", "Free some."), 3 },
        { new ArrayFormatException("x.npy", "not an array", "Give float32."), 3 },
        { new FileNotFoundException(null, "photos.csv"), 3 },
        { new DirectoryNotFoundException("Could not find a part of the path 'data/x'."), 3 },
        { new UnauthorizedAccessException("Access to the path 'x' is denied."), 3 },
        { new IOException("No space left on device : 'x'"), 3 },
        { new DatasetException("labels.csv", "grade 7 in row 3", "Give grades 0 to 4"), 3 },
        { new RecipeException("recipe.json", "epochs: -1", "Give 1 or more"), 2 },
        { new ModelFileException("x.fovea", "no weights", "Train it again."), 5 },
        { new UngradableException("photo.jpg", new QualityReport([new QualityProblem(QualityReason.TooDark, "mean 3, at least 20", "Take it again.")], null!)), 4 },
        { new WeightsFormatException("w.pth", "not weights", "Give a state dict."), 5 },
        { new WeightsException("resnet50", "not on this machine", "Import them"), 5 },
        { new TrainingDivergedException("recipe.json", "the loss became NaN in epoch 3, step 4"), 2 },
        { new RunDirectoryException("runs/a", "another process works on this run", "Wait for its end, or give another folder"), 2 },
        { new DllNotFoundException("Unable to load shared library 'x'"), 1 },
        { new InsufficientMemoryException(), 1 },
        { new TorchException("[enforce fail at alloc_cpu.cpp:66] . DefaultCPUAllocator: can't allocate memory: you tried to allocate 9 bytes."), 1 },
        { new TorchException("The size of tensor a (3) must match the size of tensor b (4)"), 1 },
        { new FileNotFoundException("Could not load file or assembly", "Fovea.Torch, Version=0.1.0.0"), 1 },
        { new InvalidOperationException("two\nlines"), 1 },
    };

    [Theory]
    [MemberData(nameof(Known))]
    public void Of_EveryKind_GivesItsCodeAndOneClosedLine(Exception exception, int code)
    {
        var (actual, line) = ExitCodes.Of(exception);
        Assert.Equal(code, actual);
        Assert.DoesNotContain('\n', line);
        Assert.EndsWith(".", line);
    }

    [Fact]
    public void Of_UnreadableImage_KeepsNameReasonAndRemedy() =>
        Assert.Equal("photo.jpg: not an image. Give a JPEG.", ExitCodes.Of(new UnreadableImageException("photo.jpg", "not an image", "Give a JPEG.")).Line);

    [Fact]
    public void Of_NameWithControlCharacters_ReachesTheTerminalWithoutThem() =>
        Assert.Equal("a [2Jb.jpg: empty.", ExitCodes.Of(new UsageException("a\e[2Jb.jpg: empty.")).Line);

    [Fact]
    public void Of_MissingLibrary_PointsToTheDoctor() =>
        Assert.Contains("fovea doctor", ExitCodes.Of(new DllNotFoundException("Unable to load shared library 'x'")).Line);

    [Fact]
    public void Of_OutOfMemoryInLibtorch_IsNotCalledABug() =>
        Assert.DoesNotContain("report", ExitCodes.Of(new TorchException("DefaultCPUAllocator: can't allocate memory: 9 bytes")).Line);

    [Fact]
    public void Of_AnythingElse_AsksForAReport() =>
        Assert.Contains("Please report this", ExitCodes.Of(new InvalidOperationException("x")).Line);

    [Fact]
    public void Of_WrappedByTheRuntime_IsJudgedByItsCause()
    {
        var cause = new WeightsFormatException("w.pth", "not weights", "Give a state dict.");
        Assert.Equal(5, ExitCodes.Of(new TypeInitializationException("T", cause)).Code);
        Assert.Equal(5, ExitCodes.Of(new AggregateException(new AggregateException(cause))).Code);
    }
}
