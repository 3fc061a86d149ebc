using System.Text.RegularExpressions;

namespace Fovea.Training.Data.Readers;

/// <summary>
/// OCT B-scans of Kermany et al. 2018 (CC BY 4.0): folders CNV, DME, DRUSEN and NORMAL below <c>train</c>, <c>val</c> and <c>test</c> or alone. The file
/// name, <c>CLASS-patient-number.jpeg</c>, says the patient, whose scans may lie in several classes.
/// </summary>
internal static partial class Kermany
{
    public const string Layout = "train/, val/, test/ or nothing above the folders CNV, DME, DRUSEN and NORMAL with CLASS-PATIENT-NUMBER.jpeg";

    /// <summary>In the order of MedMNIST's labels, too.</summary>
    public static readonly string[] Classes = ["CNV", "DME", "DRUSEN", "NORMAL"];

    public static bool Fits(string path) => PublishedFolder.Find(path, IsRoot) is not null;

    private static bool IsRoot(string folder) => ClassFolders.Names(folder) is { Length: > 0 } names && names.All(Classes.Contains);

    public static Dataset Read(DataSource source)
    {
        var root = PublishedFolder.Require(source.Path, IsRoot, Layout);
        var samples = ClassFolders.Samples(root, Classes, name => Name().Match(name) is { Success: true } match ? match.Groups[1].Value : null);
        return new Dataset(source.Path, "kermany", Classes, samples);
    }

    [GeneratedRegex("^[A-Z]+-([0-9]+)-[0-9]+$", RegexOptions.CultureInvariant)]
    private static partial Regex Name();
}
