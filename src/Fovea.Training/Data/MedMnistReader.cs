using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Torch;
using Fovea.Torch.Files;

namespace Fovea.Training.Data;

/// <summary>
/// RetinaMNIST's archive (MedMNIST v2, CC BY 4.0): arrays <c>{train,val,test}_images</c> uint8 [N, H, W, 3] or [N, H, W], and <c>…_labels</c>
/// integer [N, 1] or [N], grades 0–4.
/// </summary>
internal static class MedMnistReader
{
    private static readonly string[] Sets = ["train", "val", "test"];
    private const string Remedy = "Give MedMNIST's retinamnist.npz";

    public static Dataset Read(string path)
    {
        if (Directory.Exists(path)) path = Path.Combine(path, "retinamnist.npz");
        var arrays = Npz.Read(path);
        var samples = new List<Sample>();
        var places = new List<(StoredTensor Array, int Row)>();
        foreach (var set in Sets)
        {
            var pixels = Array(arrays, path, $"{set}_images");
            if (pixels.Type != ScalarType.UInt8 || pixels.Shape is not ([> 0, > 0 and <= 16384, > 0 and <= 16384] or [> 0, > 0 and <= 16384, > 0 and <= 16384, 1 or 3]))
                throw new DatasetException(path, $"{set}_images is {pixels.Type} [{string.Join(", ", pixels.Shape)}], not uint8 [N, H, W] or [N, H, W, 3]", Remedy);
            var labels = Labels(path, set, Array(arrays, path, $"{set}_labels"), pixels.Shape[0]);
            for (var i = 0; i < labels.Length; i++)
            {
                samples.Add(new Sample($"{set}_{i}", labels[i]) { Part = SampleParts.Named(set)!.Value });
                places.Add((pixels, i));
            }
        }
        return new Dataset(path, DataKind.RetinaMnist, Dataset.GradeNames, samples, i => new FundusImage(Pixels(places[i].Array, places[i].Row), samples[i].Id));
    }

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
            if (value < 0 || value >= Dataset.GradeNames.Length)
                throw new DatasetException(path, $"{set}_labels[{i}] is {value}, not a grade from 0 to {Dataset.GradeNames.Length - 1}", "Correct the label, or remove the image");
            values[i] = (int)value;
        }
        return values;
    }
}
