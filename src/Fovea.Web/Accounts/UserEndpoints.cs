using System.Data.Common;
using System.Text.RegularExpressions;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Storage;

namespace Fovea.Web.Accounts;

internal sealed record UserAnswer(string Id, string Name, string DisplayName, string[] Roles, bool Active, string CreatedAt, string? LastSignIn, bool Invited);

internal sealed record NewUser(string Name, string? DisplayName, string[] Roles);

internal sealed record ChangedUser(string DisplayName, string[] Roles, bool Active);

internal sealed record InvitedUser(UserAnswer User, string Token, string Link, string ExpiresAt);

/// <summary>Accounts of people.</summary>
internal static partial class UserEndpoints
{
    private static readonly TimeSpan LinkValidity = TimeSpan.FromDays(7);

    public static void Map(IEndpointRouteBuilder api)
    {
        var users = api.MapGroup("/users").WithTags("users");
        users.MapGet("", async (Database database) => new Items<UserAnswer>(
            [.. (await database.ReadAsync(w => w.QueryAsync<UserRow>("SELECT * FROM users ORDER BY name"))).Select(Answer)])).ForRoles(Roles.Administering);
        users.MapPost("", CreateAsync).ForRoles(Roles.Administering);
        users.MapPut("/{id}", ChangeAsync).ForRoles(Roles.Administering);
        users.MapPost("/{id}/link", LinkAsync).ForRoles(Roles.Administering);
    }

    private static UserAnswer Answer(UserRow u) => new(u.Id, u.Name, u.DisplayName, Roles.Split(u.Roles), u.Active != 0, u.CreatedAt, u.LastSignIn, u.PasswordHash is null);

    private static async Task<IResult> CreateAsync(NewUser body, HttpContext context, Database database)
    {
        if (!NamePattern().IsMatch(body.Name ?? "")) throw Faults.Invalid("name", "2 to 32 of a–z, 0–9, dot, dash and underscore are possible.");
        var (id, roles, display) = (Database.NewId(), Roles.Checked(body.Roles), Text.Checked("displayName", body.DisplayName ?? body.Name, 1, 80));
        try
        {
            var invited = await database.WriteAsync(async work =>
            {
                await Users.InsertAsync(work, id, body.Name!, display, roles);
                return await InviteAsync(work, id, context, "user.create", new { roles });
            });
            return TypedResults.Created($"/api/v1/users/{id}", invited);
        }
        catch (DbException e) when (database.Dialect.IsDuplicate(e))
        {
            throw Faults.Conflict("conflict", "the name: taken already. Choose another.");
        }
    }

    private static async Task<InvitedUser> InviteAsync(Work work, string id, HttpContext context, string action, object? detail = null)
    {
        var token = await Users.LinkAsync(work, id, LinkValidity);
        await AuditLog.AppendAsync(work, Caller.Of(context).Name, action, $"user:{id}", detail);
        var user = await work.FirstAsync<UserRow>("SELECT * FROM users WHERE id = @id", new { id });
        return new InvitedUser(Answer(user!), token, $"{context.Request.Scheme}://{context.Request.Host}/welcome#{token}", Database.Time(DateTimeOffset.UtcNow + LinkValidity));
    }

    private static async Task<UserAnswer> ChangeAsync(string id, ChangedUser body, HttpContext context, Database database)
    {
        var (roles, display) = (Roles.Checked(body.Roles), Text.Checked("displayName", body.DisplayName, 1, 80));
        return await database.WriteAsync(async work =>
        {
            // One change after another, or two at once could each take the other's administrator away.
            await work.Dialect.LockAuditAsync(work.Connection, work.Transaction!);
            if (await work.ExecuteAsync("UPDATE users SET display_name = @display, roles = @roles, active = @active WHERE id = @id", new { id, display, roles, active = body.Active ? 1L : 0L }) == 0)
                throw Faults.NotFound("user");
            var administrators = await work.ScalarAsync<long>("SELECT COUNT(*) FROM users WHERE active = 1 AND password_hash IS NOT NULL AND roles LIKE '%administrator%'");
            // Whoever was only invited cannot sign in yet.
            if (administrators == 0) throw Faults.Conflict("last-administrator", "the user: the last administrator. Make another one first.");
            if (!body.Active) await work.ExecuteAsync("DELETE FROM sessions WHERE user_id = @id", new { id });
            await AuditLog.AppendAsync(work, Caller.Of(context).Name, "user.change", $"user:{id}", new { roles, body.Active });
            return Answer((await work.FirstAsync<UserRow>("SELECT * FROM users WHERE id = @id", new { id }))!);
        });
    }

    private static Task<InvitedUser> LinkAsync(string id, HttpContext context, Database database) => database.WriteAsync(async work =>
    {
        if (await work.ScalarAsync<long>("SELECT COUNT(*) FROM users WHERE id = @id", new { id }) == 0) throw Faults.NotFound("user");
        await work.ExecuteAsync("DELETE FROM sessions WHERE user_id = @id", new { id });
        return await InviteAsync(work, id, context, "user.link");
    });

    [GeneratedRegex(@"^[a-z0-9._-]{2,32}\z")]
    private static partial Regex NamePattern();
}
