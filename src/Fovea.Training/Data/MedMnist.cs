using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Torch;
using Fovea.Torch.Files;

namespace Fovea.Training.Data;

/// <summary>MedMNIST's archives (RetinaMNIST): arrays <c>train_images</c>, <c>train_labels</c>, and the same for <c>val</c> and <c>test</c>.</summary>
public static class MedMnist
{
    /// <exception cref="DatasetException">Arrays are missing or of the wrong shape.</exception>
    public static Dataset Read(string path)
    {
        var arrays = Npz.Read(path);
        var samples = new List<Sample>();
        var pixels = new List<(byte[] Data, int Offset, int Height, int Width, int Channels)>();
        foreach (var (key, part) in new[] { ("train", SamplePart.Training), ("val", SamplePart.Validation), ("test", SamplePart.Test) })
        {
            var (images, labels) = (Get(arrays, path, key + "_images"), Get(arrays, path, key + "_labels"));
            var channels = images.Shape.Length == 4 ? images.Shape[3] : 1;
            if (images.Type != ScalarType.UInt8 || images.Shape.Length is not (3 or 4) || channels is not (1 or 3))
                throw new DatasetException(path, $"{key}_images is {images.Type} [{string.Join(", ", images.Shape)}]", "Use MedMNIST's file: uint8 [N, H, W] or [N, H, W, 3]");
            if (labels.Count != images.Shape[0]) throw new DatasetException(path, $"{key}: {images.Shape[0]} images and {labels.Count} labels", "Use the file as published");
            var (height, width) = ((int)images.Shape[1], (int)images.Shape[2]);
            var size = height * width * (int)channels;
            var values = Labels(labels, path, key);
            for (var i = 0; i < values.Length; i++)
            {
                samples.Add(new Sample($"{key}_{i}", values[i]) { Part = part });
                pixels.Add((images.Data, i * size, height, width, (int)channels));
            }
        }
        return new Dataset($"retinamnist:{path}", Math.Max(2, samples.Max(s => s.Label) + 1), samples, i =>
        {
            var p = pixels[i];
            var image = new Image(p.Width, p.Height, p.Channels, p.Data.AsSpan(p.Offset, p.Width * p.Height * p.Channels).ToArray());
            return new FundusImage(p.Channels == 3 ? image : image.ToRgb(), samples[i].Id);
        });
    }

    private static StoredTensor Get(IReadOnlyDictionary<string, StoredTensor> arrays, string path, string key) => arrays.TryGetValue(key, out var array)
        ? array
        : throw new DatasetException(path, $"no array '{key}'", "Use a MedMNIST .npz as published");

    private static int[] Labels(StoredTensor labels, string path, string key) => labels.Type switch
    {
        ScalarType.UInt8 => [.. labels.Values<byte>().ToArray().Select(v => (int)v)],
        ScalarType.Int64 => [.. labels.Values<long>().ToArray().Select(v => v is >= 0 and < 1000 ? (int)v : throw Wrong(path, key))],
        _ => throw Wrong(path, key),
    };

    private static DatasetException Wrong(string path, string key) => new(path, $"{key}_labels are not class numbers", "Use a MedMNIST .npz of one label an image");
}
