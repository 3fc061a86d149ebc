using System.Text.Json;
using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Training.Data;
using Fovea.Training.Splits;

namespace Fovea.Training.MadeUp;

/// <summary>
/// Writes a folder of photographs, good and spoiled, with what is wrong with each: images/NAME.jpg and labels.csv (image,label,patient), for training and measuring a judge of quality.
/// The column <c>patient</c> keeps what was made of one photograph, of its copies and of one patient on one side of every split. The folder appears only when it is complete.
/// </summary>
public static class SpoiledDataset
{
    /// <summary>The classes, as <c>csv:FOLDER?classes=…</c> takes them.</summary>
    public static IReadOnlyList<string> Classes { get; } = [.. Enum.GetNames<PhotographFault>().Select(JsonNamingPolicy.CamelCase.ConvertName)];

    /// <param name="folder">Must not exist, or be empty.</param>
    /// <param name="faults">How many spoiled pictures each photograph gives, each with another fault; 1 to 5.</param>
    /// <param name="progress">Photographs done, from any thread.</param>
    /// <returns>Pictures by class.</returns>
    /// <exception cref="IOException">The folder holds something, or cannot be written.</exception>
    public static int[] Write(string folder, Dataset photographs, int faults, ulong seed, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        ArgumentNullException.ThrowIfNull(photographs);
        ArgumentOutOfRangeException.ThrowIfLessThan(faults, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(faults, Classes.Count - 1);
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any())) throw new IOException($"{folder}: already holds files. Name a new folder.");
        var groups = PictureGroups.Of(photographs.Samples, Duplicates.Find(photographs, cancellation: cancellation));
        var partial = $"{folder}.partial-{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(Path.Combine(partial, "images"));
            var rows = new List<string>[photographs.Samples.Count];
            var counts = new int[Classes.Count];
            var done = 0;
            Parallel.For(0, rows.Length, new ParallelOptions { CancellationToken = cancellation }, i =>
            {
                var photograph = photographs.Read(i).Pixels;
                var random = SeededRandom.For(seed, 0x73706F696C, (ulong)i);
                var drawn = Enumerable.Range(1, Classes.Count - 1).ToArray();
                random.Shuffle<int>(drawn);
                rows[i] = [];
                foreach (var label in drawn.Take(faults).Prepend(0))
                {
                    var name = $"{i:D5}-{Classes[label]}.jpg";
                    File.WriteAllBytes(Path.Combine(partial, "images", name), ImageCodec.Encode(PhotographFaults.Spoil(photograph, (PhotographFault)label, random), ImageFormat.Jpeg));
                    rows[i].Add($"{name},{Classes[label]},{groups[i]:D5}");
                    Interlocked.Increment(ref counts[label]);
                }
                progress?.Report(Interlocked.Increment(ref done));
            });
            CsvText.Write(Path.Combine(partial, "labels.csv"), rows.SelectMany(r => r).Prepend("image,label,patient"));
            if (Directory.Exists(folder)) Directory.Delete(folder); // empty, as seen above
            Directory.Move(partial, folder);
            return counts;
        }
        catch
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            throw;
        }
    }
}
