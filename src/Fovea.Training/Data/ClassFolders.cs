using System.Globalization;

namespace Fovea.Training.Data;

/// <summary>
/// One folder per class, each with image files, below the path itself or below <c>train</c>, <c>val</c> and <c>test</c>. Folders named 0…4 are grades;
/// other names are classes in alphabetical order. Kermany's file names, <c>CLASS-patient-number.jpeg</c>, give the patient.
/// </summary>
internal static class ClassFolders
{
    private static readonly string[] PartFolders = ["train", "val", "test"];
    private static readonly string[] GradeFolders = ["0", "1", "2", "3", "4"];

    public static Dataset Read(string path)
    {
        if (!Directory.Exists(path)) throw new DatasetException(path, "not a folder", "Give a folder that holds one folder per class");
        var parts = PartFolders.Where(part => Directory.Exists(Path.Combine(path, part))).ToArray();
        var roots = parts.Length > 0 ? parts.Select(part => (Part: part, Folder: Path.Combine(path, part))).ToArray() : [(Part: "", Folder: path)];
        var names = roots.SelectMany(root => Directory.EnumerateDirectories(root.Folder)).Select(folder => Path.GetFileName(folder)!)
            .Where(name => name[0] != '.').Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal).ToArray();
        // Grades keep their numbers even where a folder is missing; five names that only start like them do not.
        var graded = names.Length > 0 && names.All(name => GradeFolders.Contains(name));
        if (!graded && names.Any(name => int.TryParse(name, NumberStyles.Integer, CultureInfo.InvariantCulture, out _)))
            throw new DatasetException(path, $"folders {string.Join(", ", names.Take(10))}: numbers that are not all grades from 0 to 4", "Name the folders 0 to 4, or by class names");
        if (names.Length < 2) throw new DatasetException(path, $"{names.Length} folders of classes in it", "Give a folder that holds one folder per class");
        if (names.Length > Metrics.Predictions.MaxClasses) throw new DatasetException(path, $"{names.Length} folders of classes in it", "Give a folder that holds one folder per class");

        var samples = new List<Sample>();
        foreach (var (part, folder) in roots)
        {
            foreach (var name in names.Where(name => Directory.Exists(Path.Combine(folder, name))))
            {
                var label = graded ? name[0] - '0' : Array.IndexOf(names, name);
                foreach (var file in Directory.EnumerateFiles(Path.Combine(folder, name)).Order(StringComparer.Ordinal))
                {
                    if (!LabelTable.Extensions.Contains(Path.GetExtension(file).ToLowerInvariant()) || Path.GetFileName(file)[0] == '.') continue;
                    samples.Add(new Sample($"{(part.Length > 0 ? part + "/" : "")}{name}/{Path.GetFileName(file)}", label)
                    {
                        Path = file,
                        Part = SampleParts.Named(part) ?? SamplePart.Unassigned,
                        Patient = KermanyPatient(Path.GetFileNameWithoutExtension(file), name),
                    });
                }
            }
        }
        var counts = samples.CountBy(s => s.Label).ToDictionary();
        foreach (var name in names)
        {
            var label = graded ? name[0] - '0' : Array.IndexOf(names, name);
            if (!counts.ContainsKey(label)) throw new DatasetException(Path.Combine(path, name), "no image file in the folder of this class", "Add images, or remove the folder");
        }
        return new Dataset(path, DataKind.Folders, graded ? Dataset.GradeNames : names, samples);
    }

    private static string? KermanyPatient(string name, string className)
    {
        var parts = name.Split('-');
        return parts.Length == 3 && parts[0] == className && parts[1].Length > 0 && parts[1].All(char.IsAsciiDigit) && parts[2].All(char.IsAsciiDigit) ? parts[1] : null;
    }
}
