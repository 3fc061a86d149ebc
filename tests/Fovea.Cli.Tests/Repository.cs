namespace Fovea.Cli.Tests;

/// <summary>The checkout that these tests were built in.</summary>
internal static class Repository
{
    public static string Root { get; } = FindRoot(AppContext.BaseDirectory);

    private static string FindRoot(string folder) =>
        File.Exists(Path.Combine(folder, "Fovea.slnx")) ? folder
        : FindRoot(Path.GetDirectoryName(folder) ?? throw new InvalidOperationException("The tests do not run inside a checkout of Fovea."));
}
