using System.CommandLine;
using System.CommandLine.Invocation;
using Fovea.Web;
using Fovea.Web.Commands;

// Started by ./fovea for the verbs serve, worker, audit, backup and restore.
var root = new RootCommand("The screening service of Fovea. Research software, not a medical device.");
foreach (var verb in ServiceCommands.Create(CommandRunner.RunAsync)) root.Add(verb);
var parse = root.Parse(args);
if (parse.Errors.Count > 0)
{
    Console.Error.WriteLine($"{parse.CommandResult.Command.Name}: {parse.Errors[0].Message} `fovea {parse.CommandResult.Command.Name} --help` shows what there is.");
    return 2;
}
// The web host takes Ctrl-C and SIGTERM itself.
return await parse.InvokeAsync(new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null });
