using Fovea.Web.Accounts;
using Fovea.Web.Analysis;
using Fovea.Web.Audit;
using Fovea.Web.Dashboard;
using Fovea.Web.Export;
using Fovea.Web.Images;
using Fovea.Web.Models;
using Fovea.Web.Patients;
using Fovea.Web.Queue;
using Fovea.Web.Reports;
using Fovea.Web.Review;
using Fovea.Web.Settings;
using Fovea.Web.Storage;
using Microsoft.AspNetCore.Authentication;
using Microsoft.AspNetCore.Authorization;
using Microsoft.AspNetCore.DataProtection;
using Microsoft.AspNetCore.HttpOverrides;
using OpenTelemetry;
using OpenTelemetry.Metrics;
using OpenTelemetry.Trace;

namespace Fovea.Web.Hosting;

/// <summary>Puts the service together: what there is (services), what happens to a request (pipeline), and what can be asked (endpoints).</summary>
internal static class ScreeningService
{
    private static readonly TimeSpan TimeToStop = TimeSpan.FromSeconds(30);

    /// <exception cref="ServiceException">It cannot start as asked; the message says why.</exception>
    public static async Task<WebApplication> CreateAsync(ServiceOptions options)
    {
        Directory.CreateDirectory(options.Data);
        KeepThreadsForRequests(options);
        var models = new LoadedModels(options); // loads while the rest starts
        var database = Database.Of(options);
        await SchemaMigrations.RunAsync(database);
        var builder = WebApplication.CreateBuilder(new WebApplicationOptions { ContentRootPath = AppContext.BaseDirectory });
        builder.WebHost.UseUrls(options.Urls.Split(';', StringSplitOptions.RemoveEmptyEntries));
        builder.WebHost.ConfigureKestrel(kestrel =>
        {
            kestrel.AddServerHeader = false;
            // Of all but uploads, which say how much more they take: nobody who is not signed in may send more.
            kestrel.Limits.MaxRequestBodySize = 1 << 20;
        });
        AddServices(builder, options, models, database);
        var app = builder.Build();
        UsePipeline(app, options);
        return app;
    }

    /// <summary>
    /// Decoders and grader hold a thread of the pool for tens of milliseconds at a time. The pool starts with one a processor and adds others slowly: without more from the start, requests waited for the analysis they had to feed.
    /// </summary>
    private static void KeepThreadsForRequests(ServiceOptions options)
    {
        ThreadPool.GetMinThreads(out var workers, out var ports);
        ThreadPool.SetMinThreads(Math.Max(workers, 2 * Environment.ProcessorCount + options.Decoders + 1 + options.MostUploads), ports);
    }

    private static void AddServices(WebApplicationBuilder builder, ServiceOptions options, LoadedModels models, Database database)
    {
        var services = builder.Services;
        builder.Logging.ClearProviders().AddSimpleConsole(console => (console.SingleLine, console.UseUtcTimestamp, console.TimestampFormat) = (true, true, "yyyy-MM-ddTHH:mm:ss.fffZ "));
        // Requests are not logged: their addresses hold ids, and their answers are the patients'.
        builder.Logging.AddFilter("Microsoft", LogLevel.Warning).AddFilter("System", LogLevel.Warning).AddFilter("Fovea", LogLevel.Information).AddFilter("Fovea.Web.Accounts", LogLevel.Warning).AddFilter("Microsoft.AspNetCore.DataProtection", LogLevel.Error);
        services.Configure<HostOptions>(host => host.ShutdownTimeout = TimeToStop);
        services.ConfigureHttpJsonOptions(json => ServiceJson.Configure(json.SerializerOptions));
        services.AddSingleton(options).AddSingleton(_ => models).AddSingleton(_ => database).AddSingleton(new ImageStore(options.Data)).AddSingleton<AuditLog>().AddSingleton<SettingsStore>()
            .AddSingleton<Changes>().AddSingleton<ResultWriter>().AddSingleton<UploadEndpoint>().AddSingleton<Drawing>().AddSingleton<Deletion>().AddSingleton<Telemetry>();
        AddQueue(services, options);
        services.AddHostedService<QueueRecovery>().AddHostedService<Retention>();
        if (options.Analyses && options.Model is not null) services.AddSingleton<AnalysisService>().AddHostedService(p => p.GetRequiredService<AnalysisService>());
        services.AddAuthentication(SessionAuthentication.Scheme_).AddScheme<AuthenticationSchemeOptions, SessionAuthentication>(SessionAuthentication.Scheme_, null);
        // What an endpoint does not open is closed.
        services.AddAuthorizationBuilder().SetFallbackPolicy(new AuthorizationPolicyBuilder().RequireAuthenticatedUser().RequireRole(Roles.Administrator).Build());
        // Nothing here is protected by it (sessions are random and looked up); without this it would write keys into the home folder.
        services.AddDataProtection().UseEphemeralDataProtectionProvider();
        services.AddRateLimiter(limiter => Limits.Configure(limiter, options));
        services.Configure<ForwardedHeadersOptions>(forwarded =>
        {
            forwarded.ForwardedHeaders = ForwardedHeaders.XForwardedFor | ForwardedHeaders.XForwardedProto | ForwardedHeaders.XForwardedHost;
            // Loopback is among them already.
            if (options.Proxy is { } proxy) forwarded.KnownIPNetworks.Add(proxy);
        });
        services.AddOpenApi("v1", OpenApiDescription.Configure);
        var telemetry = services.AddOpenTelemetry()
            .WithMetrics(m => m.AddMeter(Telemetry.Name).AddAspNetCoreInstrumentation())
            .WithTracing(t => t.AddSource(Telemetry.Name).AddAspNetCoreInstrumentation());
        // The standard variables say where to; without them nothing is sent.
        if (Environment.GetEnvironmentVariable("OTEL_EXPORTER_OTLP_ENDPOINT") is { Length: > 0 }) telemetry.UseOtlpExporter();
    }

