using System.Text.Json;
using System.Text.Json.Serialization;
using Fovea.Torch.Files;
using Fovea.Training.Augmentation;

namespace Fovea.Training.Data.Lesions;

/// <summary>One image of a COCO file.</summary>
/// <param name="Width">Pixels; 0 where the file does not say.</param>
/// <param name="Height">Pixels; 0 where the file does not say.</param>
public sealed record CocoImage(long Id, string FileName, int Width, int Height, IReadOnlyList<CocoObject> Objects);

/// <summary>One annotation, or one found box.</summary>
/// <param name="Name">Its category's.</param>
/// <param name="Bounds">Pixels, x right, y down, half-open; not compared with the image.</param>
/// <param name="IsCrowd">Stands for many things, and counts neither way.</param>
/// <param name="Score">Of a found box; null for truth.</param>
public sealed record CocoObject(string Name, MarkedBox Bounds, bool IsCrowd = false, double? Score = null);

/// <summary>Reads and writes the JSON of COCO (Lin et al. 2014, arXiv 1405.0312): boxes alone, masks and key points are passed over.</summary>
public static class CocoFile
{
    private const long LongestFile = 256L << 20;
    private const int MostBoxes = 5_000_000;
    private const double LargestNumber = 1_000_000;
    private const string Remedy = "Give COCO's JSON, as its tools write it";

    private static readonly JsonSerializerOptions Options = new(JsonSerializerDefaults.Web)
    {
        DefaultIgnoreCondition = JsonIgnoreCondition.WhenWritingNull, NumberHandling = JsonNumberHandling.Strict, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower, PropertyNameCaseInsensitive = false,
    };

    private sealed record Document(List<Picture>? Images, List<Annotation>? Annotations, List<Category>? Categories);

    private sealed record Picture(long Id, string? FileName, int Width, int Height);

    private sealed record Annotation(long Id, long ImageId, long CategoryId, double[]? Bbox, double? Area, int Iscrowd, double? Score);

    private sealed record Category(long Id, string? Name);

    /// <summary>Reads a whole set: <c>images</c>, <c>annotations</c>, <c>categories</c>. At most 256 MiB and 5 million boxes.</summary>
    /// <exception cref="DatasetException">Missing, too large, no JSON, or an annotation of no image, no category, or without four numbers.</exception>
    public static IReadOnlyList<CocoImage> Read(string path)
    {
        var document = Parse<Document>(path);
        if (document is not { Images: { } images, Categories: { } categories }) throw new DatasetException(path, "no 'images' and 'categories' in it", Remedy);
        return Join(path, images, categories, document.Annotations ?? []);
    }

    /// <summary>Reads boxes that were found: COCO's list of results, whose images and categories are the truth's, or a whole set with scores.</summary>
    /// <param name="truth">The file with the truth.</param>
    /// <exception cref="DatasetException">As <see cref="Read"/>; a result of another set; a box without a score.</exception>
    public static IReadOnlyList<CocoImage> ReadResults(string path, string truth)
    {
        IReadOnlyList<CocoImage> read;
        if (IsList(path))
        {
            var known = Parse<Document>(truth);
            if (known is not { Images: { } images, Categories: { } categories }) throw new DatasetException(truth, "no 'images' and 'categories' in it", Remedy);
            read = Join(path, images, categories, Parse<List<Annotation>>(path));
        }
        else
        {
            read = Read(path);
        }
        if (read.Any(image => image.Objects.Any(o => o.Score is null))) throw new DatasetException(path, "a box without a 'score'", "Give boxes that a detector found");
        return read;
    }

