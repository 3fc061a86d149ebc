using System.Globalization;
using System.Text;
using System.Xml;
using Fovea.Torch.Files;
using Fovea.Training.Augmentation;

namespace Fovea.Training.Data.Lesions;

/// <summary>What the numbers of a <c>bndbox</c> mean. Files do not say; they differ by one pixel at the left and at the top.</summary>
public enum VocCorners
{
    /// <summary>
    /// PASCAL VOC (Everingham et al. 2010, development kit) and files made from masks: the first and the last pixel that the box covers, counted from 1. An image
    /// of width W is covered by 1…W.
    /// </summary>
    Pixels,

    /// <summary>labelImg: where the mouse was, so the edges themselves, counted from 0. An image of width W is covered by 0…W (labelImg writes 1 for 0).</summary>
    Edges,
}

/// <summary>One <c>object</c>.</summary>
/// <param name="Name">As the file says.</param>
/// <param name="Bounds">Pixels, x right, y down, edges counted from 0 whatever the file's convention; not compared with the image, perhaps inside out.</param>
public sealed record VocObject(string Name, MarkedBox Bounds)
{
    public bool Difficult { get; init; }

    public bool Truncated { get; init; }

    /// <summary>A detector's confidence, which VOC has no place for: an element of its own, passed over by labelImg. Null for truth.</summary>
    public double? Score { get; init; }
}

/// <summary>One annotation file of PASCAL VOC. Its <c>path</c>, the image's place on the annotator's machine, is never looked at.</summary>
/// <param name="FileName">The image's name without folders; null where the file has none.</param>
/// <param name="Width">Pixels; null where the file does not say.</param>
/// <param name="Height">Pixels; null where the file does not say.</param>
public sealed record VocAnnotation(string? FileName, int? Width, int? Height, IReadOnlyList<VocObject> Objects);

/// <summary>Reads and writes PASCAL VOC annotations, labelImg's among them.</summary>
public static class VocFile
{
    private const string Remedy = "Correct the file, or annotate the image again";
    private const int LongestFile = 4 << 20;
    private const int MostObjects = 20_000;
    private const int Deepest = 16;
    private const int LongestName = 100;
    private const double LargestNumber = 1_000_000;

    /// <summary>labelImg's word in <c>source/database</c>.</summary>
    private const string LabelImgDatabase = "Unknown";

    private static readonly string[] ImageFields = ["filename", "source/database", "size/width", "size/height"];
    private static readonly string[] ObjectFields = ["name", "truncated", "difficult", "score", "bndbox/xmin", "bndbox/ymin", "bndbox/xmax", "bndbox/ymax"];

    private static readonly XmlReaderSettings Settings = new()
    {
        DtdProcessing = DtdProcessing.Prohibit, XmlResolver = null, MaxCharactersInDocument = LongestFile, MaxCharactersFromEntities = 1024,
    };

    /// <summary>At most 4 MiB, 20,000 objects, numbers to a million. Nothing that the file names is opened.</summary>
    /// <param name="corners">Default: edges where <c>source/database</c> is labelImg's <c>Unknown</c>, else pixels counted from 1.</param>
    /// <exception cref="DatasetException">Missing, too large, no XML, with a DTD, no annotation, or an object without a name or a corner.</exception>
    public static VocAnnotation Read(string path, VocCorners? corners = null)
    {
        try
        {
            using var stream = File.OpenRead(path);
            if (stream.Length > LongestFile) throw new DatasetException(path, $"too large ({stream.Length >> 20} MiB)", $"An annotation has at most {LongestFile >> 20} MiB");
            return Read(stream, path, corners);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new DatasetException(path, "cannot be read", "Check the path and its permissions", e);
        }
    }

    /// <param name="name">What messages call it.</param>
    internal static VocAnnotation Read(Stream stream, string name, VocCorners? corners = null)
    {
        try
        {
            using var reader = XmlReader.Create(stream, Settings);
            var (image, objects) = Fields(reader, name);
            var edges = corners ?? (image.GetValueOrDefault("source/database") == LabelImgDatabase ? VocCorners.Edges : VocCorners.Pixels);
            var file = image.GetValueOrDefault("filename")?.Split('/', '\\')[^1].Trim();
            return new VocAnnotation(string.IsNullOrEmpty(file) ? null : file, Size(image, "size/width", name), Size(image, "size/height", name),
                [.. objects.Select((fields, i) => Object(fields, edges, $"object {i + 1}", name))]);
        }
        // An encoding that .NET does not know or no longer reads is one of the last two.
        catch (Exception e) when (e is XmlException or NotSupportedException or ArgumentException)
        {
            throw new DatasetException(name, $"not readable as XML ({e.Message.TrimEnd('.')})", Remedy, e);
        }
    }

