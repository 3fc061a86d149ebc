using Fovea.Training.Weights;

namespace Fovea.Training.Tests.Weights;

public sealed class WeightsDownloadTests : IDisposable
{
    private static readonly byte[] Content = [.. Enumerable.Range(0, 200_000).Select(i => (byte)(i * 7 + (i >> 8)))];
    private readonly TestFolder _folder = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Fetch_WholeFile_GivesItsBytesAndReportsThem()
    {
        using var server = new FileServer((_, headers) => FileServer.File(Content, headers, "\"v1\""));
        using var download = Client(server);
        var seen = new List<DownloadProgress>();
        var path = await download.FetchAsync(server.Address("/a.pth"), new Reports(seen), Cancel);
        Assert.Equal(Content, await File.ReadAllBytesAsync(path, Cancel));
        Assert.Equal(new DownloadProgress(Content.Length, Content.Length), seen[^1]);
        Assert.Equal(["/a.pth"], server.Requests);
    }

    [Fact]
    public async Task Fetch_ConnectionBreaks_FetchesTheRest()
    {
        var attempt = 0;
        using var server = new FileServer((_, headers) => FileServer.File(Content, headers, "\"v1\"", breakAfter: attempt++ == 0 ? 90_000 : null));
        using var download = Client(server);
        var path = await download.FetchAsync(server.Address("/a.pth"), null, Cancel);
        Assert.Equal(Content, await File.ReadAllBytesAsync(path, Cancel));
        // A reset may take with it what was still on its way.
        Assert.Equal(2, server.Requests.Length);
        Assert.Matches(@"^/a\.pth( bytes=\d+-)?$", server.Requests[1]);
    }

    [Fact]
    public async Task Fetch_EndsTooEarlyInOneProcess_GoesOnInTheNext()
    {
        // A body shorter than its declared length ends the stream without a reset: 90000 bytes arrive for certain.
        using var server = new FileServer((_, headers) => headers.ContainsKey("range") ? FileServer.File(Content, headers, "\"v1\"")
            : new Answer("200 OK", Content[..90_000]) { Headers = ["ETag: \"v1\"", $"Content-Length: {Content.Length}"], WithoutLength = true });
        using var stop = new CancellationTokenSource();
        using (var first = Client(server))
            await Assert.ThrowsAnyAsync<OperationCanceledException>(() => first.FetchAsync(server.Address("/a.pth"), new Stop(stop, 90_000), stop.Token));
        using var second = Client(server);
        var path = await second.FetchAsync(server.Address("/a.pth"), null, Cancel);
        Assert.Equal(Content, await File.ReadAllBytesAsync(path, Cancel));
        Assert.Equal(["/a.pth", "/a.pth bytes=90000-"], server.Requests);
    }

    [Fact]
    public async Task Fetch_FileChangedMeanwhile_StartsAnew()
    {
        byte[] newer = [.. Content.Reverse()];
        var attempt = 0;
        using var server = new FileServer((_, headers) => attempt++ == 0
            ? new Answer("200 OK", Content[..1000]) { Headers = ["ETag: \"v1\"", $"Content-Length: {Content.Length}"], WithoutLength = true }
            : FileServer.File(newer, headers, "\"v2\""));
        using var download = Client(server);
        var path = await download.FetchAsync(server.Address("/a.pth"), null, Cancel);
        Assert.Equal(newer, await File.ReadAllBytesAsync(path, Cancel));
        Assert.Equal("/a.pth bytes=1000-", server.Requests[1]);
    }

    [Fact]
    public async Task Fetch_BreaksAlways_GivesUpAndKeepsWhatArrived()
    {
        using var server = new FileServer((_, headers) => new Answer("200 OK", Content[..500]) { Headers = ["ETag: \"v1\"", $"Content-Length: {Content.Length}"], WithoutLength = true });
        using var download = Client(server);
        var e = await Assert.ThrowsAsync<WeightsException>(() => download.FetchAsync(server.Address("/a.pth"), null, Cancel));
        Assert.Contains("the connection broke 5 times", e.Message, StringComparison.Ordinal);
        Assert.Single(Directory.GetFiles(_folder.Path, "*.part"));
    }

