using System.CommandLine;

namespace Fovea.Cli;

/// <summary>How verbs are tied to their code.</summary>
internal static class VerbExtensions
{
    /// <summary>
    /// Sets what the verb does. Verbs compute, so they are plain methods that return an exit code; they look at the token between steps
    /// (<c>ThrowIfCancellationRequested</c> ends the process with 130) and throw what goes wrong (<see cref="ExitCodes"/>).
    /// </summary>
    public static Command Runs(this Command command, Func<ParseResult, CancellationToken, int> run)
    {
        command.SetAction((parse, cancel) => Task.FromResult(run(parse, cancel)));
        return command;
    }
}
