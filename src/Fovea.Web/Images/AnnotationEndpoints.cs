using System.Globalization;
using System.Text;
using System.Xml.Linq;
using Fovea.Web.Accounts;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Storage;

namespace Fovea.Web.Images;

/// <summary>A lesion that a person framed; original pixels, x right, y down.</summary>
internal sealed record AnnotationBox(double X, double Y, double Width, double Height, string Kind, string? Note = null);

internal sealed record NewAnnotations(IReadOnlyList<AnnotationBox> Boxes);

internal sealed record AnnotationsAnswer(IReadOnlyList<AnnotationBox> Boxes, string? UpdatedAt, string? UpdatedBy);

/// <summary>Boxes that people draw, for training a detector; exported as Pascal VOC.</summary>
internal static class AnnotationEndpoints
{
    private const int MostBoxes = 500;
    // As the data sets and the lesion reader of fovea train name them.
    private static readonly Dictionary<string, string> VocNames = new(StringComparer.Ordinal) { ["hardExudate"] = "hard_exudate", ["softExudate"] = "soft_exudate", ["neovascularisation"] = "new_vessels" };
    private static readonly string[] Kinds = ["microaneurysm", "haemorrhage", "hardExudate", "softExudate", "neovascularisation", "other"];

    public static void Map(IEndpointRouteBuilder api)
    {
        var annotations = api.MapGroup("/images/{id}").WithTags("annotations");
        annotations.MapGet("/annotations", (string id, Database database) => database.ReadAsync(w => ReadAsync(w, id))).ForRoles(Roles.Any);
        annotations.MapPut("/annotations", WriteAsync).ForRoles(Roles.Reading);
        annotations.MapGet("/annotations.xml", VocAsync).ForRoles(Roles.Any).Produces(200, contentType: "application/xml");
    }

    private static async Task<AnnotationsAnswer> ReadAsync(Work work, string id)
    {
        if (await work.ScalarAsync<long>("SELECT COUNT(*) FROM images WHERE id = @id", new { id }) == 0) throw Faults.NotFound("image");
        var row = await work.FirstAsync<Row>("SELECT boxes, updated_at, updated_by FROM annotations WHERE image_id = @id", new { id });
        return row is null ? new AnnotationsAnswer([], null, null) : new AnnotationsAnswer(ServiceJson.Read<List<AnnotationBox>>(row.Boxes), row.UpdatedAt, row.UpdatedBy);
    }

    private static async Task<AnnotationsAnswer> WriteAsync(string id, NewAnnotations body, HttpContext context, Database database)
    {
        if (body.Boxes is null || body.Boxes.Count > MostBoxes) throw Faults.Invalid("boxes", $"up to {MostBoxes} are possible.");
        return await database.WriteAsync(async work =>
        {
            var image = await work.FirstAsync<ImageRow>(ImageRow.Sql + "WHERE i.id = @id", new { id }) ?? throw Faults.NotFound("image");
            AnnotationBox[] boxes = [.. body.Boxes.Select(b => Checked(b, image))];
            await work.ExecuteAsync("INSERT INTO annotations (image_id, boxes, updated_at, updated_by) VALUES (@id, @boxes, @now, @by) ON CONFLICT (image_id) DO UPDATE SET boxes = excluded.boxes, updated_at = excluded.updated_at, updated_by = excluded.updated_by",
                new { id, boxes = ServiceJson.Text(boxes), now = Database.Now, by = Caller.Of(context).Name });
            await AuditLog.AppendAsync(work, Caller.Of(context).Name, "image.annotate", $"image:{id}", new { boxes = boxes.Length });
            return await ReadAsync(work, id);
        });
    }

    private static AnnotationBox Checked(AnnotationBox? box, ImageRow image)
    {
        if (box is null || !double.IsFinite(box.X + box.Y + box.Width + box.Height) || box.X < 0 || box.Y < 0 || box.Width <= 0 || box.Height <= 0 || box.X + box.Width > image.Width || box.Y + box.Height > image.Height)
            throw Faults.Invalid("boxes", "a box must lie within the photograph.");
        if (!Kinds.Contains(box.Kind)) throw Faults.Invalid("boxes", $"the kind is one of {string.Join(", ", Kinds)}.");
        return box with { Note = Hosting.Text.Checked("boxes", box.Note, 0, 200) };
    }

    private static async Task<IResult> VocAsync(string id, HttpContext context, Database database, AuditLog audit)
    {
        var (image, answer) = await database.ReadAsync(async work =>
            (await work.FirstAsync<ImageRow>(ImageRow.Sql + "WHERE i.id = @id", new { id }) ?? throw Faults.NotFound("image"), await ReadAsync(work, id)));
        await audit.AppendAsync(Caller.Of(context).Name, "annotations.export", $"image:{id}");
        static string N(double value) => Math.Round(value).ToString(CultureInfo.InvariantCulture);
        var xml = new XElement("annotation",
            new XElement("filename", image.Name), new XElement("size", new XElement("width", image.Width), new XElement("height", image.Height), new XElement("depth", 3)),
            answer.Boxes.Select(b => new XElement("object", new XElement("name", VocNames.GetValueOrDefault(b.Kind, b.Kind)), new XElement("difficult", 0),
                // VOC counts pixels from 1, both ends in.
                new XElement("bndbox", new XElement("xmin", N(b.X + 1)), new XElement("ymin", N(b.Y + 1)), new XElement("xmax", N(b.X + b.Width)), new XElement("ymax", N(b.Y + b.Height))))));
        return TypedResults.Bytes(Encoding.UTF8.GetBytes(xml.ToString()), "application/xml", Path.GetFileNameWithoutExtension(image.Name) + ".xml");
    }

    internal sealed record Row
    {
        public string Boxes { get; init; } = "";
        public string UpdatedAt { get; init; } = "";
        public string UpdatedBy { get; init; } = "";
    }
}
