using System.Globalization;
using System.Text;
using Fovea.Web.Accounts;
using Fovea.Web.Analysis;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Images;
using Fovea.Web.Patients;
using Fovea.Web.Review;
using Fovea.Web.Storage;

namespace Fovea.Web.Export;

/// <summary>One image as researchers get it.</summary>
internal sealed record ExportLine(
    string Pseudonym, string Examination, string ExaminedOn, string Image, string? Eye, ImageKind? Kind, string? Outcome, int? Grade, IReadOnlyList<double>? Probabilities, IReadOnlyList<int>? Set, bool Unsure,
    string Review, long? FinalGrade, bool FinalUngradable, IReadOnlyList<string> Reviews, string? Model, string? AnalysedAt);

/// <summary>The worklist's images as a table, with its filters.</summary>
internal static class ExportEndpoints
{
    private const int MostExaminations = 100_000;

    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/export.json", async (HttpContext context, Database database, AuditLog audit) => new Items<ExportLine>(await ReadAsync(context, database, audit, "json"))).WithTags("export").ForRoles(Roles.Exporting);
        api.MapGet("/export.csv", async (HttpContext context, Database database, AuditLog audit) =>
            TypedResults.Bytes(Encoding.UTF8.GetBytes(Csv(await ReadAsync(context, database, audit, "csv"))), "text/csv; charset=utf-8", "fovea-export.csv")).WithTags("export").ForRoles(Roles.Exporting);
    }

    private static async Task<List<ExportLine>> ReadAsync(HttpContext context, Database database, AuditLog audit, string form)
    {
        var caller = Caller.Of(context);
        var (where, values) = WorklistFilter.Of(context).Where(caller);
        values["most"] = (long)MostExaminations;
        var lines = await database.ReadAsync(async work =>
        {
            var rows = await work.QueryAsync<Row>(
                $"SELECT i.id, i.eye, i.review, i.final_grade, i.final_ungradable, r.outcome, r.body, r.analysed_at, e.id AS examination, e.examined_on, p.pseudonym FROM (SELECT e.* FROM examinations e JOIN patients p ON p.id = e.patient_id WHERE {where} ORDER BY e.created_at LIMIT @most) e JOIN patients p ON p.id = e.patient_id JOIN images i ON i.examination_id = e.id LEFT JOIN results r ON r.image_id = i.id ORDER BY e.created_at, i.id", values);
            var result = new List<ExportLine>();
            foreach (var row in rows)
            {
                var body = row.Body is null ? null : ServiceJson.Read<AnalysisResult>(row.Body);
                // Blind readers must not find the first reader's grade in a table.
                var reviews = row.Review == ReviewStates.Final ? await work.QueryAsync<ReviewRow>("SELECT * FROM reviews WHERE image_id = @Id ORDER BY position", new { row.Id }) : [];
                result.Add(new ExportLine(row.Pseudonym, row.Examination, row.ExaminedOn, row.Id, row.Eye, body?.Kind, row.Outcome, body?.Grade, body?.Probabilities, body?.Set, body?.UnsureReasons.Count > 0,
                    row.Review, row.FinalGrade, row.FinalUngradable != 0, [.. reviews.Select(r => $"{r.Role}: {(r.Ungradable != 0 ? "ungradable" : r.Grade?.ToString(CultureInfo.InvariantCulture))}")],
                    body?.Model.Sha256, row.AnalysedAt));
            }
            return result;
        });
        await audit.AppendAsync(caller.Name, "export", "worklist", new { form, images = lines.Count, query = context.Request.Query.Keys.Where(WorklistFilter.Names.Contains) });
        return lines;
    }

    private static string Csv(IEnumerable<ExportLine> lines)
    {
        var text = new StringBuilder("pseudonym,examination,examined_on,image,eye,kind,outcome,grade,p0,p1,p2,p3,p4,set,unsure,review,final_grade,final_ungradable,reviews,model_sha256,analysed_at\r\n");
        foreach (var l in lines)
        {
            string?[] cells =
            [
                l.Pseudonym, l.Examination, l.ExaminedOn, l.Image, l.Eye, l.Kind?.ToString().ToLowerInvariant(), l.Outcome, Number(l.Grade), .. Enumerable.Range(0, 5).Select(k => l.Probabilities is { } p && k < p.Count ? Number(p[k]) : null),
                l.Set is null ? null : string.Join(' ', l.Set), l.Unsure ? "true" : "false", l.Review, Number(l.FinalGrade), l.FinalUngradable ? "true" : "false", string.Join("; ", l.Reviews), l.Model, l.AnalysedAt,
            ];
            text.AppendJoin(',', cells.Select(Cell)).Append("\r\n");
        }
        return text.ToString();
    }

    private static string? Number(IFormattable? value) => value?.ToString(null, CultureInfo.InvariantCulture);

    /// <summary>Quoted, and harmless in a spreadsheet: a cell that begins like a formula gets an apostrophe.</summary>
    internal static string Cell(string? text)
    {
        if (string.IsNullOrEmpty(text)) return "";
        if (text[0] is '=' or '+' or '@' or '\t' or '\r' || (text[0] == '-' && !double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _))) text = "'" + text;
        return text.AsSpan().IndexOfAny("\",\r\n") < 0 ? text : $"\"{text.Replace("\"", "\"\"", StringComparison.Ordinal)}\"";
    }

    internal sealed record Row
    {
        public string Id { get; init; } = "";
        public string? Eye { get; init; }
        public string Review { get; init; } = "";
        public long? FinalGrade { get; init; }
        public long FinalUngradable { get; init; }
        public string? Outcome { get; init; }
        public string? Body { get; init; }
        public string? AnalysedAt { get; init; }
        public string Examination { get; init; } = "";
        public string ExaminedOn { get; init; } = "";
        public string Pseudonym { get; init; } = "";
    }
}
