namespace Fovea.Web;

/// <summary>How a service was started.</summary>
internal sealed record ServiceOptions
{
    public const string DefaultUrls = "http://127.0.0.1:5080";

    /// <summary>Folder of the database (SQLite) and of the images; made if it is missing.</summary>
    public required string Data { get; init; }

    /// <summary>The grading model's file, of one network or a packed ensemble.</summary>
    public string? Model { get; init; }

    /// <summary>The file of the model for OCT scans; null: they are recognised, and that is all.</summary>
    public string? OctModel { get; init; }

    /// <summary>The lesion detector's file; null: no lesions are marked.</summary>
    public string? Detector { get; init; }

    public string Urls { get; init; } = DefaultUrls;

    /// <summary>The proxy, or its network, whose X-Forwarded headers are believed beside those of this machine's own; null for none.</summary>
    public System.Net.IPNetwork? Proxy { get; init; }

    /// <summary><c>postgres://…</c>; null: SQLite in the data folder.</summary>
    public string? DatabaseUrl { get; init; }

    /// <summary><c>amqp://…</c>; null: within the process.</summary>
    public string? QueueUrl { get; init; }

    /// <summary>The page's folder; null: <c>wwwroot</c> beside the assembly.</summary>
    public string? PageFolder { get; init; }

    /// <summary>File with the first administrator's password, for set-ups without a person.</summary>
    public string? FirstPasswordFile { get; init; }

    /// <summary>Takes images from the queue, answers no requests but those about its health.</summary>
    public bool IsWorkerOnly { get; init; }

    /// <summary>False: answers requests and leaves the analysis to workers.</summary>
    public bool Analyses { get; init; } = true;

    /// <summary>Images that may wait before uploads are answered 503.</summary>
    public int MostWaiting { get; init; } = 256;

    /// <summary>Uploads that are read at the same time; each holds its files in memory.</summary>
    public int MostUploads { get; init; } = 8;

    public int MostBatch { get; init; } = 8;

    /// <summary>Images decoded at the same time.</summary>
    public int Decoders { get; init; } = Math.Clamp(Environment.ProcessorCount, 1, 8);

    /// <summary>Of one user or key.</summary>
    public int RequestsPerSecond { get; init; } = 100;

    public int SignInsPerMinute { get; init; } = 10;

    public string DatabaseFile => Path.Combine(Data, "fovea.db");
}
