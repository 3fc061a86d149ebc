using System.Text.Json;
using Fovea.Imaging;
using Fovea.Training.Augmentation;
using Fovea.Training.Data.Readers;
using Fovea.Training.MadeUp;

namespace Fovea.Training.Data.Lesions;

/// <summary>
/// Opens a folder of photographs with marked lesions, recognised by what lies in it:
/// IDRiD "A. Segmentation" as published; a VOC development kit (<c>Annotations</c>, <c>JPEGImages</c>, <c>ImageSets/Main</c>); <c>images</c> beside
/// <c>annotations</c>, <c>masks/{MA,HE,EX,SE,OD}</c>, or the <c>truth</c> of made-up retinas; images with labelImg's files among them. Or COCO's JSON, whose images lie beside it or in <c>images</c> there.
/// </summary>
public static class LesionReader
{
    private const string Layouts = "\"A. Segmentation\" of IDRiD, Annotations/ and JPEGImages/, images/ with annotations/, masks/ or truth/, images with .xml files beside them, or COCO's .json";
    private const string PublishedImages = "1. Original Images";
    private const string PublishedMasks = "2. All Segmentation Groundtruths";
    private const long LongestText = 4 << 20;

    /// <summary>The parts in which the development kit's lists divide the images; <c>trainval</c> only where there is nothing finer.</summary>
    private static readonly (string List, SamplePart Part)[] Lists =
        [("train", SamplePart.Training), ("val", SamplePart.Validation), ("test", SamplePart.Test), ("trainval", SamplePart.Training)];

    /// <summary>Where one part of a set keeps what.</summary>
    private sealed record Places(string Images, SamplePart Part)
    {
        public string? Annotations { get; init; }

        public string? Truth { get; init; }

        /// <summary>A folder of masks, what their names have behind the image's, and their kind; null is the disc.</summary>
        public IReadOnlyList<(string Folder, string Suffix, LesionKind? Kind)> Masks { get; init; } = [];

        /// <summary>Parts of images that lists name; those not named have <see cref="Part"/>.</summary>
        public IReadOnlyDictionary<string, SamplePart> Listed { get; init; } = new Dictionary<string, SamplePart>();
    }

    /// <summary>
    /// Boxes beyond the photograph are clipped, those outside, empty or inside out left out, and names that are no lesion's left out, each with a warning; images
    /// that nobody annotated are left out, too. Every image's header is read.
    /// </summary>
    /// <param name="corners">What the numbers of annotations mean; default: see <see cref="VocFile.Read(string, VocCorners?)"/>.</param>
    /// <exception cref="DatasetException">No known layout; an annotation that is damaged, without an image, or of an image of another size; a list that contradicts another.</exception>
    /// <exception cref="UnreadableImageException">An image whose header is damaged.</exception>
    public static LesionSet Open(string path, VocCorners? corners = null)
    {
        try
        {
            var (images, warnings) = (new List<LesionImage>(), new List<string>());
            if (path.EndsWith(".json", StringComparison.OrdinalIgnoreCase) && File.Exists(path)) images.AddRange(Coco(path, warnings));
            else if (!Directory.Exists(path)) throw new DatasetException(path, "no such folder, nor COCO's JSON", "Check the path");
            else foreach (var places in Find(path)) images.AddRange(Read(places, corners, warnings));
            if (images.Count == 0) throw new DatasetException(path, "no image with marked lesions in it", $"Known are {Layouts}");
            if (images.GroupBy(image => image.Id).FirstOrDefault(same => same.Count() > 1) is { } twice)
                throw new DatasetException(path, $"two images are called '{twice.Key}'", "Rename one, with its annotation and masks");
            return new LesionSet(path, [.. images.OrderBy(image => image.Id, StringComparer.Ordinal)], warnings);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(path, "cannot be read", "Check that you may read the folder and everything in it", e);
        }
    }

