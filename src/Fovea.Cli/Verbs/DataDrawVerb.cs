using System.CommandLine;
using System.Globalization;
using Fovea.Imaging;
using Fovea.Training.MadeUp;

namespace Fovea.Cli.Verbs;

/// <summary>Paints a folder of made-up retinas with known truth.</summary>
internal static class DataDrawVerb
{
    public static Command Create()
    {
        var folder = new Option<string>("--out") { Description = "The folder to make; it must not exist, or be empty.", Required = true, HelpName = "DIR" };
        var count = new Option<int>("--count") { Description = "How many pictures; two eyes per patient.", Required = true, HelpName = "N" };
        var size = new Option<int>("--size") { Description = "Side of a picture in pixels, 32 to 4096.", DefaultValueFactory = _ => 512, HelpName = "S" };
        var seed = new Option<ulong>("--seed") { Description = "The same seed paints the same pictures on every machine.", DefaultValueFactory = _ => 0UL, HelpName = "N" };
        var faults = new Option<double>("--faults") { Description = "Share of pictures with a fault of the camera, 0 to 1.", DefaultValueFactory = _ => 0, HelpName = "SHARE" };
        var shares = new Option<string>("--grades") { Description = "Shares of grades 0 to 4.", DefaultValueFactory = _ => "1,1,1,1,1", HelpName = "A,B,C,D,E" };
        var masks = new Option<bool>("--masks") { Description = "Also write a mask for each kind of lesion and for the optic disc." };
        var jpeg = new Option<bool>("--jpeg") { Description = "JPEG pictures instead of PNG: about eight times smaller." };
        var json = JsonOutput.Option();
        return new Command("draw", "Paint made-up retinas with known truth: for trying things out, never for a score that is called real.")
            { folder, count, size, seed, faults, shares, masks, jpeg, json }.Runs((parse, cancel) =>
        {
            var spec = new MadeUpDatasetSpec(InRange("--count", parse.GetValue(count), 1, 1_000_000))
            {
                Size = InRange("--size", parse.GetValue(size), 32, 4096),
                Seed = parse.GetValue(seed),
                FaultShare = InRange("--faults", parse.GetValue(faults), 0, 1),
                GradeShares = Shares(parse.GetValue(shares)!),
                Masks = parse.GetValue(masks),
                Format = parse.GetValue(jpeg) ? ImageFormat.Jpeg : ImageFormat.Png,
            };
            string path = parse.GetValue(folder)!;
            if (path.Length == 0) throw new UsageException("--out: an empty name. Name the folder to make.");
            if (File.Exists(path) || (Directory.Exists(path) && Directory.EnumerateFileSystemEntries(path).Any()))
                throw new UsageException($"{path}: already holds files. Name a new folder.");
            IReadOnlyList<MadeUpEntry> entries;
            using (var line = new ProgressLine("Painting", spec.Count, "images"))
                entries = MadeUpDataset.Write(path, spec, new Drawn(line), cancel);
            int[] grades = [.. Enumerable.Range(0, 5).Select(grade => entries.Count(entry => entry.Retina.Grade == grade))];
            int faulty = entries.Count(entry => entry.Retina.Fault != CameraFault.None);
            if (parse.GetValue(json))
                JsonOutput.Write(new { folder = path, images = entries.Count, patients = entries.Select(entry => entry.Patient).Distinct().Count(), grades, faulty, seed = spec.Seed });
            else
                Console.Out.WriteLine($"{path}: {entries.Count} made-up retinas, grades 0 to 4: {string.Join(", ", grades)}; {faulty} with a fault of the camera.");
            return ExitCodes.Ok;
        });
    }

    private static T InRange<T>(string option, T value, T low, T high) where T : IComparable<T> =>
        // NaN compares as less than everything.
        value.CompareTo(low) >= 0 && value.CompareTo(high) <= 0 ? value : throw new UsageException($"{option}: {value} is out of range. Give {low} to {high}.");

    private static double[] Shares(string text)
    {
        string[] parts = text.Split(',');
        double[] shares = new double[parts.Length];
        bool read = parts.Length == 5;
        for (int i = 0; read && i < 5; i++)
            read = double.TryParse(parts[i], NumberStyles.Float, CultureInfo.InvariantCulture, out shares[i]) && shares[i] >= 0 && double.IsFinite(shares[i]);
        return read && shares.Sum() > 0 ? shares : throw new UsageException($"--grades: {text} is not five shares. Give five numbers of 0 or more, such as 4,1,2,1,1.");
    }

    private sealed class Drawn(ProgressLine line) : IProgress<int>
    {
        public void Report(int value) => line.Report(value);
    }
}
