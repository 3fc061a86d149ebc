using Fovea.Web.Audit;
using Fovea.Web.Storage;

namespace Fovea.Web.Accounts;

/// <summary>A user as the database has it.</summary>
internal sealed record UserRow
{
    public string Id { get; init; } = "";
    public string Name { get; init; } = "";
    public string DisplayName { get; init; } = "";
    public string Roles { get; init; } = "";
    public string? PasswordHash { get; init; }
    public string Language { get; init; } = "en";
    public long Active { get; init; }
    public string CreatedAt { get; init; } = "";
    public string? LastSignIn { get; init; }
    public string ExpiresAt { get; init; } = "";
}

/// <summary>Making accounts.</summary>
internal static class Users
{
    private static readonly TimeSpan FirstLink = TimeSpan.FromHours(24);

    /// <summary>
    /// Makes the first administrator where there is no user yet, and a one-time link for as long as nobody has used one.
    /// </summary>
    /// <param name="password">Given at once, for set-ups without a person; null for a link.</param>
    /// <returns>The link's token; null when somebody can sign in already.</returns>
    public static Task<string?> EnsureFirstAsync(Database database, string? password) => database.WriteAsync(async work =>
    {
        if (await work.ScalarAsync<long>("SELECT COUNT(*) FROM users WHERE password_hash IS NOT NULL") > 0) return null;
        var id = await work.FirstAsync<string>("SELECT id FROM users ORDER BY created_at LIMIT 1");
        if (id is null)
        {
            id = Database.NewId();
            await InsertAsync(work, id, "administrator", "Administrator", Roles.Join(Roles.All));
            await AuditLog.AppendAsync(work, "system", "user.create", $"user:{id}", new { roles = Roles.All });
        }
        if (password is not null)
        {
            Secrets.RequireGood(password, "administrator");
            await work.ExecuteAsync("UPDATE users SET password_hash = @hash WHERE id = @id", new { id, hash = Secrets.HashPassword(password) });
            return null;
        }
        return await LinkAsync(work, id, FirstLink);
    });

    public static Task InsertAsync(Work work, string id, string name, string displayName, string roles) => work.ExecuteAsync(
        "INSERT INTO users (id, name, display_name, roles, password_hash, language, active, created_at, last_sign_in) VALUES (@id, @name, @displayName, @roles, NULL, 'en', 1, @now, NULL)",
        new { id, name, displayName, roles, now = Database.Now });

    /// <summary>A new link; older ones of the same user end.</summary>
    public static async Task<string> LinkAsync(Work work, string userId, TimeSpan validity)
    {
        var token = Secrets.NewToken();
        await work.ExecuteAsync("DELETE FROM welcome_tokens WHERE user_id = @userId", new { userId });
        await work.ExecuteAsync("INSERT INTO welcome_tokens (token_hash, user_id, expires_at) VALUES (@hash, @userId, @until)",
            new { hash = Secrets.HashOf(token), userId, until = Database.Time(DateTimeOffset.UtcNow + validity) });
        return token;
    }
}
