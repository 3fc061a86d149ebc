using System.Net;
using System.Reflection;

namespace Fovea.Web;

/// <summary>What a browser sees at <c>/</c>: what this is, and what it is not.</summary>
internal static class FrontPage
{
    /// <summary><c>0.1.0+commit</c>.</summary>
    public static string Version { get; } =
        typeof(FrontPage).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    public static string Html { get; } = $$"""
        <!doctype html>
        <html lang="en">
        <head>
          <meta charset="utf-8">
          <meta name="viewport" content="width=device-width, initial-scale=1">
          <title>Fovea</title>
          <style>body { font: 1rem/1.5 system-ui, sans-serif; max-width: 40rem; margin: 3rem auto; padding: 0 1rem; color: #1a1a1a; background: #fff }</style>
        </head>
        <body>
          <main>
            <h1>Fovea</h1>
            <p><strong>Research software, not a medical device.</strong> Its results must not guide the care of a patient.</p>
            <p>Version {{WebUtility.HtmlEncode(Version)}}</p>
          </main>
        </body>
        </html>
        """;
}

/// <summary>The answer of <c>GET /api/v1/version</c>.</summary>
/// <param name="Version"><c>0.1.0+commit</c>.</param>
internal sealed record VersionInfo(string Version);