    private static List<Places> Find(string path)
    {
        if (PublishedFolder.Find(path, f => PublishedFolder.Has(f, PublishedImages) && PublishedFolder.Has(f, PublishedMasks)) is { } idrid) return Idrid(idrid);
        if (PublishedFolder.Find(path, f => Inner(f, "Annotations") is not null && Inner(f, "JPEGImages") is not null) is { } kit)
            return [new Places(Inner(kit, "JPEGImages")!, SamplePart.Unassigned) { Annotations = Inner(kit, "Annotations"), Listed = ReadLists(kit) }];
        if (PublishedFolder.Find(path, f => Inner(f, "images") is not null && (Inner(f, "annotations") ?? Inner(f, "masks") ?? Inner(f, "truth")) is not null) is { } folder)
        {
            var places = new Places(Inner(folder, "images")!, SamplePart.Unassigned) { Annotations = Inner(folder, "annotations"), Truth = Inner(folder, "truth") };
            return [Inner(folder, "masks") is { } masks ? places with { Masks = [.. MaskFolders(masks)] } : places];
        }
        return Directory.EnumerateFiles(path, "*.xml").Any() ? [new Places(path, SamplePart.Unassigned) { Annotations = path }]
            : throw new DatasetException(path, "no known layout of marked lesions", $"Known are {Layouts}");
    }

    private static IEnumerable<(string, string, LesionKind?)> MaskFolders(string masks) =>
        LesionKinds.MaskFolders.Select(pair => (pair.Folder, (LesionKind?)pair.Kind)).Append((LesionKinds.DiscFolder, null))
            .Where(pair => Inner(masks, pair.Item1) is not null).Select(pair => (Inner(masks, pair.Item1)!, "", pair.Item2));

    /// <summary>"a. Training Set", "b. Testing Set"; in the masks' ones "1. Microaneurysms" with IDRiD_01_MA.tif … "5. Optic Disc" with IDRiD_01_OD.tif.</summary>
    private static List<Places> Idrid(string root)
    {
        var all = new List<Places>();
        foreach (var images in Directory.EnumerateDirectories(Path.Combine(root, PublishedImages)).Order(StringComparer.Ordinal))
        {
            var truths = Inner(Path.Combine(root, PublishedMasks), Path.GetFileName(images))
                ?? throw new DatasetException(images, $"no folder of the same name in '{PublishedMasks}'", "Unpack the whole of \"A. Segmentation\"");
            var masks = new List<(string, string, LesionKind?)>();
            foreach (var folder in Directory.EnumerateDirectories(truths).Order(StringComparer.Ordinal))
            {
                var called = Path.GetFileName(folder).TrimStart([.. "0123456789. "]);
                var kind = LesionKinds.Named(called);
                if (kind is null && !called.Equals("Optic Disc", StringComparison.OrdinalIgnoreCase)) continue;
                masks.Add((folder, "_" + (kind is null ? LesionKinds.DiscFolder : LesionKinds.MaskFolders.First(pair => pair.Kind == kind).Folder), kind));
            }
            var isTest = Path.GetFileName(images).Contains("test", StringComparison.OrdinalIgnoreCase);
            all.Add(new Places(images, isTest ? SamplePart.Test : SamplePart.Training) { Masks = masks });
        }
        return all;
    }

    private static Dictionary<string, SamplePart> ReadLists(string kit)
    {
        var (parts, folder) = (new Dictionary<string, SamplePart>(StringComparer.Ordinal), Path.Combine(kit, "ImageSets", "Main"));
        foreach (var (list, part) in Lists)
        {
            var path = Path.Combine(folder, list + ".txt");
            if (!File.Exists(path)) continue;
            RequireShort(path);
            foreach (var line in File.ReadLines(path))
            {
                if (line.Trim() is not { Length: > 0 } name) continue;
                if (!parts.TryAdd(name, part) && parts[name] != part && (list != "trainval" || parts[name] == SamplePart.Test))
                    throw new DatasetException(path, $"'{name}' is in the {parts[name].ToString().ToLowerInvariant()} part, too", "Correct the lists: an image has one part");
            }
        }
        return parts;
    }

