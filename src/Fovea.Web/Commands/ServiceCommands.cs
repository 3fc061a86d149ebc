using System.CommandLine;

namespace Fovea.Web.Commands;

/// <summary>What a service verb does with what was typed; the exit code.</summary>
internal delegate Task<int> ServiceCommand(ServiceArguments arguments, CancellationToken cancel);

/// <summary>The words and options of one service verb as they were typed.</summary>
/// <param name="Verb"><c>serve</c>, <c>worker</c>, <c>audit verify</c>, <c>backup</c> or <c>restore</c>.</param>
/// <param name="Values">By the option's or argument's name.</param>
internal sealed record ServiceArguments(string Verb, IReadOnlyDictionary<string, object?> Values)
{
    public T? Get<T>(string name) => Values.TryGetValue(name, out var value) ? (T?)value : default;
}

/// <summary>
/// The verbs of the service. This file is compiled into the fovea command too, which shows their help and starts the service's own process: so that training code is never in a process that serves.
/// </summary>
internal static class ServiceCommands
{
    public static Command[] Create(ServiceCommand run) =>
    [
        Verb("serve", "Run the screening service: a web page and an API. Research software, not a medical device.", run,
            [Urls(), Proxy(), Data(), Model(), OctModel(), Detector(), Database(), Queue(), Page(), FirstPassword(), NoAnalysis(), MostWaiting(), MostBatch(), RequestsPerSecond()]),
        Verb("worker", "Analyse images that other machines' service took in: the same --data (shared), --database and --queue.", run,
            [Data(), Model(), OctModel(), Detector(), Database(), Queue(), HealthUrls(), MostBatch()]),
        new Command("audit", "The record of who saw, changed and exported what.")
        {
            Verb("verify", "Compute the audit log's chain of hashes again.", run, [Data(), Database(), Head(), Json()], "audit verify"),
        },
        Verb("backup", "Copy database and images into a new folder while the service runs.", run, [Data(), Database(), Out()]),
        Verb("restore", "Bring a backup back into an empty data folder.", run, [Data(), Database(), From()]),
    ];

    private static Command Verb(string name, string description, ServiceCommand run, Option[] options, string? full = null)
    {
        var command = new Command(name, description);
        foreach (var option in options) command.Add(option);
        command.SetAction((parse, cancel) => run(new ServiceArguments(full ?? name, options.ToDictionary(o => o.Name, o => Value(parse, o))), cancel));
        return command;
    }

    private static object? Value(ParseResult parse, Option option) => option switch
    {
        Option<bool> flag => parse.GetValue(flag),
        Option<int?> number => parse.GetValue(number),
        Option<string?> text => parse.GetValue(text),
        _ => throw new InvalidOperationException(option.Name),
    };

    private static Option<string?> Text(string name, string description, string help, bool required = false) => new(name) { Description = description, HelpName = help, Required = required };

    private static Option<string?> Urls() => Text("--urls", "Addresses to listen at, parted by semicolons. Default: http://127.0.0.1:5080. Other machines reach it through a proxy with a certificate; docs/operations.md.", "URL");

    private static Option<string?> Proxy() => Text("--proxy", "Address or network (10.0.0.0/24) of a proxy on another machine, whose X-Forwarded headers are believed. Default: only a proxy on this machine's.", "ADDRESS");

    private static Option<string?> HealthUrls() => Text("--urls", "Where the worker answers /health/live and /health/ready. Default: http://127.0.0.1:5081.", "URL");

    private static Option<string?> Data() => Text("--data", "Folder of database and images; made if it is missing. Default: $FOVEA_SERVICE_DATA, else fovea-data.", "DIR");

    private static Option<string?> Model() => Text("--model", "The grading model, one network or an ensemble (.fovea). Default: $FOVEA_MODEL, else the one that ships, models/dr-mobile.fovea.", "FILE");

    private static Option<string?> OctModel() => Text("--oct-model", "A model for OCT scans (.fovea). Default: none; a scan is recognised and said to have no model.", "FILE");

    private static Option<string?> Detector() => Text("--detector", "A lesion detector (.fovea), to mark lesions too. Default: none.", "FILE");

    private static Option<string?> Database() => Text("--database", "postgres://USER:PASSWORD@HOST:PORT/NAME. Default: $FOVEA_DATABASE, else SQLite in the data folder.", "URL");

    private static Option<string?> Queue() => Text("--queue", "amqp://USER:PASSWORD@HOST:PORT, RabbitMQ, for workers. Default: $FOVEA_QUEUE, else within the process.", "URL");

    private static Option<string?> Page() => Text("--page", "Folder of the built page. Default: the one that Fovea came with.", "DIR");

    private static Option<string?> FirstPassword() => Text("--first-password-file", "At the first start, give the administrator this file's first line as password instead of printing a one-time link.", "FILE");

    private static Option<bool> NoAnalysis() => new("--no-analysis") { Description = "Leave the analysis to workers; needs --queue." };

    private static Option<int?> MostWaiting() => new("--most-waiting") { Description = "Images that may wait before uploads are answered 503. Default: 256.", HelpName = "N" };

    private static Option<int?> MostBatch() => new("--most-batch") { Description = "Images graded at once. Default: 8.", HelpName = "N" };

    private static Option<int?> RequestsPerSecond() => new("--requests-per-second") { Description = "Of one user or key; more are answered 429. Default: 100.", HelpName = "N" };

    private static Option<string?> Head() => Text("--head", "A hash that an earlier check printed: it must still be in the log, or its end was cut off.", "HASH");

    private static Option<bool> Json() => new("--json") { Description = "Print results as JSON for machines." };

    private static Option<string?> Out() => Text("--out", "The folder to make.", "DIR", required: true);

    private static Option<string?> From() => Text("--from", "The backup's folder.", "DIR", required: true);
}
