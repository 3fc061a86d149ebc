using System.Collections.Concurrent;
using System.CommandLine;
using System.Text.Json;
using Fovea.Imaging;
using Fovea.Preprocessing;
using Fovea.Training.Recipes;

namespace Fovea.Cli.Verbs;

/// <summary>Shows what a chain of steps makes of photographs.</summary>
internal static class PreprocessVerb
{
    public static Command Create()
    {
        var paths = new Argument<string[]>("in out") { Description = "A photograph or a folder of them, and the file or folder to write.", Arity = new ArgumentArity(0, 2) };
        var chain = new ChainOptions();
        var list = new Option<bool>("--list") { Description = "Show every chain with its steps." };
        var json = JsonOutput.Option();
        var command = new Command("preprocess", "Prepare photographs as a network would see them, into pictures.") { paths, list, json };
        chain.AddTo(command);
        return command.Runs((parse, cancel) =>
        {
            if (parse.GetValue(list)) return List(parse.GetValue(json));
            if (parse.GetValue(paths) is not [var from, var to]) throw new UsageException("preprocess: two paths are needed. Give a photograph or a folder, and where to write; or --list.");
            var spec = chain.Spec(parse);
            var jobs = Jobs(from, to);
            var (results, failures) = (new Done?[jobs.Count], new ConcurrentDictionary<int, string>());
            using (var line = jobs.Count > 1 ? new ProgressLine("Preprocessing", jobs.Count, "images") : null)
            {
                var count = 0;
                Parallel.For(0, jobs.Count, new ParallelOptions { CancellationToken = cancel }, () => new PixelBuffer(), (i, _, buffer) =>
                {
                    try
                    {
                        results[i] = Prepare(jobs[i], spec, chain.Decoding(parse), buffer);
                    }
                    catch (UnreadableImageException e)
                    {
                        failures[i] = e.Message;
                    }
                    line?.Report(Interlocked.Increment(ref count));
                    return buffer;
                }, _ => { });
            }
            foreach (var result in results)
            {
                if (result is null) continue;
                if (parse.GetValue(json)) JsonOutput.WriteLine(result);
                else Console.Out.WriteLine(result.Output);
            }
            foreach (var failure in failures.OrderBy(f => f.Key)) Console.Error.WriteLine(failure.Value);
            return failures.IsEmpty ? ExitCodes.Ok : ExitCodes.UnreadableInput;
        });
    }

    private sealed record Job(string Input, string Output);

    /// <param name="OriginalToPrepared">x' = m0·x + m1·y + m2, y' = m3·x + m4·y + m5 between pixel centres.</param>
    private sealed record Done(string Input, string Output, int Width, int Height, int Size, double[] OriginalToPrepared);

    private static Done Prepare(Job job, PreprocessingSpec spec, DecodeScale scale, PixelBuffer buffer)
    {
        var prepared = Preprocessor.Prepare(Preprocessor.Decode(ImageFile.ReadBytes(job.Input), job.Input, spec, scale, buffer), spec);
        Directory.CreateDirectory(Path.GetDirectoryName(Path.GetFullPath(job.Output))!);
        ImageFile.Write(job.Output, prepared.Pixels);
        var m = prepared.OriginalToPrepared;
        return new Done(job.Input, job.Output, prepared.OriginalWidth, prepared.OriginalHeight, spec.Size, [m.A, m.B, m.Tx, m.C, m.D, m.Ty]);
    }

    private static IReadOnlyList<Job> Jobs(string from, string to)
    {
        if (!Directory.Exists(from)) return [new Job(from, Directory.Exists(to) ? Path.Combine(to, PngName(Path.GetFileName(from))) : to)];
        if (File.Exists(to)) throw new UsageException($"{to}: a file, and the photographs are in a folder. Name a folder to write to.");
        var (source, target) = (Path.GetFullPath(from), Path.GetFullPath(to));
        if ((target + Path.DirectorySeparatorChar).StartsWith(source + Path.DirectorySeparatorChar, StringComparison.Ordinal))
            throw new UsageException($"{to}: lies in the folder that is read. Name a folder elsewhere.");
        // Hidden files are half-written ones and what file managers leave.
        string[] images = [.. Directory.EnumerateFiles(source, "*", SearchOption.AllDirectories).Where(f => ImageFile.FormatOf(f) is not null && Path.GetFileName(f)[0] != '.').Order(StringComparer.Ordinal)];
        if (images.Length == 0) throw new UnreadableImageException(from, "the folder holds no image", "Name a folder with JPEG, PNG, TIFF, BMP, WebP or DICOM files");
        // a.jpg beside a.png: both keep their ending, so that neither overwrites the other.
        var twice = images.CountBy(f => PngName(f)).Where(n => n.Value > 1).Select(n => n.Key).ToHashSet(StringComparer.Ordinal);
        return [.. images.Select(f => new Job(Path.Combine(from, Path.GetRelativePath(source, f)),
            Path.Combine(to, Path.GetRelativePath(source, twice.Contains(PngName(f)) ? f + ".png" : PngName(f)))))];
    }

    /// <summary>Lossless, whatever the input was.</summary>
    private static string PngName(string path) => Path.ChangeExtension(path, ".png");

    private static int List(bool json)
    {
        var lines = new JsonSerializerOptions(RecipeFile.Options) { WriteIndented = false };
        if (json)
        {
            foreach (var chain in PreprocessingChains.All)
            {
                var spec = new PreprocessingSpec { Chain = chain.Name, Size = chain.UsualSize };
                Console.Out.WriteLine(JsonSerializer.Serialize(new { chain.Name, chain.Summary, spec.Size, spec.Steps, spec.Mean, spec.Std, spec.Centring }, lines));
            }
            return ExitCodes.Ok;
        }
        foreach (var chain in PreprocessingChains.All)
        {
            Console.Out.WriteLine($"{chain.Name} ({chain.UsualSize} pixels): {chain.Summary}");
            foreach (var step in chain.Steps(chain.UsualSize)) Console.Out.WriteLine($"    {JsonSerializer.Serialize(step, lines)}");
        }
        return ExitCodes.Ok;
    }
}
