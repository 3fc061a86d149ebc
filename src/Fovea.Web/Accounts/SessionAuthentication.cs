using System.Net;
using System.Security.Claims;
using System.Security.Cryptography;
using System.Text;
using System.Text.Encodings.Web;
using Fovea.Web.Hosting;
using Fovea.Web.Storage;
using Microsoft.AspNetCore.Authentication;
using Microsoft.Extensions.Options;

namespace Fovea.Web.Accounts;

/// <summary>Who asks: a signed-in person by a cookie, or a program by an API key.</summary>
/// <param name="Id">Of the user, or of the key.</param>
/// <param name="Name">What the audit log calls it.</param>
internal sealed record Caller(string Id, string Name, string DisplayName, string[] Roles, string Language, string? CsrfToken, string? SessionHash)
{
    public bool Is(params string[] roles) => Roles.Any(roles.Contains);

    /// <exception cref="InvalidOperationException">The endpoint lets anybody in.</exception>
    public static Caller Of(HttpContext context) => TryOf(context) ?? throw new InvalidOperationException("nobody is signed in");

    public static Caller? TryOf(HttpContext context) => context.Features.Get<Caller>();
}

/// <summary>Reads the session cookie or the API key, and refuses changes by a session that do not carry its token (CSRF).</summary>
internal sealed class SessionAuthentication(IOptionsMonitor<AuthenticationSchemeOptions> options, ILoggerFactory log, UrlEncoder encoder, Database database)
    : AuthenticationHandler<AuthenticationSchemeOptions>(options, log, encoder)
{
    public const string Scheme_ = "fovea", Cookie = "fovea_session", CsrfHeader = "X-CSRF-Token";

    public static readonly TimeSpan Longest = TimeSpan.FromHours(12), Idle = TimeSpan.FromMinutes(60);
    private static readonly TimeSpan SeenStep = TimeSpan.FromMinutes(1);

    protected override async Task<AuthenticateResult> HandleAuthenticateAsync()
    {
        var caller = Request.Headers.Authorization.ToString() is { Length: > 0 } header ? await OfKeyAsync(header) : await OfCookieAsync();
        if (caller is null) return AuthenticateResult.NoResult();
        Context.Features.Set(caller);
        var identity = new ClaimsIdentity([new Claim(ClaimTypes.NameIdentifier, caller.Id), .. caller.Roles.Select(r => new Claim(ClaimTypes.Role, r))], Scheme_);
        return AuthenticateResult.Success(new AuthenticationTicket(new ClaimsPrincipal(identity), Scheme_));
    }

    private async Task<Caller?> OfKeyAsync(string header)
    {
        const string Bearer = "Bearer ";
        if (!header.StartsWith(Bearer + Secrets.KeyPrefix, StringComparison.Ordinal) || header.Length > 200) return null;
        var hash = Secrets.HashOf(header[Bearer.Length..]);
        var key = await database.ReadAsync(w => w.FirstAsync<KeyRow>("SELECT * FROM api_keys WHERE secret_hash = @hash AND revoked = 0", new { hash }), Context.RequestAborted);
        if (key is null) return null;
        if (IsOlder(key.LastUsedAt, SeenStep)) await database.WriteAsync(w => w.ExecuteAsync("UPDATE api_keys SET last_used_at = @now WHERE id = @Id", new { now = Database.Now, key.Id }));
        return new Caller(key.Id, $"key:{key.Name}", key.Name, Roles.Split(key.Roles), "en", null, null);
    }

    private async Task<Caller?> OfCookieAsync()
    {
        if (Request.Cookies[Cookie] is not { Length: > 20 and < 100 } token) return null;
        var hash = Secrets.HashOf(token);
        var row = await database.ReadAsync(w => w.FirstAsync<SessionRow>(
            "SELECT s.csrf_token, s.created_at, s.seen_at, u.id, u.name, u.display_name, u.roles, u.language FROM sessions s JOIN users u ON u.id = s.user_id WHERE s.token_hash = @hash AND u.active = 1", new { hash }),
            Context.RequestAborted);
        if (row is null || IsOlder(row.CreatedAt, Longest) || IsOlder(row.SeenAt, Idle)) return null;
        if (IsOlder(row.SeenAt, SeenStep)) await database.WriteAsync(w => w.ExecuteAsync("UPDATE sessions SET seen_at = @now WHERE token_hash = @hash", new { now = Database.Now, hash }));
        return new Caller(row.Id, row.Name, row.DisplayName, Roles.Split(row.Roles), row.Language, row.CsrfToken, hash);
    }

    private static bool IsOlder(string? time, TimeSpan age) => time is null || DateTimeOffset.UtcNow - Database.Time(time) > age;

    protected override Task HandleChallengeAsync(AuthenticationProperties properties) =>
        Faults.WriteAsync(Context, 401, "not-signed-in", "the request: nobody is signed in, or the session has ended. Sign in.");

    protected override Task HandleForbiddenAsync(AuthenticationProperties properties) =>
        Faults.WriteAsync(Context, 403, "forbidden", "the request: this account may not do that. Ask an administrator for the role.");

    /// <summary>A change by a session needs the token that only the page itself can know; programs with a key have no cookie that a foreign page could use.</summary>
    public static async Task RequireCsrfTokenAsync(HttpContext context, RequestDelegate next)
    {
        var safe = HttpMethods.IsGet(context.Request.Method) || HttpMethods.IsHead(context.Request.Method);
        if (!safe && Caller.TryOf(context) is { CsrfToken: { } expected })
        {
            var given = context.Request.Headers[CsrfHeader].ToString();
            if (!CryptographicOperations.FixedTimeEquals(Encoding.UTF8.GetBytes(given), Encoding.UTF8.GetBytes(expected)))
            {
                await Faults.WriteAsync(context, 403, "csrf", $"{CsrfHeader}: missing or wrong. Take the token from GET /api/v1/session.");
                return;
            }
        }
        // A foreign page can also try to sign its visitor in: browsers say where a request comes from.
        else if (!safe && context.Request.Headers["Sec-Fetch-Site"].ToString() is "cross-site" or "same-site")
        {
            await Faults.WriteAsync(context, 403, "csrf", "the request: it comes from another site. Use the service's own page.");
            return;
        }
        await next(context);
    }

    /// <summary>From this machine to this machine: what the request says of its host is the client's word, the address it comes from is not.</summary>
    public static bool IsLoopback(HttpContext context) => context.Connection.RemoteIpAddress is { } from && IPAddress.IsLoopback(from)
        && (context.Request.Host.Host is "localhost" || (IPAddress.TryParse(context.Request.Host.Host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address)));

    internal sealed record KeyRow
    {
        public string Id { get; init; } = "";
        public string Name { get; init; } = "";
        public string Roles { get; init; } = "";
        public string? LastUsedAt { get; init; }
    }

    internal sealed record SessionRow
    {
        public string Id { get; init; } = "";
        public string Name { get; init; } = "";
        public string DisplayName { get; init; } = "";
        public string Roles { get; init; } = "";
        public string Language { get; init; } = "";
        public string CsrfToken { get; init; } = "";
        public string CreatedAt { get; init; } = "";
        public string SeenAt { get; init; } = "";
    }
}