    [Theory]
    [InlineData("404 Not Found", "there is nothing at this address (404)")]
    [InlineData("403 Forbidden", "the server answers 403")]
    public async Task Fetch_Refused_SaysSoAtOnce(string status, string reason)
    {
        using var server = new FileServer((_, _) => new Answer(status));
        using var download = Client(server);
        var e = await Assert.ThrowsAsync<WeightsException>(() => download.FetchAsync(server.Address("/a.pth?key=secret"), null, Cancel));
        Assert.Contains(reason, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", e.Message, StringComparison.Ordinal);
        Assert.Single(server.Requests);
    }

    [Fact]
    public async Task Fetch_ServerBusyOnce_TriesAgain()
    {
        var attempt = 0;
        using var server = new FileServer((_, headers) => attempt++ == 0 ? new Answer("503 Service Unavailable") : FileServer.File(Content, headers, "\"v1\""));
        using var download = Client(server);
        Assert.Equal(Content.Length, new FileInfo(await download.FetchAsync(server.Address("/a.pth"), null, Cancel)).Length);
    }

    [Fact]
    public async Task Fetch_LargerThanAllowed_IsRefusedBeforeItComes()
    {
        using var server = new FileServer((_, headers) => FileServer.File(Content, headers, "\"v1\""));
        using var download = Client(server, maxBytes: Content.Length - 1);
        var e = await Assert.ThrowsAsync<WeightsException>(() => download.FetchAsync(server.Address("/a.pth"), null, Cancel));
        Assert.Contains($"it has {Content.Length} bytes or more; {Content.Length - 1} are allowed", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path));
    }

    [Fact]
    public async Task Fetch_LargerThanAllowedWithoutSayingSo_IsStopped()
    {
        using var server = new FileServer((_, _) => new Answer("200 OK", Content) { WithoutLength = true });
        using var download = Client(server, maxBytes: 100_000);
        var e = await Assert.ThrowsAsync<WeightsException>(() => download.FetchAsync(server.Address("/a.pth"), null, Cancel));
        Assert.Contains("100000 are allowed", e.Message, StringComparison.Ordinal);
        Assert.Empty(Directory.GetFiles(_folder.Path, "*.part"));
    }

    [Fact]
    public async Task Fetch_RedirectedToHttps_Follows()
    {
        using var server = new FileServer((path, headers) => path == "/a.pth" ? new Answer("302 Found") { Headers = ["Location: /b.pth"] } : FileServer.File(Content, headers, "\"v1\""));
        using var download = Client(server);
        await download.FetchAsync(server.Address("/a.pth"), null, Cancel);
        Assert.Equal(["/a.pth", "/b.pth"], server.Requests);
    }

    [Fact]
    public async Task Fetch_RedirectedToHttp_IsRefused()
    {
        using var server = new FileServer((_, _) => new Answer("302 Found") { Headers = ["Location: http://example.org/a.pth"] });
        using var download = Client(server);
        var e = await Assert.ThrowsAsync<WeightsException>(() => download.FetchAsync(server.Address("/a.pth"), null, Cancel));
        Assert.Contains("it is redirected to http://example.org, which is not HTTPS", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_RedirectedInACircle_Ends()
    {
        using var server = new FileServer((_, _) => new Answer("302 Found") { Headers = ["Location: /a.pth"] });
        using var download = Client(server);
        var e = await Assert.ThrowsAsync<WeightsException>(() => download.FetchAsync(server.Address("/a.pth"), null, Cancel));
        Assert.Contains("redirected more than 8 times", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_Http_IsRefused()
    {
        using var download = new WeightsDownload(_folder.Path, 1 << 20);
        var e = await Assert.ThrowsAsync<WeightsException>(() => download.FetchAsync(new Uri("http://localhost/a.pth"), null, Cancel));
        Assert.Contains("not an https address", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Fetch_CertificateOfNobody_IsRefusedAtOnce()
    {
        using var server = new FileServer((_, headers) => FileServer.File(Content, headers, "\"v1\""));
        using var download = new WeightsDownload(_folder.Path, 1 << 20);
        var e = await Assert.ThrowsAsync<WeightsException>(() => download.FetchAsync(server.Address("/a.pth"), null, Cancel));
        Assert.Contains("certificate", e.Message, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    private WeightsDownload Client(FileServer server, long maxBytes = 1 << 20) => new(_folder.Path, maxBytes, server.Handler()) { Pause = TimeSpan.FromMilliseconds(1) };

    private sealed class Reports(List<DownloadProgress> seen) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value) => seen.Add(value);
    }

    /// <summary>Cancels once so many bytes have been written, as somebody's Ctrl-C would.</summary>
    private sealed class Stop(CancellationTokenSource source, long at) : IProgress<DownloadProgress>
    {
        public void Report(DownloadProgress value)
        {
            if (value.Received >= at) source.Cancel();
        }
    }
}
