namespace Fovea.Cli.Verbs;

/// <summary>Runs a verb over many photographs.</summary>
internal static class ImageLoop
{
    /// <summary>
    /// One photograph after the other. Of several, one that cannot be read or graded is told of and must not keep the others from their result; of one alone, its error is the verb's.
    /// </summary>
    /// <param name="title">What is being done, e.g. "Grading"; shown where results go into a file.</param>
    /// <param name="one">What is done with the photograph of this number.</param>
    /// <returns>The worst exit code.</returns>
    public static int Run(IReadOnlyList<string> paths, string title, Action<int> one, CancellationToken cancel)
    {
        var code = ExitCodes.Ok;
        using var progress = paths.Count > 1 && Console.IsOutputRedirected ? new ProgressLine(title, paths.Count, "images") : null;
        for (var i = 0; i < paths.Count; i++)
        {
            cancel.ThrowIfCancellationRequested();
            try
            {
                one(i);
            }
            catch (Exception e) when (paths.Count > 1 && ExitCodes.Of(e).Code is ExitCodes.UnreadableInput or ExitCodes.Ungradable)
            {
                var (itsCode, line) = ExitCodes.Of(e);
                code = Math.Max(code, itsCode);
                if (progress is null) Console.Error.WriteLine(line);
                else progress.WriteLine(line);
            }
            progress?.Report(i + 1);
        }
        return code;
    }
}
