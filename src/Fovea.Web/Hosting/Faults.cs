using Microsoft.AspNetCore.Mvc;

namespace Fovea.Web.Hosting;

/// <summary>A request that cannot be done; becomes a problem document. Thrown where it is found, also inside a transaction, which then does nothing.</summary>
internal sealed class RequestException(int status, string code, string detail) : Exception(detail)
{
    public int Status { get; } = status;

    /// <summary>For machines, e.g. <c>already-reviewed</c>.</summary>
    public string Code { get; } = code;

    /// <summary>More members of the problem document.</summary>
    public Dictionary<string, object?> Members { get; } = [];

    public TimeSpan? RetryAfter { get; init; }
}

internal static class Faults
{
    public static RequestException NotFound(string what) => new(404, "not-found", $"{what}: there is none with this id. Go back to the list.");

    public static RequestException Invalid(string field, string reason) =>
        new(400, "invalid", $"{field}: {reason}") { Members = { ["errors"] = new Dictionary<string, string[]> { [field] = [reason] } } };

    public static RequestException Conflict(string code, string detail) => new(409, code, detail);

    public static RequestException Busy(string detail, int seconds) => new(503, "busy", detail) { RetryAfter = TimeSpan.FromSeconds(seconds) };

    public static async Task WriteAsync(HttpContext context, int status, string code, string detail, IReadOnlyDictionary<string, object?>? members = null, TimeSpan? retryAfter = null)
    {
        context.Response.StatusCode = status;
        if (retryAfter is { } wait) context.Response.Headers.RetryAfter = ((int)Math.Ceiling(wait.TotalSeconds)).ToString(System.Globalization.CultureInfo.InvariantCulture);
        var problem = new ProblemDetails { Status = status, Type = "about:blank", Title = Microsoft.AspNetCore.WebUtilities.ReasonPhrases.GetReasonPhrase(status), Detail = detail };
        problem.Extensions["code"] = code;
        problem.Extensions["traceId"] = System.Diagnostics.Activity.Current?.TraceId.ToString() ?? context.TraceIdentifier;
        foreach (var (key, value) in members ?? new Dictionary<string, object?>()) problem.Extensions[key] = value;
        await context.Response.WriteAsJsonAsync(problem, ServiceJson.Options, "application/problem+json", context.RequestAborted);
    }
}

/// <summary>Every fault leaves as application/problem+json, those of unknown routes too; no stack trace, path or SQL leaves at all.</summary>
internal sealed partial class FaultMiddleware(RequestDelegate next, ILogger<FaultMiddleware> log)
{
    public async Task InvokeAsync(HttpContext context)
    {
        try
        {
            await next(context);
            // Nothing is written yet where routing found nothing.
            if (context.Response is { HasStarted: false, StatusCode: >= 400, ContentLength: null, ContentType: null })
                await Faults.WriteAsync(context, context.Response.StatusCode, CodeOf(context.Response.StatusCode), TextOf(context.Response.StatusCode));
        }
        catch (Exception e) when (!context.Response.HasStarted)
        {
            switch (e)
            {
                case RequestException fault:
                    await Faults.WriteAsync(context, fault.Status, fault.Code, fault.Message, fault.Members, fault.RetryAfter);
                    break;
                case BadHttpRequestException bad:
                    await Faults.WriteAsync(context, bad.StatusCode, CodeOf(bad.StatusCode), TextOf(bad.StatusCode));
                    break;
                case InvalidDataException:
                    await Faults.WriteAsync(context, 400, "invalid", "the request: its parts are damaged or too long. Send it again.");
                    break;
                case FileNotFoundException or DirectoryNotFoundException when context.Request.RouteValues.ContainsKey("id"):
                    // Deleted while it was asked for, or lost from the disk, which whoever runs the service must hear of.
                    LogMissing(log, context.GetEndpoint()?.DisplayName ?? "", context.Request.RouteValues["id"]?.ToString() ?? "");
                    await Faults.WriteAsync(context, 404, "not-found", "image: its file is not there. If it was not deleted, whoever runs the service has a backup.");
                    break;
                case OperationCanceledException when context.RequestAborted.IsCancellationRequested:
                    break;
                default:
                    LogFault(log, e.GetType().Name, context.GetEndpoint()?.DisplayName ?? "", e);
                    await Faults.WriteAsync(context, 500, "bug", "the service: an error of its own. Try again; if it stays, give the trace id to whoever runs the service.");
                    break;
            }
        }
    }

    private static string CodeOf(int status) => status switch
    {
        400 => "invalid", 401 => "not-signed-in", 403 => "forbidden", 404 => "not-found", 405 => "method-not-allowed", 409 => "conflict", 413 => "too-large", 415 => "unsupported-media-type",
        429 => "rate-limited", 503 => "busy", _ => "error",
    };

    private static string TextOf(int status) => status switch
    {
        400 => "the request: it is not what this address takes. See /openapi/v1.json.",
        404 => "the address: there is nothing here. See /openapi/v1.json.",
        405 => "the method: this address does not take it. See /openapi/v1.json.",
        413 => "the request: too large. Send fewer or smaller files.",
        415 => "the content type: this address does not take it. See /openapi/v1.json.",
        _ => "the request: refused.",
    };

    [LoggerMessage(Level = LogLevel.Warning, Message = "A file is missing: {Endpoint} of {Id}")]
    private static partial void LogMissing(ILogger logger, string endpoint, string id);

    // The exception's text stays out of the log where it may hold what a client sent.
    [LoggerMessage(Level = LogLevel.Error, Message = "{Kind} in {Endpoint}")]
    private static partial void LogFault(ILogger logger, string kind, string endpoint, Exception exception);
}
