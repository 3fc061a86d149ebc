using Fovea.Training.Data.Readers;

namespace Fovea.Training.Data;

/// <summary>Opens data sets as the user names them: <c>KIND:PATH</c>, or a path whose kind shows, options behind a question mark; several make one set.</summary>
public static class DatasetReaders
{
    /// <param name="Sign">By what it is recognised, in a few words.</param>
    /// <param name="Fits">Whether a path looks like it; asked in the order of the table.</param>
    /// <param name="Options">Options of its own behind the path.</param>
    private sealed record Reader(string Kind, string Sign, Func<string, bool> Fits, Func<DataSource, Dataset> Read, params string[] Options);

    /// <summary>A new layout is a file in Readers and a line here. The particular ones stand before the general ones.</summary>
    private static readonly Reader[] All =
    [
        new("aptos", "train.csv and train_images/", Aptos.Fits, Aptos.Read),
        new("kaggle2015", "trainLabels.csv", Kaggle2015.Fits, Kaggle2015.Read),
        new("idrid", "1. Original Images/ and 2. Groundtruths/", Idrid.Fits, Idrid.Read),
        new("messidor2", "messidor_data.csv", Messidor2.Fits, Messidor2.Read),
        new("ddr", "DR_grading/ or train.txt, valid.txt and train/", Ddr.Fits, Ddr.Read),
        new("medmnist", "a .npz", MedMnist.Fits, MedMnist.Read),
        new("madeup", "labels.csv and truth/", MadeUpFolder.Fits, MadeUpFolder.Read),
        new("csv", "a .csv or .tsv, labels.csv", Csv.Fits, Csv.Read, Csv.Options),
        new("kermany", "folders CNV, DME, DRUSEN, NORMAL", Kermany.Fits, Kermany.Read),
        new("folders", "one folder per class", ClassFolders.Fits, ClassFolders.Read),
    ];

    /// <summary>What may stand before the colon.</summary>
    public static IReadOnlyList<string> Kinds { get; } = [.. All.Select(reader => reader.Kind)];

    /// <summary>One data set, or several as one; see <see cref="DatasetJoin"/>.</summary>
    /// <param name="data">One entry each.</param>
    /// <exception cref="DatasetException">Not there, not recognised, not usable, or not to be joined; one line says why.</exception>
    /// <exception cref="Torch.Files.ArrayFormatException">A damaged archive.</exception>
    public static Dataset Open(params IReadOnlyList<string> data)
    {
        var named = data.Select(OpenOne).ToArray();
        return named.Length == 1 ? named[0].Dataset : DatasetJoin.Of(named);
    }

    /// <summary>Under what a kind of data is published, and where; nulls where it is the user's own, or its terms differ from copy to copy.</summary>
    internal static (string? Licence, string? Source) LicenceOf(string kind) => kind switch
    {
        "idrid" => ("CC-BY-4.0", "Porwal et al. 2018, https://doi.org/10.3390/data3030025"),
        "kermany" => ("CC-BY-4.0", "Kermany et al. 2018, https://doi.org/10.17632/rscbjbr9sj.2"),
        "madeup" => ("none needed", "painted by fovea data draw"),
        _ => (null, null),
    };

    private static (string Name, Dataset Dataset) OpenOne(string data)
    {
        var source = DataSource.Parse(data, Kinds);
        if (!Path.Exists(source.Path)) throw new DatasetException(source.Path, "no such file or folder", "Check the path");
        try
        {
            var reader = source.Kind is { } kind ? All.Single(r => r.Kind == kind) : Recognise(source.Path);
            source.RequireOptions(reader.Kind, reader.Options);
            var name = source.Option(DataSource.NameOption) ?? reader.Kind;
            SamplePart? into = source.Option(DataSource.IntoOption) is not { } part ? null
                : SampleParts.Named(part) ?? throw new DatasetException(data, $"'{part}' is not a part", SampleParts.Remedy);
            var dataset = reader.Read(source);
            if (source.Option(DataSource.TargetOption) is { } target) dataset = Targeted(data, dataset, target);
            if (source.Option(DataSource.MapOption) is { } map) dataset = LabelMap.Parse(data, map, dataset).Of(dataset);
            return (name, dataset.Reshape([.. dataset.Samples.Select((s, i) => (i, s with { Origin = name, Part = into ?? s.Part }))]));
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(source.Path, "cannot be read", "Check that you may read the folder and everything in it", e);
        }
    }

    private static Dataset Targeted(string data, Dataset dataset, string target) => target switch
    {
        "dr" => dataset,
        "dme" => dataset.OfDmeRisk(),
        _ => throw new DatasetException(data, $"'{target}' is no target", "Use target=dr, the labels as they are, or target=dme, the risk of macular oedema"),
    };

    private static Reader Recognise(string path) => IsOfLesions(path)
        ? throw new DatasetException(path, "it holds marked lesions, not images with a class", "Give a folder of graded images, or a table of them as csv:PATH; docs/data.md has the layouts")
        : All.FirstOrDefault(reader => reader.Fits(path))
        ?? throw new DatasetException(path, $"no known layout of a data set; looked for {string.Join("; ", All.Select(r => r.Sign))}", $"Give another path, or name its kind: {string.Join(", ", Kinds)}");

    /// <summary>Its folders would pass for classes.</summary>
    private static bool IsOfLesions(string path) => Directory.Exists(Path.Combine(path, "images"))
        && (Directory.Exists(Path.Combine(path, "masks")) || Directory.Exists(Path.Combine(path, "annotations"))) && !File.Exists(Path.Combine(path, "labels.csv"));
}
