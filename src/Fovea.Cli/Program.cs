using System.CommandLine;
using Fovea.Cli.Verbs;

namespace Fovea.Cli;

internal static class Program
{
    /// <summary>Every verb of the command, in the order in which the help lists them. A new verb is a file in Verbs/ and a line here.</summary>
    internal static Command[] Verbs() =>
    [
        DemoVerb.Create(),
        DoctorVerb.Create(),
        DataVerb.Create(),
        GradeVerb.Create(),
        ExplainVerb.Create(),
        DetectVerb.Create(),
        ModelsVerb.Create(),
        WeightsVerb.Create(),
        PreprocessVerb.Create(),
        ForwardVerb.Create(),
        TrainVerb.Create(),
        EvaluateVerb.Create(),
        MetricsVerb.Create(),
    ];

    private static Task<int> Main(string[] args) => new CommandLine(Verbs()).RunAsync(args);
}