    private static void AddQueue(IServiceCollection services, ServiceOptions options)
    {
        if (options.QueueUrl is not { } url)
        {
            services.AddSingleton<IAnalysisQueue>(_ => new LocalQueue());
            return;
        }
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("amqp" or "amqps")) throw new ServiceException("--queue: not an address of RabbitMQ. Give amqp://USER:PASSWORD@HOST:PORT.");
        // A worker holds what it decodes, what is graded, and one batch more.
        services.AddSingleton(p => new RabbitQueue(url, 2 * options.MostBatch + options.Decoders, p.GetRequiredService<ILogger<RabbitQueue>>())
        {
            OnDead = options.Analyses ? id => p.GetRequiredService<AnalysisService>().GiveUpAsync(id) : null,
        });
        services.AddSingleton<IAnalysisQueue>(p => p.GetRequiredService<RabbitQueue>()).AddHostedService(p => p.GetRequiredService<RabbitQueue>());
    }

    private static void UsePipeline(WebApplication app, ServiceOptions options)
    {
        app.UseForwardedHeaders();
        app.Use(PageFiles.AddHeaders);
        app.UseMiddleware<FaultMiddleware>();
        var page = options.PageFolder ?? Path.Combine(AppContext.BaseDirectory, "wwwroot");
        if (!options.IsWorkerOnly) PageFiles.UseFiles(app, page);
        app.UseRouting();
        Health.Map(app);
        app.UseAuthentication();
        app.UseRateLimiter();
        app.Use(SessionAuthentication.RequireCsrfTokenAsync);
        app.UseAuthorization();
        if (options.IsWorkerOnly) return; // after authorization, which the framework would otherwise put before routing
        app.MapOpenApi("/openapi/{documentName}.json").AllowAnonymous();
        var api = app.MapGroup("/api/v1");
        api.MapGet("/version", () => new { Build.Version }).WithTags("session").AllowAnonymous();
        SessionEndpoints.Map(api);
        UserEndpoints.Map(api);
        KeyEndpoints.Map(api);
        PatientEndpoints.Map(api);
        ExaminationEndpoints.Map(api);
        UploadEndpoint.Map(api);
        ImageEndpoints.Map(api);
        ReviewEndpoints.Map(api);
        Worklist.Map(api);
        SettingsEndpoints.Map(api);
        AuditEndpoints.Map(api);
        AnnotationEndpoints.Map(api);
        ReportEndpoints.Map(api);
        ExportEndpoints.Map(api);
        DashboardEndpoint.Map(api);
        ModelEndpoint.Map(api);
        PageFiles.Map(app, page);
        // Anybody may hear that there is nothing.
        app.MapFallback("/{**path}", () => Results.NotFound()).AllowAnonymous();
    }
}
