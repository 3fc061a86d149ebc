using Microsoft.AspNetCore.OpenApi;

namespace Fovea.Web.Hosting;

/// <summary>What /openapi/v1.json says beside the endpoints.</summary>
internal static class OpenApiDescription
{
    public static void Configure(OpenApiOptions options) => options.AddDocumentTransformer((document, _, _) =>
    {
        document.Info.Title = "Fovea screening service";
        document.Info.Version = Build.Version;
        document.Info.Description =
            "Research software, not a medical device. Programs send Authorization: Bearer fovea_…; pages use the session cookie, and X-CSRF-Token with every change. Faults are application/problem+json with a code.";
        return Task.CompletedTask;
    });
}
