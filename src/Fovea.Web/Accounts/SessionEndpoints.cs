using Fovea.Reporting;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Storage;

namespace Fovea.Web.Accounts;

internal sealed record SignedInUser(string Id, string Name, string DisplayName, string[] Roles, string Language);

internal sealed record SessionAnswer(SignedInUser? User, string? CsrfToken, string Notice, string Version, string[] Languages, int MinimumPasswordLength);

internal sealed record SignIn(string Name, string Password);

internal sealed record WelcomeToken(string Token);

internal sealed record WelcomeAnswer(string Name, string DisplayName, string ExpiresAt);

internal sealed record Welcome(string Token, string Password);

internal sealed record NewPassword(string Current, string New);

internal sealed record ChosenLanguage(string Language);

/// <summary>Signing in and out, one-time links, one's own password and language.</summary>
internal static class SessionEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var session = api.MapGroup("/session").WithTags("session");
        session.MapGet("", (HttpContext context) => Answer(Caller.TryOf(context))).AllowAnonymous();
        session.MapPost("", SignInAsync).AllowAnonymous().RequireRateLimiting(Limits.SignIn);
        session.MapDelete("", SignOutAsync).ForRoles(Roles.Any);
        session.MapPut("/password", ChangePasswordAsync).ForRoles(Roles.Any).RequireRateLimiting(Limits.SignIn);
        session.MapPut("/language", ChangeLanguageAsync).ForRoles(Roles.Any);
        var welcome = api.MapGroup("/welcome").WithTags("session").RequireRateLimiting(Limits.SignIn);
        welcome.MapPost("/check", async (WelcomeToken body, Database database) =>
        {
            var row = await TokenAsync(database, body.Token);
            return new WelcomeAnswer(row.Name, row.DisplayName, row.ExpiresAt);
        }).AllowAnonymous();
        welcome.MapPost("", WelcomeAsync).AllowAnonymous();
    }

    private static SessionAnswer Answer(Caller? caller) => new(
        caller is null ? null : new SignedInUser(caller.Id, caller.Name, caller.DisplayName, caller.Roles, caller.Language), caller?.CsrfToken, GradeReport.ResearchNotice, Build.Version,
        ["en", "zh"], Secrets.LeastPasswordLength);

    private static async Task<SessionAnswer> SignInAsync(SignIn body, HttpContext context, Database database)
    {
        RequirePrivateLine(context);
        var (name, password) = ((body.Name ?? "").Trim(), body.Password ?? "");
        var user = name.Length is 0 or > 64 || password.Length > Secrets.MostPasswordLength ? null
            : await database.ReadAsync(w => w.FirstAsync<UserRow>("SELECT * FROM users WHERE name = @name AND active = 1", new { name }));
        if (!Secrets.Verify(user?.PasswordHash, password.Length > Secrets.MostPasswordLength ? "" : password))
        {
            // The name that was tried may be a password typed into the wrong field: it is kept only where it is a user's.
            await database.WriteAsync(w => AuditLog.AppendAsync(w, user?.Name ?? "nobody", "session.refused", "session"));
            throw new RequestException(401, "sign-in-failed", "the name or the password: not right. Try again.");
        }
        return await BeginAsync(context, database, user!, "session.begin");
    }

    private static async Task<SessionAnswer> WelcomeAsync(Welcome body, HttpContext context, Database database)
    {
        RequirePrivateLine(context);
        var user = await TokenAsync(database, body.Token);
        Secrets.RequireGood(body.Password, user.Name);
        var (hash, token) = (Secrets.HashPassword(body.Password), Secrets.HashOf(body.Token));
        await database.WriteAsync(async work =>
        {
            if (await work.ExecuteAsync("DELETE FROM welcome_tokens WHERE token_hash = @token", new { token }) == 0) throw Used();
            await work.ExecuteAsync("UPDATE users SET password_hash = @hash WHERE id = @Id", new { hash, user.Id });
            await work.ExecuteAsync("DELETE FROM sessions WHERE user_id = @Id", new { user.Id });
            await AuditLog.AppendAsync(work, user.Name, "user.password", $"user:{user.Id}");
        });
        return await BeginAsync(context, database, user, "session.begin");
    }

    private static async Task<UserRow> TokenAsync(Database database, string? token)
    {
        if (token is not { Length: > 0 and < 200 }) throw Used();
        var (hash, now) = (Secrets.HashOf(token), Database.Now);
        return await database.ReadAsync(w => w.FirstAsync<UserRow>(
            "SELECT u.*, t.expires_at FROM welcome_tokens t JOIN users u ON u.id = t.user_id WHERE t.token_hash = @hash AND t.expires_at > @now AND u.active = 1", new { hash, now })) ?? throw Used();
    }

    private static RequestException Used() => new(410, "token-used", "the link: used already, or too old. Ask an administrator for a new one.");

    private static async Task<SessionAnswer> BeginAsync(HttpContext context, Database database, UserRow user, string action)
    {
        var (token, csrf, now) = (Secrets.NewToken(), Secrets.NewToken(), Database.Now);
        var hash = Secrets.HashOf(token);
        await database.WriteAsync(async work =>
        {
            // A session that this browser had ends: nobody else may go on with it.
            if (context.Request.Cookies[SessionAuthentication.Cookie] is { Length: < 100 } old) await work.ExecuteAsync("DELETE FROM sessions WHERE token_hash = @oldHash", new { oldHash = Secrets.HashOf(old) });
            await work.ExecuteAsync("DELETE FROM sessions WHERE created_at < @before", new { before = Database.Time(DateTimeOffset.UtcNow - SessionAuthentication.Longest) });
            await work.ExecuteAsync("INSERT INTO sessions (token_hash, user_id, csrf_token, created_at, seen_at) VALUES (@hash, @Id, @csrf, @now, @now)", new { hash, user.Id, csrf, now });
            await work.ExecuteAsync("UPDATE users SET last_sign_in = @now WHERE id = @Id", new { now, user.Id });
            await AuditLog.AppendAsync(work, user.Name, action, $"user:{user.Id}");
        });
        context.Response.Cookies.Append(SessionAuthentication.Cookie, token, Cookie(context));
        return Answer(new Caller(user.Id, user.Name, user.DisplayName, Roles.Split(user.Roles), user.Language, csrf, hash));
    }

    private static CookieOptions Cookie(HttpContext context) =>
        new() { HttpOnly = true, SameSite = SameSiteMode.Strict, Path = "/", Secure = context.Request.IsHttps, MaxAge = SessionAuthentication.Longest, IsEssential = true };

    private static void RequirePrivateLine(HttpContext context)
    {
        if (!context.Request.IsHttps && !SessionAuthentication.IsLoopback(context))
            throw new RequestException(403, "https-required", "the connection: passwords travel only over https. Put a proxy with a certificate before the service; docs/operations.md shows how.");
    }

    private static async Task<IResult> SignOutAsync(HttpContext context, Database database)
    {
        var caller = Caller.Of(context);
        await database.WriteAsync(async work =>
        {
            await work.ExecuteAsync("DELETE FROM sessions WHERE token_hash = @hash", new { hash = caller.SessionHash });
            await AuditLog.AppendAsync(work, caller.Name, "session.end", $"user:{caller.Id}");
        });
        context.Response.Cookies.Delete(SessionAuthentication.Cookie, Cookie(context));
        return TypedResults.NoContent();
    }

    private static async Task<IResult> ChangePasswordAsync(NewPassword body, HttpContext context, Database database)
    {
        var caller = Caller.Of(context);
        var user = await database.ReadAsync(w => w.FirstAsync<UserRow>("SELECT * FROM users WHERE id = @Id", new { caller.Id }));
        if (user is null || !Secrets.Verify(user.PasswordHash, body.Current ?? "")) throw new RequestException(403, "sign-in-failed", "the present password: not right. Try again.");
        Secrets.RequireGood(body.New, user.Name);
        var hash = Secrets.HashPassword(body.New);
        await database.WriteAsync(async work =>
        {
            await work.ExecuteAsync("UPDATE users SET password_hash = @hash WHERE id = @Id", new { hash, caller.Id });
            await work.ExecuteAsync("DELETE FROM sessions WHERE user_id = @Id AND token_hash <> @SessionHash", new { caller.Id, caller.SessionHash });
            await AuditLog.AppendAsync(work, caller.Name, "user.password", $"user:{caller.Id}");
        });
        return TypedResults.NoContent();
    }

    private static async Task<IResult> ChangeLanguageAsync(ChosenLanguage body, HttpContext context, Database database)
    {
        if (body.Language is not ("en" or "zh")) throw Faults.Invalid("language", "there are en and zh.");
        await database.WriteAsync(w => w.ExecuteAsync("UPDATE users SET language = @Language WHERE id = @id", new { body.Language, id = Caller.Of(context).Id }));
        return TypedResults.NoContent();
    }
}
