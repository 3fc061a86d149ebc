using Fovea.Web.Accounts;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Images;
using Fovea.Web.Settings;
using Fovea.Web.Storage;

namespace Fovea.Web.Reports;

internal static class ReportEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var report = api.MapGroup("/examinations/{id}").WithTags("reports");
        report.MapGet("/report.html", HtmlAsync).ForRoles(Roles.Any).Produces(200, contentType: "text/html");
        report.MapGet("/report.pdf", PdfAsync).ForRoles(Roles.Any).Produces(200, contentType: "application/pdf");
    }

    private static async Task<IResult> HtmlAsync(string id, HttpContext context, Database database, ImageStore store, SettingsStore settings, AuditLog audit, Drawing drawing)
    {
        var report = await ReadAsync(id, context, Words.Language(context), database, store, settings, audit, drawing);
        var nonce = Secrets.NewToken();
        // The page itself may show it in a frame.
        context.Response.Headers.XFrameOptions = "SAMEORIGIN";
        context.Response.Headers.ContentSecurityPolicy = $"default-src 'none'; img-src data:; style-src 'nonce-{nonce}'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'";
        return TypedResults.Content(HtmlReport.Write(report, nonce), "text/html; charset=utf-8");
    }

    private static async Task<IResult> PdfAsync(string id, HttpContext context, Database database, ImageStore store, SettingsStore settings, AuditLog audit, Drawing drawing, bool download = false)
    {
        var asked = Words.Language(context);
        var report = await ReadAsync(id, context, PdfReport.LanguageOf(asked), database, store, settings, audit, drawing);
        context.Response.Headers.XFrameOptions = "SAMEORIGIN";
        context.Response.Headers.ContentSecurityPolicy = "default-src 'none'; object-src 'self'; frame-ancestors 'self'";
        var name = $"fovea-{report.Examination.Patient.Pseudonym}-{report.Examination.ExaminedOn}.pdf";
        if (!download) context.Response.Headers.ContentDisposition = $"inline; filename=\"{name}\"";
        return TypedResults.Bytes(PdfReport.Write(report, asked), "application/pdf", download ? name : null);
    }

    private static async Task<ReportContent> ReadAsync(
        string id, HttpContext context, string language, Database database, ImageStore store, SettingsStore settings, AuditLog audit, Drawing drawing)
    {
        var caller = Caller.Of(context);
        using var turn = await drawing.EnterAsync(context.RequestAborted);
        var report = await ReportContent.ReadAsync(id, caller, language, database, store, await settings.GetAsync(), context.RequestAborted);
        await audit.AppendAsync(caller.Name, "report.make", $"examination:{id}");
        return report;
    }
}
