using System.CommandLine;
using System.CommandLine.Help;
using System.CommandLine.Invocation;
using System.CommandLine.Parsing;
using System.Globalization;
using System.Reflection;
using System.Runtime.InteropServices;

namespace Fovea.Cli;

/// <summary>
/// Parses, runs one verb, and turns whatever happens into an exit code and at most one line on stderr.
/// Ctrl-C (and SIGTERM) cancels the verb's token, so that a training can save its state; a second one stops the process at once.
/// </summary>
internal sealed class CommandLine
{
    private readonly Command root = new("fovea", "Fovea trains, measures, explains and serves deep networks for retinal images. Research software, not a medical device.");
    private readonly TextWriter error;
    private readonly Option<bool> verbose = new("--verbose") { Description = "Show the stack of an error, and more of what is done.", Recursive = true };

    /// <param name="error">Where the line about a failure goes; stderr when null.</param>
    public CommandLine(IEnumerable<Command> verbs, TextWriter? error = null)
    {
        this.error = error ?? Console.Error;
        // Not RootCommand: that one is named after the assembly, and its help also answers to /h and /?, which are legal paths here.
        root.Options.Add(new HelpOption("--help", "-h") { Recursive = true });
        root.Options.Add(new VersionOption { Action = new VersionAction() });
        root.Options.Add(verbose);
        foreach (var verb in verbs)
            root.Add(verb);
    }

    /// <summary>The version of this build: <c>0.1.0+commit</c>, or <c>0.1.0</c> when it was built outside a git checkout.</summary>
    public static string Version { get; } =
        typeof(CommandLine).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion ?? "unknown";

    /// <summary>What is wrong with these arguments, in one line, or null when they can be run.</summary>
    public string? Check(string[] args) => UsageError(Parse(args));

    // No response files: "@photo.jpg" is a file name.
    private ParseResult Parse(string[] args) => root.Parse(args, new ParserConfiguration { ResponseFileTokenReplacer = null });

    public async Task<int> RunAsync(string[] args)
    {
        var parse = Parse(args);
        if (parse.Action is not HelpAction and not VersionAction)
        {
            if (UsageError(parse) is { } line)
                return Fail(ExitCodes.Usage, line);
            if (parse.CommandResult.Command is { Action: null })
            {
                // "fovea" or "fovea data" alone: the list of what could follow, but not success, since nothing was done.
                root.Parse([.. args, "--help"]).Invoke(new InvocationConfiguration { Output = error });
                return ExitCodes.Usage;
            }
        }
        using var interrupt = new CancellationTokenSource();
        using var sigint = PosixSignalRegistration.Create(PosixSignal.SIGINT, signal => Interrupt(signal, interrupt));
        using var sigterm = PosixSignalRegistration.Create(PosixSignal.SIGTERM, signal => Interrupt(signal, interrupt));
        var configuration = new InvocationConfiguration { EnableDefaultExceptionHandler = false, ProcessTerminationTimeout = null };
        try
        {
            return await parse.InvokeAsync(configuration, interrupt.Token);
        }
        // The boundary of the process: everything that a verb lets go is reported here, nothing is swallowed.
        catch (Exception exception)
        {
            var (code, line) = ExitCodes.Of(exception);
            if (parse.GetValue(verbose))
                error.WriteLine(exception);
            return Fail(code, line);
        }
    }

    private int Fail(int code, string line)
    {
        error.WriteLine(line);
        return code;
    }

    private void Interrupt(PosixSignalContext signal, CancellationTokenSource interrupt)
    {
        if (interrupt.IsCancellationRequested)
            Environment.Exit(ExitCodes.Interrupted);
        signal.Cancel = true;
        error.WriteLine("Stopping; once more to stop at once.");
        interrupt.Cancel();
    }

    /// <summary>What is wrong with the line as typed, with the nearest name where one is near; null when nothing is.</summary>
    private static string? UsageError(ParseResult parse)
    {
        var command = parse.CommandResult.Command;
        var help = $"`{Path(parse.CommandResult)} --help` shows what there is.";
        if (parse.UnmatchedTokens.Concat(OptionsTakenForValues(parse)).FirstOrDefault() is { } unknown)
        {
            var isOption = unknown.StartsWith('-');
            var kind = isOption ? "option" : command.Subcommands.Count > 0 ? "verb" : "argument";
            var names = isOption ? OptionNames(parse.CommandResult) : command.Subcommands.Select(verb => verb.Name);
            var near = NearestName.Of(unknown, names) is { } name ? $"Did you mean {name}? " : "";
            var reason = kind == "argument" ? "one argument too many" : $"no {kind} of `{Path(parse.CommandResult)}`";
            return $"{unknown}: {reason}. {near}{help}";
        }
        // A group without its verb is answered with the group's help by the caller.
        if (command is { Action: null, Subcommands.Count: > 0 })
            return null;
        return parse.Errors.Count > 0 ? $"{Path(parse.CommandResult)}: {parse.Errors[0].Message} {help}" : null;
    }

    /// <summary>The library hands an unknown "--option" to any argument that still takes values; here it is a slip of the pen unless it comes after "--".</summary>
    private static IEnumerable<string> OptionsTakenForValues(ParseResult parse)
    {
        if (parse.Tokens.Any(token => token.Type == TokenType.DoubleDash))
            return [];
        return parse.CommandResult.Children
            .SelectMany(child => child.Tokens)
            .Where(token => token.Type == TokenType.Argument && token.Value.Length > 1 && token.Value[0] == '-' && !IsNumber(token.Value))
            .Select(token => token.Value);
    }

    private static bool IsNumber(string text) => double.TryParse(text, NumberStyles.Float, CultureInfo.InvariantCulture, out _);

    private static IEnumerable<string> OptionNames(CommandResult result)
    {
        var own = result.Command.Options.Select(option => option.Name);
        for (var parent = result.Parent as CommandResult; parent is not null; parent = parent.Parent as CommandResult)
            own = own.Concat(parent.Command.Options.Where(option => option.Recursive).Select(option => option.Name));
        return own;
    }

    private static string Path(CommandResult result) =>
        result.Parent is CommandResult parent ? $"{Path(parent)} {result.Command.Name}" : "fovea";

    private sealed class VersionAction : SynchronousCommandLineAction
    {
        public override int Invoke(ParseResult parseResult)
        {
            Console.Out.WriteLine($"fovea {Version}");
            return ExitCodes.Ok;
        }
    }
}
