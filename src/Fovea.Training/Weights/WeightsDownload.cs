using System.Net;
using System.Net.Http.Headers;
using System.Security.Cryptography;
using System.Text;

namespace Fovea.Training.Weights;

/// <summary>Bytes that have arrived, those of an earlier attempt included.</summary>
/// <param name="Total">The whole file's; null when the server does not say.</param>
public sealed record DownloadProgress(long Received, long? Total);

/// <summary>
/// Fetches one file over HTTPS into a folder. What arrived before a break stays there and the rest is asked for, now and in a later call, as long as the server says that the file is still the same.
/// Redirections away from HTTPS are refused, and so is anything larger than the limit, before or while it arrives.
/// </summary>
/// <param name="folder">Where the unfinished file lies; made when it is missing.</param>
/// <param name="maxBytes">The largest file that is accepted.</param>
/// <param name="handler">For tests; it must not follow redirections by itself.</param>
public sealed class WeightsDownload(string folder, long maxBytes, HttpMessageHandler? handler = null) : IDisposable
{
    private const int MaxAttempts = 5, MaxRedirections = 8, BufferBytes = 1 << 16;

    private readonly HttpClient _client = new(handler ?? new SocketsHttpHandler { AllowAutoRedirect = false, ConnectTimeout = TimeSpan.FromSeconds(20) })
    {
        Timeout = Timeout.InfiniteTimeSpan,
        DefaultRequestHeaders = { UserAgent = { new ProductInfoHeaderValue("fovea", null) } },
    };

