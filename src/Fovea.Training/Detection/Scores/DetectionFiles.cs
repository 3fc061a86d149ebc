using Fovea.Detection;
using Fovea.Training.Augmentation;
using Fovea.Training.Data;
using Fovea.Training.Data.Lesions;

namespace Fovea.Training.Detection.Scores;

/// <summary>
/// Truth and found boxes from files of any program: COCO's JSON, or a folder of Pascal VOC annotations. Images are matched by file name without folder and ending; labels are taken as they are written.
/// </summary>
public static class DetectionFiles
{
    /// <param name="truth">A COCO file or a folder of .xml files.</param>
    /// <param name="found">Likewise; boxes have a score. COCO's list of results goes with a COCO truth. An image that is not in it has nothing found in it.</param>
    /// <param name="corners">What the numbers of VOC files mean; default: see <see cref="VocFile.Read(string, VocCorners?)"/>.</param>
    /// <exception cref="DatasetException">Not readable; two images of one name; a found image that the truth does not have.</exception>
    public static DetectionTable Read(string truth, string found, VocCorners? corners = null)
    {
        var labels = new List<string>();
        var there = Directory.Exists(truth) ? ReadVoc(truth, corners) : [.. CocoFile.Read(truth)];
        var results = Directory.Exists(found) ? ReadVoc(found, corners)
            : Directory.Exists(truth) ? [.. CocoFile.ReadResults(found, found)] : [.. CocoFile.ReadResults(found, truth)];
        var byName = ByName(results, found);
        var names = ByName(there, truth);
        if (byName.Keys.FirstOrDefault(name => !names.ContainsKey(name)) is { } foreign)
            throw new DatasetException(found, $"boxes of '{foreign}', an image that {truth} does not have", "Give boxes and truth of the same images");
        int Label(string name)
        {
            var index = labels.IndexOf(name);
            if (index < 0) labels.Add(name);
            return index < 0 ? labels.Count - 1 : index;
        }
        var images = new List<DetectionImage>();
        foreach (var (name, image) in names)
        {
            Marked[] marked = [.. image.Objects.Where(o => ToBox(o.Bounds).HasArea).Select(o => new Marked(ToBox(o.Bounds), Label(o.Name), o.IsCrowd))];
            Found[] boxes = byName.TryGetValue(name, out var result)
                ? [.. result.Objects.Where(o => ToBox(o.Bounds).HasArea).Select(o => new Found(ToBox(o.Bounds), Label(o.Name), o.Score ?? throw new DatasetException(found, $"a box of '{name}' without a score", "Give boxes that a detector found")))]
                : [];
            images.Add(new DetectionImage(name, marked, boxes));
        }
        return new DetectionTable(labels, images);
    }

    private static Box ToBox(MarkedBox b) => new((float)b.Left, (float)b.Top, (float)b.Right, (float)b.Bottom);

    private static List<CocoImage> ReadVoc(string folder, VocCorners? corners)
    {
        var images = new List<CocoImage>();
        foreach (var path in Directory.EnumerateFiles(folder, "*.xml").Where(f => Path.GetFileName(f)[0] != '.').Order(StringComparer.Ordinal))
        {
            var annotation = VocFile.Read(path, corners);
            images.Add(new CocoImage(images.Count, Path.GetFileName(path), annotation.Width ?? 0, annotation.Height ?? 0,
                [.. annotation.Objects.Select(o => new CocoObject(o.Name, o.Bounds, o.Difficult, o.Score))]));
        }
        return images.Count > 0 ? images : throw new DatasetException(folder, "no .xml file in it", "Give a folder of Pascal VOC annotations, or COCO's JSON");
    }

    private static Dictionary<string, CocoImage> ByName(IReadOnlyList<CocoImage> images, string path)
    {
        var names = new Dictionary<string, CocoImage>(StringComparer.Ordinal);
        foreach (var image in images)
            if (!names.TryAdd(Path.GetFileNameWithoutExtension(image.FileName.Replace('\\', '/')), image))
                throw new DatasetException(path, $"two images are called '{Path.GetFileNameWithoutExtension(image.FileName)}'", "Rename one");
        return names.Count > 0 ? names : throw new DatasetException(path, "no image in it", "Give annotations of at least one image");
    }
}
