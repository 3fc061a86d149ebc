using System.Globalization;
using System.Text;
using Fovea.Imaging;
using Fovea.Quality;
using Fovea.Training.Data;
using Fovea.Training.Evaluation.Report;

namespace Fovea.Training.Inspection.Page;

/// <summary>The thumbnails of an inspection's page: copies side by side, faults, classes. Each gallery is bounded and says what it leaves out.</summary>
internal sealed class PagePictures(Dataset dataset, DatasetInspection d, InspectionPass pass, ulong seed, HtmlPage page)
{
    private const int MostCopies = 60, MostInCopy = 6, FaultGallery = 21, ClassGallery = 14, MostClasses = 40, DotSide = 72;

    private IEnumerable<int> Readable => Enumerable.Range(0, pass.Facts.Length).Where(i => pass.Facts[i] is not null);

    /// <summary>Values of a quantity for <see cref="DistributionChart"/>.</summary>
    public (string, string, double[] Values)[] ByPart(string quantity) =>
        [.. d.Parts.Select((p, i) => (d.Parts.Count == 1 ? "all" : p.Part, $"p{i}", Values: Values(quantity, s => SampleParts.NameOf(s.Part) == p.Part))).Where(g => g.Values.Length > 0)];

    /// <inheritdoc cref="ByPart"/>
    public (string, string, double[] Values)[] ByClass(string quantity) =>
        [.. d.Classes.Select(k => (InspectionPage.ClassName(d, k.Class), $"c{k.Class % InspectionPage.Colours}", Values: Values(quantity, s => s.Label == k.Class))).Where(g => g.Values.Length > 0)];

    public void Copies()
    {
        CopiedImages[] copies = [.. d.ExactDuplicates.Concat(d.NearDuplicates).OrderByDescending(c => c.Contradict)];
        page.Section("Copies", copies.Length == 0 ? "No picture occurs twice." : "The same picture under two names; those with different classes first.", "copies");
        if (copies.Length == 0) return;
        var markup = new StringBuilder("<div class=\"pairs\">");
        foreach (var c in copies.Take(MostCopies))
        {
            markup.Append(CultureInfo.InvariantCulture, $"<div class=\"pair{(c.Contradict ? " bad" : "")}\"><div>");
            foreach (var id in c.Images.Take(MostInCopy))
            {
                var i = dataset.Find(id)!.Value;
                var part = d.Parts.Count > 1 ? $" · {SampleParts.NameOf(dataset.Samples[i].Part)}" : "";
                Figure(markup, i, pass.Thumbnails[i], $"<b>{HtmlPage.Escape(InspectionPage.ClassName(d, dataset.Samples[i].Label) + part)}</b>{HtmlPage.Escape(id)}");
            }
            // A mirrored copy may have distance 0 without being equal.
            var kind = !d.ExactDuplicates.Contains(c) ? string.Create(CultureInfo.InvariantCulture, $"{(c.Mirroring == Mirroring.None ? "alike" : "mirrored copies")}, distance {c.Distance:0.000}") : "equal pixels";
            var more = c.Images.Count > MostInCopy ? $", {c.Images.Count - MostInCopy} more" : "";
            markup.Append(CultureInfo.InvariantCulture, $"</div><p>{(c.Contradict ? "different classes, " : "")}{kind}{more}</p></div>");
        }
        page.Markup(markup.Append("</div>").ToString());
        LeftOut(copies.Length - MostCopies, "copies");
    }

    public void Faults()
    {
        foreach (var reason in Enum.GetValues<QualityReason>())
            Gallery(DatasetInspection.Name(reason), f => f.Quality.Problems.Any(p => p.Reason == reason), f => Measured(f.Quality.Measures, reason));
        foreach (var framing in Enum.GetValues<FieldFraming>().Where(f => f is not FieldFraming.Unknown))
            Gallery(DatasetInspection.Name(framing), f => f.Quality.Measures.Framing == framing, f => string.Create(CultureInfo.InvariantCulture, $"field {f.Quality.Measures.FieldShare:P0}"));
    }

    private static string Measured(QualityMeasures m, QualityReason reason) => reason switch
    {
        QualityReason.TooSmall => string.Create(CultureInfo.InvariantCulture, $"field {m.FieldDiameter:0} px"),
        QualityReason.TooDark or QualityReason.Overexposed => string.Create(CultureInfo.InvariantCulture, $"brightness {m.Brightness:0} of 255"),
        QualityReason.Blurred => string.Create(CultureInfo.InvariantCulture, $"detail {m.Sharpness:0.00} %"),
        QualityReason.ColourCast => string.Create(CultureInfo.InvariantCulture, $"green/red {m.GreenToRed:0.00}, blue/red {m.BlueToRed:0.00}"),
        _ => string.Create(CultureInfo.InvariantCulture, $"field {m.FieldShare:P0}"),
    };

