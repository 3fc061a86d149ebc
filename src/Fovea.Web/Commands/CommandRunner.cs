using Fovea.Models;
using Fovea.Torch.Files;
using Fovea.Web.Accounts;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Storage;

namespace Fovea.Web.Commands;

/// <summary>Runs the verbs; what goes wrong leaves as one line on stderr and an exit code as the fovea command's.</summary>
internal static class CommandRunner
{
    private const int Ok = 0, Bug = 1, Usage = 2, Unreadable = 3, BadModel = 5;

    public static async Task<int> RunAsync(ServiceArguments arguments, CancellationToken cancel)
    {
        try
        {
            return arguments.Verb switch
            {
                "serve" => await ServeAsync(OptionsOf(arguments, worker: false)),
                "worker" => await ServeAsync(OptionsOf(arguments, worker: true)),
                "audit verify" => await VerifyAsync(arguments),
                "backup" => await Backup.WriteAsync(OptionsOf(arguments, worker: false), arguments.Get<string>("--out")!, cancel),
                _ => await Backup.RestoreAsync(OptionsOf(arguments, worker: false), arguments.Get<string>("--from")!, cancel),
            };
        }
        catch (Exception e)
        {
            var (code, line) = e switch
            {
                ServiceException or RequestException => (Usage, e.Message),
                ModelFileException or WeightsFormatException => (BadModel, e.Message),
                IOException { InnerException: Microsoft.AspNetCore.Connections.AddressInUseException } => (Usage, "--urls: the address is in use. Stop the other program, or give another address."),
                IOException or UnauthorizedAccessException => (Unreadable, $"{e.Message} Check the path and its permissions."),
                System.Data.Common.DbException => (Unreadable, $"the database: {e.Message} Check --database, and that it runs."),
                _ => (Bug, $"Bug in fovea: {e.GetType().Name}: {e.Message} Please report this."),
            };
            Console.Error.WriteLine(line.ReplaceLineEndings(" "));
            return code;
        }
    }

    private static async Task<int> ServeAsync(ServiceOptions options)
    {
        await using var app = await ScreeningService.CreateAsync(options);
        var database = app.Services.GetRequiredService<Database>();
        var link = options.IsWorkerOnly ? null : await Users.EnsureFirstAsync(database, FirstPassword(options));
        await app.StartAsync();
        var models = app.Services.GetRequiredService<Analysis.LoadedModels>();
        if (options.Analyses && options.Model is not null) await models.GradingAsync(CancellationToken.None);
        var address = app.Urls.FirstOrDefault() ?? options.Urls;
        Console.Out.WriteLine($"Fovea {(options.IsWorkerOnly ? "works" : "serves")} at {address}. Research software, not a medical device.");
        if (link is not null) Console.Out.WriteLine($"First start: open {address}/welcome#{link} within 24 hours to choose the administrator's password.");
        await app.WaitForShutdownAsync();
        return Ok;
    }

    private static string? FirstPassword(ServiceOptions options) => options.FirstPasswordFile is null ? null : File.ReadLines(options.FirstPasswordFile).FirstOrDefault() ?? "";

    private static async Task<int> VerifyAsync(ServiceArguments arguments)
    {
        using var database = await OpenAsync(OptionsOf(arguments, worker: false));
        var check = await new AuditLog(database).CheckAsync(arguments.Get<string>("--head"));
        Console.Out.WriteLine(arguments.Get<bool>("--json") ? ServiceJson.Text(check) : $"audit log: {check.Text}; last hash {check.LastHash}");
        return check.Ok ? Ok : Unreadable;
    }

    /// <exception cref="ServiceException">There is no database yet.</exception>
    internal static async Task<Database> OpenAsync(ServiceOptions options)
    {
        if (options.DatabaseUrl is null && !File.Exists(options.DatabaseFile)) throw new ServiceException($"{options.Data}: no service's data folder. Give the folder of `fovea serve` by --data.");
        var database = Database.Of(options);
        await SchemaMigrations.RunAsync(database);
        return database;
    }

    private static ServiceOptions OptionsOf(ServiceArguments arguments, bool worker)
    {
        var queue = arguments.Get<string>("--queue") ?? Variable("FOVEA_QUEUE");
        var model = arguments.Get<string>("--model") ?? Variable("FOVEA_MODEL") ?? (File.Exists(ShippedModels.Grader) ? ShippedModels.Grader : null);
        if (arguments.Verb is "serve" or "worker" && model is null)
            throw new ServiceException($"--model: no model is given, FOVEA_MODEL is not set and {ShippedModels.Grader} is missing. Make one with `fovea demo` or `fovea train`, then give --model FILE.");
        if (worker && queue is null) throw new ServiceException("--queue: a worker needs one. Give amqp://USER:PASSWORD@HOST:PORT.");
        var noAnalysis = arguments.Get<bool>("--no-analysis");
        if (noAnalysis && queue is null) throw new ServiceException("--no-analysis: nobody would analyse. Give --queue amqp://… and start `fovea worker`.");
        return new ServiceOptions
        {
            Data = arguments.Get<string>("--data") ?? Variable("FOVEA_SERVICE_DATA") ?? "fovea-data",
            Model = model,
            OctModel = arguments.Get<string>("--oct-model"),
            Detector = arguments.Get<string>("--detector"),
            Urls = arguments.Get<string>("--urls") ?? (worker ? "http://127.0.0.1:5081" : ServiceOptions.DefaultUrls),
            Proxy = ProxyOf(arguments.Get<string>("--proxy")),
            DatabaseUrl = arguments.Get<string>("--database") ?? Variable("FOVEA_DATABASE"),
            QueueUrl = queue,
            PageFolder = arguments.Get<string>("--page"),
            FirstPasswordFile = arguments.Get<string>("--first-password-file"),
            IsWorkerOnly = worker,
            Analyses = !noAnalysis,
            MostWaiting = InRange("--most-waiting", arguments.Get<int?>("--most-waiting"), 1, 100_000, 256),
            MostBatch = InRange("--most-batch", arguments.Get<int?>("--most-batch"), 1, 32, 8),
            RequestsPerSecond = InRange("--requests-per-second", arguments.Get<int?>("--requests-per-second"), 1, 100_000, 100),
        };
    }

    private static System.Net.IPNetwork? ProxyOf(string? text)
    {
        if (text is null) return null;
        if (System.Net.IPNetwork.TryParse(text, out var network)) return network;
        return System.Net.IPAddress.TryParse(text, out var address) ? new System.Net.IPNetwork(address, 8 * address.GetAddressBytes().Length)
            : throw new ServiceException($"--proxy: '{text}' is no address and no network. Give one as 10.0.0.5 or 10.0.0.0/24.");
    }

    private static int InRange(string option, int? value, int low, int high, int standard) =>
        value is null ? standard : value >= low && value <= high ? value.Value : throw new ServiceException($"{option}: {value} is out of range. Give {low} to {high}.");

    private static string? Variable(string name) => Environment.GetEnvironmentVariable(name) is { Length: > 0 } value ? value : null;
}