    private static List<LesionImage> Read(Places places, VocCorners? corners, List<string> warnings)
    {
        var images = new ImageFolder(places.Images, places.Images);
        var annotations = Annotations(places, images);
        var masks = places.Masks.Select(mask => (Files: new ImageFolder(mask.Folder, mask.Folder), mask.Suffix, mask.Kind)).ToArray();
        var (read, unmarked) = (new List<LesionImage>(), 0);
        foreach (var path in Directory.EnumerateFiles(places.Images).Where(ImageFolder.IsImage).Order(StringComparer.Ordinal))
        {
            var id = Path.GetFileNameWithoutExtension(path);
            var found = masks.Select(mask => (mask.Kind, File: mask.Files.Find(id + mask.Suffix))).Where(mask => mask.File is not null).ToArray();
            var annotation = annotations.GetValueOrDefault(path);
            var truth = places.Truth is { } folder && File.Exists(Path.Combine(folder, id + ".json")) ? Path.Combine(folder, id + ".json") : null;
            if (annotation is null && truth is null && found.Length == 0)
            {
                unmarked++;
                continue;
            }
            var info = ImageFile.Probe(path);
            var (width, height) = info.Orientation >= 5 ? (info.Height, info.Width) : (info.Width, info.Height);
            read.Add(new LesionImage(id, path, width, height)
            {
                Boxes = annotation is not null ? VocBoxes(annotation, path, width, height, corners, warnings) : truth is not null ? TruthBoxes(truth, width, height) : null,
                Masks = masks.Length == 0 ? null : found.Where(mask => mask.Kind is not null).ToDictionary(mask => mask.Kind!.Value, mask => mask.File!),
                DiscMask = found.FirstOrDefault(mask => mask.Kind is null).File,
                Part = places.Listed.GetValueOrDefault(id, places.Part),
                Patient = truth is not null && id.LastIndexOf('_') is > 0 and var end ? id[..end] : null, // `data draw` names PATIENT_EYE
            });
        }
        if (unmarked > 0) Warn(places.Images, $"images with neither an annotation nor a mask, left out: {unmarked}", warnings);
        return read;
    }

    /// <summary>Each image's annotation. Found as labelImg finds it, by the annotation's own name; by the <c>filename</c> in it, beside the others, where there is no such image.</summary>
    private static Dictionary<string, string> Annotations(Places places, ImageFolder images)
    {
        var found = new Dictionary<string, string>(StringComparer.Ordinal);
        if (places.Annotations is not { } folder) return found;
        foreach (var path in Directory.EnumerateFiles(folder, "*.xml").Where(file => Path.GetFileName(file)[0] != '.').Order(StringComparer.Ordinal))
        {
            var image = ByName(Path.GetFileNameWithoutExtension(path)) ?? (VocFile.Read(path).FileName is { } name ? ByName(name) : null)
                ?? throw new DatasetException(path, $"no image of this annotation in {places.Images}", "Put the image there, or remove the annotation");
            if (!found.TryAdd(image, path)) throw new DatasetException(path, $"{Path.GetFileName(found[image])} annotates the same image", "Remove one");
        }
        return found;

        string? ByName(string name) => name.Length > 0 && ImageFolder.IsInside(name) && images.Find(name) is { } image && ImageFolder.IsImage(image) ? image : null;
    }

    private static LesionBox[] VocBoxes(string path, string image, int width, int height, VocCorners? corners, List<string> warnings)
    {
        var annotation = VocFile.Read(path, corners);
        if ((annotation.Width ?? width, annotation.Height ?? height) != (width, height))
            throw new DatasetException(path, $"made for an image of {annotation.Width}x{annotation.Height} pixels, but {Path.GetFileName(image)} has {width}x{height}", "Give the image that was annotated");
        return Checked(path, annotation.Objects, width, height, warnings);
    }

    private static IEnumerable<LesionImage> Coco(string path, List<string> warnings)
    {
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        var files = new ImageFolder(path, folder, Path.Combine(folder, "images"));
        foreach (var listed in CocoFile.Read(path))
        {
            var file = ImageFolder.IsInside(listed.FileName) ? files.Find(listed.FileName) : null;
            if (file is null || !ImageFolder.IsImage(file)) throw new DatasetException(path, $"the image '{DatasetException.OneLine(listed.FileName)}' is not beside it, nor in images", "Put the images there");
            var info = ImageFile.Probe(file);
            var (width, height) = info.Orientation >= 5 ? (info.Height, info.Width) : (info.Width, info.Height);
            if ((listed.Width > 0 && listed.Width != width) || (listed.Height > 0 && listed.Height != height))
                throw new DatasetException(path, $"made for {Path.GetFileName(file)} with {listed.Width}x{listed.Height} pixels, but it has {width}x{height}", "Give the image that was annotated");
            // A crowd stands for many lesions and counts neither way, as a difficult one.
            VocObject[] objects = [.. listed.Objects.Select(o => new VocObject(o.Name, o.Bounds) { Difficult = o.IsCrowd })];
            yield return new LesionImage(Path.GetFileNameWithoutExtension(file), file, width, height) { Boxes = Checked(file, objects, width, height, warnings) };
        }
    }