    /// <summary>The texts of the known elements, by their paths below the annotation and below each object. Read as a stream: a deep document costs no stack.</summary>
    private static (Dictionary<string, string> Image, List<Dictionary<string, string>> Objects) Fields(XmlReader reader, string name)
    {
        var (image, objects, path) = (new Dictionary<string, string>(), new List<Dictionary<string, string>>(), new string[Deepest]);
        while (reader.Read())
        {
            if (reader.NodeType == XmlNodeType.Element)
            {
                if (reader.Depth >= Deepest) throw new DatasetException(name, $"elements nested more than {Deepest} deep", Remedy);
                path[reader.Depth] = reader.LocalName;
                if (reader.Depth == 0 && path[0] != "annotation") throw new DatasetException(name, $"not a Pascal VOC annotation: it begins with <{path[0]}>", "Give a file that begins with <annotation>");
                if (reader.Depth != 1 || path[1] != "object") continue;
                objects.Add([]);
                if (objects.Count > MostObjects) throw new DatasetException(name, $"more than {MostObjects} objects", "Divide the image and its annotation");
            }
            else if (reader.NodeType is XmlNodeType.Text or XmlNodeType.CDATA && reader.Depth > 1)
            {
                var inObject = path[1] == "object";
                var field = string.Join('/', path[(inObject ? 2 : 1)..reader.Depth]);
                if (!(inObject ? ObjectFields : ImageFields).Contains(field)) continue;
                if (!(inObject ? objects[^1] : image).TryAdd(field, reader.Value.Trim()))
                    throw new DatasetException(name, $"'{field}' stands twice{(inObject ? $" in object {objects.Count}" : "")}", Remedy);
            }
        }
        return (image, objects);
    }

    private static VocObject Object(Dictionary<string, string> fields, VocCorners corners, string which, string file)
    {
        var first = corners == VocCorners.Pixels ? 1 : 0;
        var bounds = new MarkedBox(Corner("xmin") - first, Corner("ymin") - first, Corner("xmax"), Corner("ymax"));
        var name = Text("name");
        if (name.Length > LongestName) throw new DatasetException(file, $"the name of {which} has more than {LongestName} letters", Remedy);
        return new VocObject(name, bounds) { Difficult = Flag("difficult"), Truncated = Flag("truncated"), Score = fields.TryGetValue("score", out var score) ? Number(score, $"'score' of {which}", file) : null };

        string Text(string field) => fields.GetValueOrDefault(field) is { Length: > 0 } text ? text : throw new DatasetException(file, $"{which} has no '{field}'", Remedy);

        double Corner(string side) => Number(Text("bndbox/" + side), $"'{side}' of {which}", file);

        // labelImg leaves them out in old versions, and others write words.
        bool Flag(string field) => fields.GetValueOrDefault(field)?.ToLowerInvariant() is "1" or "true" or "yes";
    }

    private static int? Size(Dictionary<string, string> image, string field, string file)
    {
        if (!image.TryGetValue(field, out var text)) return null;
        var size = Number(text, $"'{field}'", file);
        // labelImg and others write 0 where they did not know.
        return size == 0 ? null : size > 0 && size == Math.Floor(size) ? (int)size : throw new DatasetException(file, $"'{field}' is {text}, not a number of pixels", Remedy);
    }

    private static double Number(string text, string what, string file) =>
        double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out var number) && Math.Abs(number) <= LargestNumber
            ? number : throw new DatasetException(file, $"{what} is '{text}', not a number of at most {LargestNumber:0}", Remedy);

    /// <summary>
    /// Writes labelImg's dialect, whole or not at all: edges counted from 0, rounded to whole pixels, the larger for a box that would become empty. What
    /// <see cref="Read(string, VocCorners?)"/> reads again is the same, when the edges are whole.
    /// </summary>
    /// <exception cref="ArgumentException">A name or file name with characters that XML cannot hold.</exception>
    /// <exception cref="IOException">The folder does not exist, or the disk is full.</exception>
    public static void Write(string path, VocAnnotation annotation)
    {
        ArgumentNullException.ThrowIfNull(annotation);
        AtomicFile.Write(path, stream =>
        {
            using var xml = XmlWriter.Create(stream, new XmlWriterSettings { Indent = true, IndentChars = "\t", OmitXmlDeclaration = true, Encoding = new UTF8Encoding(false) });
            xml.WriteStartElement("annotation");
            if (annotation.FileName is { } file) xml.WriteElementString("filename", file);
            xml.WriteStartElement("source");
            xml.WriteElementString("database", LabelImgDatabase);
            xml.WriteEndElement();
            xml.WriteStartElement("size");
            Value("width", annotation.Width ?? 0);
            Value("height", annotation.Height ?? 0);
            Value("depth", 3);
            xml.WriteEndElement();
            Value("segmented", 0);
            foreach (var marked in annotation.Objects)
            {
                xml.WriteStartElement("object");
                xml.WriteElementString("name", marked.Name);
                xml.WriteElementString("pose", "Unspecified");
                Value("truncated", marked.Truncated ? 1 : 0);
                Value("difficult", marked.Difficult ? 1 : 0);
                if (marked.Score is { } score) xml.WriteElementString("score", score.ToString("0.######", CultureInfo.InvariantCulture));
                xml.WriteStartElement("bndbox");
                var ((left, right), (top, bottom)) = (Whole(marked.Bounds.Left, marked.Bounds.Right), Whole(marked.Bounds.Top, marked.Bounds.Bottom));
                Value("xmin", left);
                Value("ymin", top);
                Value("xmax", right);
                Value("ymax", bottom);
                xml.WriteEndElement();
                xml.WriteEndElement();
            }
            xml.WriteEndElement();

            void Value(string name, int value) => xml.WriteElementString(name, value.ToString(CultureInfo.InvariantCulture));
        });
    }

    private static (int First, int Last) Whole(double first, double last)
    {
        var (a, b) = ((int)Math.Round(first), (int)Math.Round(last));
        return a < b || first >= last ? (a, b) : ((int)Math.Floor(first), (int)Math.Ceiling(last));
    }
}