    public void Classes()
    {
        page.Section("Galleries", "Images of each class, chosen by chance, in colour and in grey.", "galleries");
        foreach (var c in d.Classes.Take(MostClasses))
        {
            int[] found = [.. Readable.Where(i => dataset.Samples[i].Label == c.Class)];
            if (found.Length == 0) continue;
            page.Markup($"<h3>{HtmlPage.Escape(InspectionPage.ClassName(d, c.Class))}</h3>");
            var chosen = Chosen(found, ClassGallery);
            Thumbs(chosen, i => dataset.Samples[i].Id, i => pass.Thumbnails[i]);
            Thumbs(chosen, _ => "", i => pass.Thumbnails[i] is { } colour ? Grey(colour) : null);
            LeftOut(found.Length - ClassGallery, "images");
        }
    }

    /// <summary>Thumbnails that the script shows, in the order of the plots' points.</summary>
    public void Dots(IEnumerable<string> ids)
    {
        var thumbs = ids.Select(id => pass.Thumbnails[dataset.Find(id)!.Value] is { } jpeg ? $"\"{Convert.ToBase64String(Smaller(jpeg))}\"" : "null");
        page.Markup($"<script type=\"application/json\" id=\"thumbs\">[{string.Join(',', thumbs)}]</script>");
    }

    private void Gallery(string kind, Func<ImageFacts, bool> belongs, Func<ImageFacts, string> caption)
    {
        int[] found = [.. Readable.Where(i => belongs(pass.Facts[i]!))];
        if (found.Length == 0) return;
        page.Markup($"<h3>{HtmlPage.Escape(InspectionPage.Title(kind))}</h3>");
        Thumbs(Chosen(found, FaultGallery), i => $"{dataset.Samples[i].Id}: {caption(pass.Facts[i]!)}", i => pass.Thumbnails[i]);
        LeftOut(found.Length - FaultGallery, "images");
    }

    private double[] Values(string quantity, Func<Sample, bool> belongs)
    {
        var of = ImageFacts.Quantities.Single(q => q.Name == quantity).Of;
        return [.. Readable.Where(i => belongs(dataset.Samples[i])).Select(i => of(pass.Facts[i]!)).OfType<double>()];
    }

    private int[] Chosen(int[] from, int most) => [.. InspectionPass.Sample(from.Length, most, seed).Select(i => from[i])];

    private void Thumbs(int[] images, Func<int, string> caption, Func<int, byte[]?> picture)
    {
        var markup = new StringBuilder("<div class=\"thumbs\">");
        foreach (var i in images) Figure(markup, i, picture(i), HtmlPage.Escape(caption(i)));
        page.Markup(markup.Append("</div>").ToString());
    }

    private void Figure(StringBuilder markup, int i, byte[]? jpeg, string caption)
    {
        markup.Append("<figure>");
        if (jpeg is not null)
            markup.Append(CultureInfo.InvariantCulture, $"<img loading=\"lazy\" alt=\"{HtmlPage.Escape(dataset.Samples[i].Id)}\" src=\"data:image/jpeg;base64,{Convert.ToBase64String(jpeg)}\">");
        markup.Append(caption.Length > 0 ? $"<figcaption>{caption}</figcaption></figure>" : "</figure>");
    }

    private void LeftOut(int number, string what)
    {
        if (number > 0) page.Note($"{number} more {what} are not shown.");
    }

    private static byte[] Grey(byte[] jpeg) => ImageCodec.Encode(ImageCodec.Decode(jpeg, "thumbnail", new DecodeOptions { Grey = true }), ImageFormat.Jpeg, 75);

    private static byte[] Smaller(byte[] jpeg)
    {
        var image = ImageCodec.Decode(jpeg, "thumbnail");
        var scale = Math.Min(1, (double)DotSide / Math.Max(image.Width, image.Height));
        return ImageCodec.Encode(image.Resize(Math.Max(1, (int)(image.Width * scale)), Math.Max(1, (int)(image.Height * scale)), Interpolation.Area), ImageFormat.Jpeg, 65);
    }
}