    /// <summary>The boxes of lesions, within the image; what had to be clipped or left out is said.</summary>
    private static LesionBox[] Checked(string path, IReadOnlyList<VocObject> objects, int width, int height, List<string> warnings)
    {
        var (boxes, clipped, dropped) = (new List<LesionBox>(objects.Count), 0, 0);
        var others = objects.Where(o => LesionKinds.Named(o.Name) is null).ToArray();
        if (others.Length > 0) Warn(path, $"boxes whose name is no lesion's ({Some(others.Select(o => o.Name).Distinct().ToArray())}), left out: {others.Length}", warnings);
        foreach (var marked in objects)
        {
            if (LesionKinds.Named(marked.Name) is not { } kind) continue;
            var (whole, box) = (marked.Bounds, Within(marked.Bounds, kind, width, height));
            if (!(box.Left < box.Right && box.Top < box.Bottom))
            {
                dropped++;
                continue;
            }
            var cut = box != whole with { Kind = (int)kind };
            if (cut) clipped++;
            boxes.Add(new LesionBox(box) { Difficult = marked.Difficult, Truncated = marked.Truncated || cut });
        }
        if (clipped > 0) Warn(path, $"boxes that reach beyond the image, clipped: {clipped}", warnings);
        if (dropped > 0) Warn(path, $"boxes outside the image, empty or inside out, left out: {dropped}", warnings);
        return [.. boxes];
    }

    /// <summary>Names come from outside: never more than a line, and no control characters.</summary>
    private static void Warn(string path, string text, List<string> warnings) => warnings.Add($"{DatasetException.OneLine(path)}: {DatasetException.OneLine(text)}");

    private static string Some(string[] names) => string.Join(", ", names.Take(3).Select(name => $"'{name}'")) + (names.Length > 3 ? ", …" : "");

    private static MarkedBox Within(MarkedBox box, LesionKind kind, int width, int height) =>
        new(Math.Max(0, box.Left), Math.Max(0, box.Top), Math.Min(width, box.Right), Math.Min(height, box.Bottom), (int)kind);

    private static LesionBox[] TruthBoxes(string path, int width, int height)
    {
        const string Remedy = "Draw the set again with fovea data draw";
        RequireShort(path);
        try
        {
            var lesions = JsonSerializer.Deserialize<RetinaTruth>(File.ReadAllBytes(path), MadeUpDataset.Json)?.Lesions ?? throw new DatasetException(path, "no lesions in it", Remedy);
            if (lesions.Any(lesion => lesion is null)) throw new DatasetException(path, "an empty lesion", Remedy);
            var boxes = lesions.Select(l => new LesionBox(new MarkedBox(l.Box.X, l.Box.Y, (double)l.Box.X + l.Box.Width, (double)l.Box.Y + l.Box.Height, (int)l.Kind))).ToArray();
            return boxes.All(b => b.Bounds == Within(b.Bounds, b.Kind, width, height) && b.Bounds.Left < b.Bounds.Right && b.Bounds.Top < b.Bounds.Bottom && Enum.IsDefined(b.Kind)) ? TouchingLesions.Join(boxes)
                : throw new DatasetException(path, "a lesion is outside its image", Remedy);
        }
        catch (JsonException e)
        {
            throw new DatasetException(path, "not the truth of a made-up retina", Remedy, e);
        }
    }

    private static void RequireShort(string path)
    {
        if (new FileInfo(path).Length > LongestText) throw new DatasetException(path, "too large", $"Such files have at most {LongestText >> 20} MiB");
    }

    /// <summary>The folder of a name, whatever its case; null: none.</summary>
    private static string? Inner(string folder, string name) =>
        Directory.EnumerateDirectories(folder).Order(StringComparer.Ordinal).FirstOrDefault(inner => Path.GetFileName(inner).Equals(name, StringComparison.OrdinalIgnoreCase));
}