    /// <summary>How long the server may be silent.</summary>
    public TimeSpan Patience { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Pause before the second attempt; it doubles for each further one.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromSeconds(1);

    /// <returns>The path of the finished file, whose hash nobody has checked yet; the caller moves or deletes it.</returns>
    /// <exception cref="WeightsException">The file cannot be had: not HTTPS, not found, too large, or the connection broke too often.</exception>
    /// <exception cref="IOException">The disk is full; what arrived stays.</exception>
    public async Task<string> FetchAsync(Uri source, IProgress<DownloadProgress>? progress = null, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        RequireHttps(source, source);
        Directory.CreateDirectory(folder);
        var part = Path.Combine(folder, $"{Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(source.AbsoluteUri)))[..16]}.part");
        var pause = Pause;
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                await AttemptAsync(source, part, progress, cancel);
                File.Delete(part + ".version");
                return part;
            }
            catch (HttpRequestException e) when (e.HttpRequestError is HttpRequestError.SecureConnectionError or HttpRequestError.NameResolutionError)
            {
                throw new WeightsException(Shown(source), Reason(e), "Check the address, the server's certificate and the connection", e);
            }
            catch (Exception e) when (!cancel.IsCancellationRequested && e is OperationCanceledException or HttpRequestException or HttpIOException)
            {
                if (attempt == MaxAttempts)
                    throw new WeightsException(Shown(source), $"the connection broke {MaxAttempts} times ({Reason(e)})", "Try again later; what has arrived is kept and the rest will be fetched", e);
                await Task.Delay(pause, cancel);
                pause *= 2;
            }
        }
    }

    public void Dispose() => _client.Dispose();

    private async Task AttemptAsync(Uri source, string part, IProgress<DownloadProgress>? progress, CancellationToken cancel)
    {
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancel);
        patience.CancelAfter(Patience);
        var (have, version) = Unfinished(part);
        using var response = await FollowAsync(source, have, version, patience.Token);
        var (start, total) = response.StatusCode switch
        {
            HttpStatusCode.PartialContent when response.Content.Headers.ContentRange is { From: { } from, Length: var length } && from == have => (have, length),
            HttpStatusCode.OK => (0L, response.Content.Headers.ContentLength),
            // What is here is not a beginning of what is there: from the start.
            HttpStatusCode.PartialContent or HttpStatusCode.RequestedRangeNotSatisfiable => throw NoContinuation(part),
            _ => throw Refused(source, response.StatusCode),
        };
        if (total > maxBytes) throw TooLarge(source, total.Value);
        CheckSpace(source, total - start);
        // The version first: a beginning whose version nobody knows is never continued.
        if (start == 0)
        {
            File.Delete(part);
            await File.WriteAllTextAsync(part + ".version", VersionOf(response), cancel);
        }
        using var body = await response.Content.ReadAsStreamAsync(patience.Token);
        using var file = new FileStream(part, start == 0 ? FileMode.Create : FileMode.Append, FileAccess.Write, FileShare.None, 1);
        var buffer = new byte[BufferBytes];
        for (var received = start; ;)
        {
            patience.CancelAfter(Patience);
            var n = await ReadAsync(body, buffer, patience.Token);
            if (n == 0)
            {
                if (received < total) throw new HttpIOException(HttpRequestError.ResponseEnded, $"it ended after {received} of {total} bytes");
                break;
            }
            received += n;
            if (received > maxBytes || received > total)
            {
                file.Close();
                File.Delete(part);
                throw TooLarge(source, received);
            }
            await file.WriteAsync(buffer.AsMemory(0, n), cancel);
            progress?.Report(new DownloadProgress(received, total));
        }
        file.Flush(flushToDisk: true);
    }

    /// <summary>A broken connection must not look like a broken disk.</summary>
    private static async Task<int> ReadAsync(Stream body, byte[] buffer, CancellationToken cancel)
    {
        try
        {
            return await body.ReadAsync(buffer, cancel);
        }
        catch (IOException e) when (e is not HttpIOException)
        {
            throw new HttpIOException(HttpRequestError.ResponseEnded, e.Message, e);
        }
    }

    private async Task<HttpResponseMessage> FollowAsync(Uri source, long have, string? version, CancellationToken cancel)
    {
        var at = source;
        for (var i = 0; i <= MaxRedirections; i++)
        {
            using var request = new HttpRequestMessage(HttpMethod.Get, at);
            if (have > 0 && version is not null)
            {
                request.Headers.Range = new RangeHeaderValue(have, null);
                request.Headers.TryAddWithoutValidation("If-Range", version);
            }
            var response = await _client.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, cancel);
            if ((int)response.StatusCode is not (301 or 302 or 303 or 307 or 308) || response.Headers.Location is not { } location) return response;
            response.Dispose();
            at = new Uri(at, location);
            RequireHttps(source, at);
        }
        throw new WeightsException(Shown(source), $"it is redirected more than {MaxRedirections} times", "Check the address");
    }

    private static (long Have, string? Version) Unfinished(string part)
    {
        var (file, version) = (new FileInfo(part), new FileInfo(part + ".version"));
        if (!file.Exists || file.Length == 0 || !version.Exists || version.Length is 0 or > 1024) return (0, null);
        return (file.Length, File.ReadAllText(version.FullName));
    }

    // If-Range takes a strong tag or a date; without either nothing can be continued.
    private static string VersionOf(HttpResponseMessage response) =>
        response.Headers.ETag is { IsWeak: false } tag ? tag.Tag
        : response.Content.Headers.LastModified is { } date ? date.ToString("R")
        : "";

    private static HttpIOException NoContinuation(string part)
    {
        File.Delete(part);
        return new HttpIOException(HttpRequestError.InvalidResponse, "the server does not continue what had arrived");
    }

    private void CheckSpace(Uri source, long? needed)
    {
        if (needed is null) return;
        var free = new DriveInfo(Path.GetFullPath(folder)).AvailableFreeSpace;
        if (free < needed) throw new WeightsException(Shown(source), $"{needed >> 20} MB are to come, and {free >> 20} MB are free in {folder}", $"Make room, or set {WeightsStore.Variable} to a folder on another disk");
    }

    private static Exception Refused(Uri source, HttpStatusCode status) =>
        // Busy or broken servers get another chance.
        (int)status is 408 or 429 or >= 500 ? new HttpIOException(HttpRequestError.InvalidResponse, $"the server answers {(int)status}")
        : new WeightsException(Shown(source), status is HttpStatusCode.NotFound or HttpStatusCode.Gone ? "there is nothing at this address (404)" : $"the server answers {(int)status}", "Check the address, or get the file by other means and import it");

    private WeightsException TooLarge(Uri source, long bytes) =>
        new(Shown(source), $"it has {bytes} bytes or more; {maxBytes} are allowed", "Raise the limit with --max-size if that is right");

    private static void RequireHttps(Uri source, Uri at)
    {
        if (at.Scheme == Uri.UriSchemeHttps) return;
        throw at == source
            ? new WeightsException(Shown(source), "not an https address", "Weights are fetched over HTTPS only; get the file by other means and import it")
            : new WeightsException(Shown(source), $"it is redirected to {at.Scheme}://{at.Host}, which is not HTTPS", "Get the file by other means and import it");
    }

    private static string Reason(Exception e) => e is OperationCanceledException ? "the server is silent" : (e.InnerException ?? e).Message.ReplaceLineEndings(" ").TrimEnd('.');

    // Without a query, which may hold somebody's key.
    private static string Shown(Uri source) => source.GetLeftPart(UriPartial.Path);
}