    /// <summary>Writes a set, whole or not at all. Categories are numbered from 1 in the order given.</summary>
    /// <exception cref="ArgumentException">An object's name is not among the categories.</exception>
    public static void Write(string path, IReadOnlyList<CocoImage> images, IReadOnlyList<string> categories)
    {
        ArgumentNullException.ThrowIfNull(images);
        var numbers = categories.Select((name, i) => (name, Number: i + 1L)).ToDictionary(c => c.name, c => c.Number);
        var annotations = images.SelectMany(image => image.Objects.Select(o => (image, o))).Select((pair, i) => new Annotation(i + 1, pair.image.Id,
            numbers.TryGetValue(pair.o.Name, out var number) ? number : throw new ArgumentException($"'{pair.o.Name}' is none of the categories", nameof(categories)),
            [pair.o.Bounds.Left, pair.o.Bounds.Top, pair.o.Bounds.Right - pair.o.Bounds.Left, pair.o.Bounds.Bottom - pair.o.Bounds.Top], pair.o.Bounds.Area, pair.o.IsCrowd ? 1 : 0, pair.o.Score));
        var document = new Document([.. images.Select(i => new Picture(i.Id, i.FileName, i.Width, i.Height))], [.. annotations], [.. categories.Select(c => new Category(numbers[c], c))]);
        AtomicFile.Write(path, stream => JsonSerializer.Serialize(stream, document, Options));
    }

    private static List<CocoImage> Join(string path, List<Picture> images, List<Category> categories, List<Annotation> annotations)
    {
        if (annotations.Count > MostBoxes) throw new DatasetException(path, $"more than {MostBoxes} boxes", "Divide the set");
        var names = new Dictionary<long, string>();
        foreach (var category in categories)
            if (category is not { Name: { Length: > 0 and <= 100 } name } || !names.TryAdd(category.Id, name)) throw new DatasetException(path, "a category without a name, or two of one id", Remedy);
        var objects = new Dictionary<long, List<CocoObject>>();
        foreach (var image in images)
            if (image is not { FileName: { Length: > 0 and <= 1000 }, Width: >= 0, Height: >= 0 } || !objects.TryAdd(image.Id, [])) throw new DatasetException(path, "an image without a file name, or two of one id", Remedy);
        foreach (var a in annotations)
        {
            if (a is null) throw new DatasetException(path, "an empty annotation", Remedy);
            if (!objects.TryGetValue(a.ImageId, out var list)) throw new DatasetException(path, $"annotation {a.Id} is of image {a.ImageId}, which is not there", Remedy);
            if (!names.TryGetValue(a.CategoryId, out var name)) throw new DatasetException(path, $"annotation {a.Id} is of category {a.CategoryId}, which is not there", Remedy);
            if (a.Bbox is not [var x, var y, var w, var h] || a.Bbox.Any(v => !(Math.Abs(v) <= LargestNumber))) throw new DatasetException(path, $"the 'bbox' of annotation {a.Id} is not four numbers of at most {LargestNumber:0}", Remedy);
            if (a.Score is { } score && !double.IsFinite(score)) throw new DatasetException(path, $"the 'score' of annotation {a.Id} is no number", Remedy);
            list.Add(new CocoObject(name, new MarkedBox(x, y, x + w, y + h), a.Iscrowd != 0, a.Score));
        }
        return [.. images.Select(i => new CocoImage(i.Id, i.FileName!, i.Width, i.Height, objects[i.Id]))];
    }

    private static bool IsList(string path)
    {
        using var stream = Open(path);
        int b;
        do b = stream.ReadByte();
        while (b is ' ' or '\n' or '\r' or '\t' or 0xEF or 0xBB or 0xBF);
        return b == '[';
    }

    private static T Parse<T>(string path)
    {
        try
        {
            using var stream = Open(path);
            return JsonSerializer.Deserialize<T>(stream, Options) ?? throw new DatasetException(path, "empty", Remedy);
        }
        catch (JsonException e)
        {
            throw new DatasetException(path, $"not COCO's JSON{(e.LineNumber is { } line ? $" (line {line + 1})" : "")}", Remedy, e);
        }
        catch (IOException e)
        {
            throw new DatasetException(path, "cannot be read", "Check the path and its permissions", e);
        }
    }

    private static FileStream Open(string path)
    {
        try
        {
            var stream = File.OpenRead(path);
            if (stream.Length <= LongestFile) return stream;
            stream.Dispose();
            throw new DatasetException(path, $"too large ({new FileInfo(path).Length >> 20} MiB)", $"Divide the set; a file has at most {LongestFile >> 20} MiB");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(path, "cannot be read", "Check the path and its permissions", e);
        }
    }
}
