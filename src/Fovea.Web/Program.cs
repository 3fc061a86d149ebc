using Fovea.Web;

var builder = WebApplication.CreateBuilder(args);
builder.Services.AddProblemDetails();
builder.Services.AddHealthChecks();

var app = builder.Build();
// Every error leaves as application/problem+json, those of unknown routes too; no stack trace leaves at all.
app.UseExceptionHandler();
app.UseStatusCodePages();
app.Use((context, next) =>
{
    var headers = context.Response.Headers;
    headers.XContentTypeOptions = "nosniff";
    headers.XFrameOptions = "DENY";
    headers.ContentSecurityPolicy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'";
    headers["Referrer-Policy"] = "no-referrer";
    return next(context);
});
app.MapGet("/", () => TypedResults.Content(FrontPage.Html, "text/html; charset=utf-8"));
app.MapHealthChecks("/healthz");
app.MapGet("/api/v1/version", () => TypedResults.Ok(new VersionInfo(FrontPage.Version)));
app.Run();
