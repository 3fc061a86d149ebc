using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Torch;
using Fovea.Torch.Files;

namespace Fovea.Training.Data.Readers;

/// <summary>
/// An archive of MedMNIST v2 (CC BY 4.0), 28 to 224 pixels: arrays <c>{train,val,test}_images</c> uint8 [N, H, W, 3] or [N, H, W], and <c>…_labels</c>
/// integer [N, 1] or [N]. RetinaMNIST has the grades 0–4, OCTMNIST Kermany's four classes; others get numbers for names. No patients are known.
/// </summary>
internal static class MedMnist
{
    private static readonly string[] Sets = ["train", "val", "test"];
    private const string Remedy = "Give an archive of MedMNIST with one label an image, such as retinamnist.npz";

    public static bool Fits(string path) => File.Exists(path) ? Path.GetExtension(path).Equals(".npz", StringComparison.OrdinalIgnoreCase) : Archives(path).Length == 1;

    private static string[] Archives(string folder) => Directory.Exists(folder) ? Directory.GetFiles(folder, "*mnist*.npz") : [];

    public static Dataset Read(DataSource source)
    {
        var path = source.Path;
        if (Directory.Exists(path))
        {
            path = Archives(path) is [var only] ? only
                : throw new DatasetException(path, "not one .npz of MedMNIST in it", "Give the archive itself");
        }
        var arrays = Npz.Read(path);
        var labels = new List<int>();
        var places = new List<(StoredTensor Array, int Row, string Id, SamplePart Part)>();
        foreach (var set in Sets)
        {
            var pixels = Array(arrays, path, $"{set}_images");
            if (pixels.Type != ScalarType.UInt8 || pixels.Shape is not ([> 0, > 0 and <= 16384, > 0 and <= 16384] or [> 0, > 0 and <= 16384, > 0 and <= 16384, 1 or 3]))
                throw new DatasetException(path, $"{set}_images is {pixels.Type} [{string.Join(", ", pixels.Shape)}], not uint8 [N, H, W] or [N, H, W, 3]", Remedy);
            labels.AddRange(Labels(path, set, Array(arrays, path, $"{set}_labels"), pixels.Shape[0]));
            for (var i = 0; i < pixels.Shape[0]; i++) places.Add((pixels, i, $"{set}_{i}", SampleParts.Named(set)!.Value));
        }
        var classes = Classes(Path.GetFileName(path), labels.Max() + 1);
        if (labels.FindIndex(label => label >= classes.Length) is var odd and >= 0)
            throw new DatasetException(path, $"the label of {places[odd].Id} is {labels[odd]}, not a class from 0 to {classes.Length - 1}", "Correct the label, or remove the image");
        return new Dataset(source.Path, "medmnist", classes, [.. places.Select((place, i) => new Sample(place.Id, labels[i]) { Part = place.Part })],
            i => new FundusImage(Pixels(places[i].Array, places[i].Row), places[i].Id));
    }

    /// <summary>By the file's name, else by the number of classes: among MedMNIST's sets five are RetinaMNIST's grades and four OCTMNIST's classes.</summary>
    private static string[] Classes(string file, int count) =>
        file.StartsWith("retinamnist", StringComparison.OrdinalIgnoreCase) || count == Dataset.GradeNames.Length ? Dataset.GradeNames
        : file.StartsWith("octmnist", StringComparison.OrdinalIgnoreCase) || count == Kermany.Classes.Length ? Kermany.Classes
        : [.. Enumerable.Range(0, Math.Max(2, count)).Select(c => $"class {c}")];

    private static StoredTensor Array(IReadOnlyDictionary<string, StoredTensor> arrays, string path, string name) => arrays.TryGetValue(name, out var array) ? array
        : throw new DatasetException(path, $"no array '{name}' (there are: {string.Join(", ", arrays.Keys)})", Remedy);

    private static Image Pixels(StoredTensor pixels, int index)
    {
        var (height, width) = ((int)pixels.Shape[1], (int)pixels.Shape[2]);
        var channels = pixels.Shape.Length == 4 ? (int)pixels.Shape[3] : 1;
        var length = height * width * channels;
        var image = new Image(width, height, channels, pixels.Data.AsSpan(checked(index * length), length).ToArray());
        return channels == 3 ? image : image.ToRgb();
    }

    private static int[] Labels(string path, string set, StoredTensor labels, long count)
    {
        if (labels.Shape is not ([_] or [_, 1]) || labels.Shape[0] != count)
            throw new DatasetException(path, $"{set}_labels is [{string.Join(", ", labels.Shape)}] for {count} images", Remedy);
        var values = new int[count];
        for (var i = 0; i < values.Length; i++)
        {
            long value = labels.Type switch
            {
                ScalarType.UInt8 => labels.Data[i],
                ScalarType.Int8 => (sbyte)labels.Data[i],
                ScalarType.Int32 => labels.Values<int>()[i],
                ScalarType.Int64 => labels.Values<long>()[i],
                _ => throw new DatasetException(path, $"{set}_labels holds {labels.Type}, not integers", Remedy),
            };
            if (value < 0 || value >= Metrics.Predictions.MaxClasses)
                throw new DatasetException(path, $"{set}_labels[{i}] is {value}, not a class from 0 to {Metrics.Predictions.MaxClasses - 1}", "Correct the label, or remove the image");
            values[i] = (int)value;
        }
        return values;
    }
}
