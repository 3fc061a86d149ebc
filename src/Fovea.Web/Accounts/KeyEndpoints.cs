using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Storage;

namespace Fovea.Web.Accounts;

internal sealed record KeyAnswer
{
    public string Id { get; init; } = "";
    public string Name { get; init; } = "";
    public string Prefix { get; init; } = "";
    public string[] Roles { get; init; } = [];
    public string CreatedAt { get; init; } = "";
    public string? LastUsedAt { get; init; }
    public bool Revoked { get; init; }
}

internal sealed record NewKey(string Name, string[] Roles);

internal sealed record CreatedKey(KeyAnswer Key, string Secret);

/// <summary>API keys of programs.</summary>
internal static class KeyEndpoints
{
    private const int ShownOfSecret = 10;

    public static void Map(IEndpointRouteBuilder api)
    {
        var keys = api.MapGroup("/keys").WithTags("keys");
        keys.MapGet("", async (Database database) => new Items<KeyAnswer>(
            [.. (await database.ReadAsync(w => w.QueryAsync<Row>("SELECT * FROM api_keys ORDER BY created_at"))).Select(r => r.Answer())])).ForRoles(Roles.Administering);
        keys.MapPost("", CreateAsync).ForRoles(Roles.Administering);
        keys.MapDelete("/{id}", RevokeAsync).ForRoles(Roles.Administering);
    }

    private static async Task<IResult> CreateAsync(NewKey body, HttpContext context, Database database)
    {
        var (id, secret, roles, name) = (Database.NewId(), Secrets.KeyPrefix + Secrets.NewToken(), Roles.Checked(body.Roles), Text.Checked("name", body.Name, 1, 60));
        var row = new Row { Id = id, Name = name, Prefix = secret[..ShownOfSecret], Roles = roles, CreatedAt = Database.Now };
        await database.WriteAsync(async work =>
        {
            await work.ExecuteAsync("INSERT INTO api_keys (id, name, prefix, secret_hash, roles, created_at, revoked) VALUES (@Id, @Name, @Prefix, @hash, @Roles, @CreatedAt, 0)",
                new { row.Id, row.Name, row.Prefix, hash = Secrets.HashOf(secret), row.Roles, row.CreatedAt });
            await AuditLog.AppendAsync(work, Caller.Of(context).Name, "key.create", $"key:{id}", new { name, roles });
        });
        return TypedResults.Created($"/api/v1/keys/{id}", new CreatedKey(row.Answer(), secret));
    }

    private static async Task<IResult> RevokeAsync(string id, HttpContext context, Database database)
    {
        await database.WriteAsync(async work =>
        {
            if (await work.ExecuteAsync("UPDATE api_keys SET revoked = 1 WHERE id = @id", new { id }) == 0) throw Faults.NotFound("key");
            await AuditLog.AppendAsync(work, Caller.Of(context).Name, "key.revoke", $"key:{id}");
        });
        return TypedResults.NoContent();
    }

    internal sealed record Row
    {
        public string Id { get; init; } = "";
        public string Name { get; init; } = "";
        public string Prefix { get; init; } = "";
        public string Roles { get; init; } = "";
        public string CreatedAt { get; init; } = "";
        public string? LastUsedAt { get; init; }
        public long Revoked { get; init; }

        public KeyAnswer Answer() => new() { Id = Id, Name = Name, Prefix = Prefix, Roles = Accounts.Roles.Split(Roles), CreatedAt = CreatedAt, LastUsedAt = LastUsedAt, Revoked = Revoked != 0 };
    }
}
