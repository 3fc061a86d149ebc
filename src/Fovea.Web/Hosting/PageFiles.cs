using System.Net;
using Microsoft.Extensions.FileProviders;

namespace Fovea.Web.Hosting;

/// <summary>The browser's page: files of a folder, and its index.html for every address that is a place in the page.</summary>
internal static class PageFiles
{
    private const string Policy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; worker-src 'self' blob:; frame-src 'self' blob:; manifest-src 'self'; form-action 'none'; base-uri 'none'; frame-ancestors 'none'";

    /// <summary>Headers of every answer; an endpoint that needs others sets its own.</summary>
    public static Task AddHeaders(HttpContext context, RequestDelegate next)
    {
        var headers = context.Response.Headers;
        headers.XContentTypeOptions = "nosniff";
        headers.XFrameOptions = "DENY";
        headers.ContentSecurityPolicy = Policy;
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";
        headers["Cross-Origin-Resource-Policy"] = "same-origin";
        headers["Permissions-Policy"] = "camera=(), microphone=(), geolocation=()";
        if (context.Request.IsHttps) headers.StrictTransportSecurity = "max-age=31536000";
        if (context.Request.Path.StartsWithSegments("/api")) headers.CacheControl = "no-store";
        return next(context);
    }

    private static bool IsBuilt(string folder) => File.Exists(Path.Combine(folder, "index.html"));

    /// <summary>The bundle's files. Before routing: once an endpoint is chosen, and <see cref="Map"/> chooses one for every address, files are not looked for.</summary>
    public static void UseFiles(WebApplication app, string folder)
    {
        if (!IsBuilt(folder)) return;
        app.UseStaticFiles(new StaticFileOptions
        {
            FileProvider = new PhysicalFileProvider(Path.GetFullPath(folder)),
            // Names of the bundle's parts hold their hash.
            OnPrepareResponse = file => file.Context.Response.Headers.CacheControl = file.Context.Request.Path.StartsWithSegments("/page") ? "public, max-age=31536000, immutable" : "no-cache",
        });
    }

    public static void Map(WebApplication app, string folder)
    {
        if (!IsBuilt(folder))
        {
            app.MapGet("/", () => TypedResults.Content(Notice, "text/html; charset=utf-8")).AllowAnonymous().ExcludeFromDescription();
            return;
        }
        var index = Path.Combine(Path.GetFullPath(folder), "index.html");
        app.MapGet("/{**path}", (HttpContext context, string? path) =>
        {
            if (path is not null && (path.Contains('.', StringComparison.Ordinal) || path.StartsWith("api/", StringComparison.OrdinalIgnoreCase) || path is "api"
                || path.StartsWith("openapi/", StringComparison.OrdinalIgnoreCase) || path.StartsWith("health/", StringComparison.OrdinalIgnoreCase))) return Results.NotFound();
            context.Response.Headers.CacheControl = "no-store";
            return Results.File(index, "text/html; charset=utf-8");
        }).AllowAnonymous().ExcludeFromDescription();
    }

    private static readonly string Notice = $"""
        <!doctype html>
        <html lang="en">
        <head><meta charset="utf-8"><title>Fovea</title></head>
        <body>
          <main>
            <h1>Fovea</h1>
            <p><strong>Research software, not a medical device.</strong> Its results must not guide the care of a patient.</p>
            <p>Version {WebUtility.HtmlEncode(Build.Version)}. The page is not built: eng/page.sh builds it, with Node.js 20 or newer. The programming interface is described at /openapi/v1.json.</p>
          </main>
        </body>
        </html>
        """;
}
