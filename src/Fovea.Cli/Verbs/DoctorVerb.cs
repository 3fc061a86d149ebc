using System.CommandLine;

namespace Fovea.Cli.Verbs;

/// <summary>Says what this machine and this installation have, what is missing, and how to get it.</summary>
internal static class DoctorVerb
{
    public static Command Create()
    {
        var json = JsonOutput.Option();
        return new Command("doctor", "Show versions, processor and GPU features, memory, what is missing and how to get it.") { json }
            .Runs((parse, _) => 0);
    }
}
