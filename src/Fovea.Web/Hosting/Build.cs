using System.Reflection;

namespace Fovea.Web.Hosting;

internal static class Build
{
    /// <summary><c>0.1.0+commit</c>.</summary>
    public static string Version { get; } = typeof(Build).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";
}
