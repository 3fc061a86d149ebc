using Fovea.Imaging;
using Fovea.Models;
using Fovea.Quality;
using Fovea.Torch;
using Fovea.Torch.Distributed;
using Fovea.Torch.Files;
using Fovea.Training.Data;
using Fovea.Training.Recipes;
using Fovea.Training.Training;
using Fovea.Training.Weights;

namespace Fovea.Cli;

/// <summary>
/// What the process answers with, and the only place where an exception becomes a code. Verbs throw and never catch what they cannot mend.
/// </summary>
internal static class ExitCodes
{
    public const int Ok = 0;
    public const int Bug = 1;
    public const int Usage = 2;
    public const int UnreadableInput = 3;
    public const int Ungradable = 4;
    public const int Model = 5;
    public const int RankLost = 6;
    public const int Interrupted = 130;

    /// <summary>The code and the one line for stderr that belong to an exception which left a verb.</summary>
    public static (int Code, string Line) Of(Exception exception)
    {
        var cause = Unwrap(exception);
        return cause switch
        {
            OperationCanceledException => (Interrupted, "Interrupted."),
            UsageException or RankEnvironmentException or UnknownModelException or RecipeException or RunDirectoryException or TrainingDivergedException => (Usage, OneLine(cause.Message)),
            UnreadableImageException or UnwritableImageException or ArrayFormatException or DatasetException => (UnreadableInput, OneLine(cause.Message)),
            UngradableException => (Ungradable, OneLine(cause.Message)),
            RankLostException => (RankLost, OneLine(cause.Message)),
            WeightsFormatException or ModelFileException or WeightsException => (Model, OneLine(cause.Message)),
            DllNotFoundException or BadImageFormatException or EntryPointNotFoundException => (Bug, NativeLibraryMissing(cause)),
            OutOfMemoryException => (Bug, OutOfMemory),
            TorchException when cause.Message.Contains("allocate memory", StringComparison.Ordinal) || cause.Message.Contains("out of memory", StringComparison.Ordinal) =>
                (Bug, OutOfMemory),
            // An assembly of our own that is missing arrives as FileNotFoundException too; that is an installation's fault, not the input's.
            FileNotFoundException { FileName: string name } when !IsAssemblyName(name) => (UnreadableInput, $"{name}: no such file. Check the path."),
            DirectoryNotFoundException => (UnreadableInput, $"{OneLine(cause.Message)} Check the path."),
            UnauthorizedAccessException => (UnreadableInput, $"{OneLine(cause.Message)} Check the permissions of the file and its folder."),
            IOException and not FileNotFoundException => (UnreadableInput, $"{OneLine(cause.Message)} Check the disk, its free space and the path."),
            _ => (Bug, $"Bug in fovea: {cause.GetType().Name}: {OneLine(cause.Message)} Please report this, with what --verbose shows."),
        };
    }

    private const string OutOfMemory = "Out of memory: the work needs more than this machine has. Use a smaller batch or smaller images, or end other programs.";

    // The loaders of the two bridges say what they tried and how to mend it; the runtime's own message does not.
    private static string NativeLibraryMissing(Exception cause) =>
        cause.Message.Contains("doctor", StringComparison.Ordinal)
            ? OneLine(cause.Message)
            : $"{OneLine(cause.Message)} Run `fovea doctor` to see which library is missing and the command that installs it.";

    private static bool IsAssemblyName(string name) => name.Contains("Version=", StringComparison.Ordinal) || name.EndsWith(".dll", StringComparison.Ordinal);

    private static Exception Unwrap(Exception exception)
    {
        while (exception is TypeInitializationException or AggregateException { InnerExceptions.Count: 1 } && exception.InnerException is { } inner)
            exception = inner;
        return exception;
    }

    /// <summary>Messages of the runtime may have several lines, and names from outside any character: what is shown is one line without control characters, closed.</summary>
    private static string OneLine(string message)
    {
        var printable = string.Concat(message.Select(c => char.IsControl(c) ? ' ' : c));
        var line = string.Join(' ', printable.Split(' ', StringSplitOptions.RemoveEmptyEntries));
        return line.Length > 0 && line[^1] is '.' or '!' or '?' ? line : line + ".";
    }
}
