using System.Globalization;

namespace Fovea.Training.Data.Readers;

/// <summary>
/// One folder per class, each with image files, below the path itself or below <c>train</c>, <c>val</c> (or <c>valid</c>, <c>validation</c>) and
/// <c>test</c>. Folders named 0…4 are grades; other names are classes in alphabetical order. No patients are known.
/// </summary>
internal static class ClassFolders
{
    private const string Remedy = "Give a folder that holds one folder per class";

    private static readonly string[] PartFolders = ["train", "val", "valid", "validation", "test"];
    private static readonly string[] GradeFolders = ["0", "1", "2", "3", "4"];

    public static bool Fits(string path) => Directory.Exists(path) && Names(path).Length > 0;

    public static Dataset Read(DataSource source)
    {
        var path = source.Path;
        if (!Directory.Exists(path)) throw new DatasetException(path, "not a folder", Remedy);
        var names = Names(path);
        // Grades keep their numbers even where a folder is missing; five names that only start like them do not.
        var graded = names.Length > 0 && names.All(name => GradeFolders.Contains(name));
        if (!graded && names.Any(name => int.TryParse(name, NumberStyles.Integer, CultureInfo.InvariantCulture, out _)))
            throw new DatasetException(path, $"folders {string.Join(", ", names.Take(10))}: numbers that are not all grades from 0 to 4", "Name the folders 0 to 4, or by class names");
        if (names.Length < 2 || names.Length > Metrics.Predictions.MaxClasses) throw new DatasetException(path, $"{names.Length} folders of classes in it", Remedy);
        var samples = Samples(path, graded ? GradeFolders : names, _ => null);
        var counts = samples.CountBy(s => s.Label).ToDictionary();
        if (names.FirstOrDefault(name => !counts.ContainsKey(Array.IndexOf(graded ? GradeFolders : names, name))) is { } empty)
            throw new DatasetException(Path.Combine(path, empty), "no image file in the folder of this class", "Add images, or remove the folder");
        return new Dataset(path, "folders", graded ? Dataset.GradeNames : names, samples);
    }

    /// <summary>Names of the folders of classes, in ordinal order.</summary>
    internal static string[] Names(string path) =>
        [.. Roots(path).SelectMany(root => Directory.EnumerateDirectories(root.Folder)).Select(folder => Path.GetFileName(folder)!)
            .Where(name => name[0] != '.').Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];

    private static (string Part, string Folder)[] Roots(string path)
    {
        var parts = PartFolders.Where(part => Directory.Exists(Path.Combine(path, part))).ToArray();
        return parts.Length > 0 ? [.. parts.Select(part => (part, Path.Combine(path, part)))] : [("", path)];
    }

    /// <param name="classes">Folder names by label.</param>
    /// <param name="patient">From the file's name without extension.</param>
    internal static List<Sample> Samples(string path, string[] classes, Func<string, string?> patient)
    {
        var samples = new List<Sample>();
        foreach (var (part, root) in Roots(path))
        {
            for (var label = 0; label < classes.Length; label++)
            {
                var folder = Path.Combine(root, classes[label]);
                if (!Directory.Exists(folder)) continue;
                samples.AddRange(Directory.EnumerateFiles(folder).Where(ImageFolder.IsImage).Order(StringComparer.Ordinal)
                    .Select(file => new Sample($"{(part.Length > 0 ? part + "/" : "")}{classes[label]}/{Path.GetFileName(file)}", label)
                    {
                        Path = file,
                        Part = SampleParts.Named(part) ?? SamplePart.Unassigned,
                        Patient = patient(Path.GetFileNameWithoutExtension(file)),
                    }));
            }
        }
        return samples;
    }
}
