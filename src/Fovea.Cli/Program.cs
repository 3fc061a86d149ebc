using System.CommandLine;
using Fovea.Cli.Verbs;
using Fovea.Web.Commands;

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
        QualityVerb.Create(),
        DetectVerb.Create(),
        ModelsVerb.Create(),
        WeightsVerb.Create(),
        PreprocessVerb.Create(),
        ForwardVerb.Create(),
        TrainVerb.Create(),
        SearchVerb.Create(),
        EvaluateVerb.Create(),
        CalibrateVerb.Create(),
        CompareVerb.Create(),
        MetricsVerb.Create(),
        EnsembleVerb.Create(),
        RunsVerb.Create(),
        .. ServiceCommands.Create(ServiceProcess.RunAsync),
    ];

    private static Task<int> Main(string[] args) => new CommandLine(Verbs()).RunAsync(args);
}
