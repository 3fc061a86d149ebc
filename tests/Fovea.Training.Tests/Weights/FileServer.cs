using System.Globalization;
using System.Net;
using System.Net.Security;
using System.Net.Sockets;
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using System.Text;

namespace Fovea.Training.Tests.Weights;

/// <summary>One answer of <see cref="FileServer"/>.</summary>
/// <param name="Status">"200 OK".</param>
/// <param name="Body">What is sent; null for nothing.</param>
/// <param name="BreakAfter">The connection is cut after so many bytes of the body.</param>
internal sealed record Answer(string Status, byte[]? Body = null, int? BreakAfter = null)
{
    public IReadOnlyList<string> Headers { get; init; } = [];

    /// <summary>Says no length; the end of the connection ends the body.</summary>
    public bool WithoutLength { get; init; }
}

/// <summary>A small HTTPS server on the loopback with a certificate of its own: it answers from a function, and can break off where a real one would not.</summary>
internal sealed class FileServer : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly X509Certificate2 _certificate = SelfSigned();
    private readonly Func<string, IReadOnlyDictionary<string, string>, Answer> _answer;
    private readonly List<string> _requests = [];

    /// <param name="answer">From a path and the request's headers (names in lower case).</param>
    public FileServer(Func<string, IReadOnlyDictionary<string, string>, Answer> answer)
    {
        _answer = answer;
        _listener.Start();
        _ = Task.Run(Serve);
    }

    public string CertificatePem => _certificate.ExportCertificatePem();

    /// <summary>Each request's path, and its range when it asked for one: "/a.pth bytes=100-".</summary>
    public string[] Requests
    {
        get
        {
            lock (_requests) return [.. _requests];
        }
    }

    public Uri Address(string path) => new($"https://localhost:{((IPEndPoint)_listener.LocalEndpoint).Port}{path}");

    /// <summary>Answers with a file, from where the range begins if its version is asked for.</summary>
    public static Answer File(byte[] body, IReadOnlyDictionary<string, string> headers, string tag, int? breakAfter = null)
    {
        var from = headers.TryGetValue("range", out var range) && headers.GetValueOrDefault("if-range") == tag
            ? int.Parse(range["bytes=".Length..^1], CultureInfo.InvariantCulture) : 0;
        return from == 0
            ? new Answer("200 OK", body, breakAfter) { Headers = [$"ETag: {tag}"] }
            : new Answer("206 Partial Content", body[from..], breakAfter) { Headers = [$"ETag: {tag}", $"Content-Range: bytes {from}-{body.Length - 1}/{body.Length}"] };
    }

    /// <summary>A client's handler that trusts this server's certificate and no other.</summary>
    public HttpMessageHandler Handler() => new SocketsHttpHandler
    {
        AllowAutoRedirect = false,
        SslOptions = { RemoteCertificateValidationCallback = (_, certificate, _, _) => certificate is not null && certificate.GetCertHashString() == _certificate.GetCertHashString() },
    };

    public void Dispose()
    {
        _listener.Dispose();
        _certificate.Dispose();
    }

    private async Task Serve()
    {
        while (true)
        {
            TcpClient client;
            try
            {
                client = await _listener.AcceptTcpClientAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
            using (client)
            {
                try
                {
                    await AnswerOne(client);
                }
                catch (Exception e) when (e is IOException or System.Security.Authentication.AuthenticationException)
                {
                    // The client went away, as clients do.
                }
            }
        }
    }

    private async Task AnswerOne(TcpClient client)
    {
        await using var stream = new SslStream(client.GetStream());
        await stream.AuthenticateAsServerAsync(_certificate);
        using var reader = new StreamReader(stream, Encoding.ASCII, false, 1024, leaveOpen: true);
        if (await reader.ReadLineAsync() is not { } first) return;
        var headers = new Dictionary<string, string>(StringComparer.OrdinalIgnoreCase);
        while (await reader.ReadLineAsync() is { Length: > 0 } line)
            headers[line[..line.IndexOf(':')]] = line[(line.IndexOf(':') + 1)..].Trim();
        var path = first.Split(' ')[1];
        lock (_requests) _requests.Add(headers.TryGetValue("range", out var range) ? $"{path} {range}" : path);
        var answer = _answer(path, headers);
        var body = answer.Body ?? [];
        var head = $"HTTP/1.1 {answer.Status}\r\nConnection: close\r\n{string.Concat(answer.Headers.Select(h => h + "\r\n"))}" +
            (answer.WithoutLength ? "" : $"Content-Length: {body.Length}\r\n") + "\r\n";
        await stream.WriteAsync(Encoding.ASCII.GetBytes(head));
        await stream.WriteAsync(body.AsMemory(0, answer.BreakAfter ?? body.Length));
        await stream.FlushAsync();
        if (answer.BreakAfter is not null) client.Client.Close(0); // resets the connection
        else await stream.ShutdownAsync();
    }

    private static X509Certificate2 SelfSigned()
    {
        using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        var request = new CertificateRequest("CN=localhost", key, HashAlgorithmName.SHA256);
        var names = new SubjectAlternativeNameBuilder();
        names.AddDnsName("localhost");
        request.CertificateExtensions.Add(names.Build());
        using var made = request.CreateSelfSigned(DateTimeOffset.UtcNow.AddDays(-1), DateTimeOffset.UtcNow.AddDays(1));
        return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
    }
}
