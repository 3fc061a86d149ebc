using System.Text.Json;
using Fovea.Web.Accounts;
using Fovea.Web.Hosting;
using Fovea.Web.Patients;
using Fovea.Web.Storage;

namespace Fovea.Web.Audit;

internal sealed record AuditAnswer(long Sequence, string At, string User, string Action, string Object, JsonElement Detail, string Hash);

internal sealed record AuditCheckAnswer(bool Ok, long Entries, long? FirstBroken, string LastHash, string Text);

internal static class AuditEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        api.MapGet("/audit", ListAsync).WithTags("audit").ForRoles(Roles.Administering);
        api.MapGet("/audit/check", async (AuditLog audit, HttpContext context) =>
        {
            var check = await audit.CheckAsync();
            await audit.AppendAsync(Caller.Of(context).Name, "audit.check", "audit", new { check.Ok, check.Entries });
            return new AuditCheckAnswer(check.Ok, check.Entries, check.FirstBroken, check.LastHash, check.Text);
        }).WithTags("audit").ForRoles(Roles.Administering);
    }

    private static async Task<Page<AuditAnswer>> ListAsync(
        Database database, int? limit = null, string? after = null, string? action = null, string? user = null, string? @object = null, string? from = null, string? to = null)
    {
        var count = Hosting.Text.Limit(limit);
        var until = PatientEndpoints.Day("to", to) is { } day ? day + "T99" : "9";
        var before = after is null or "" ? long.MaxValue : long.TryParse(after, out var sequence) ? sequence : throw Faults.Invalid("after", "take it from the answer before.");
        var rows = await database.ReadAsync(w => w.QueryAsync<AuditLog.Row>(
            "SELECT * FROM audit WHERE sequence < @before AND (@action = '' OR action = @action) AND (@user = '' OR actor = @user) AND (@object = '' OR object = @object) AND at >= @from AND at <= @until ORDER BY sequence DESC LIMIT @more",
            new { before, action = action ?? "", user = user ?? "", @object = @object ?? "", from = PatientEndpoints.Day("from", from) ?? "", until, more = count + 1L }));
        return new Page<AuditAnswer>([.. rows.Take(count).Select(r => new AuditAnswer(r.Sequence, r.At, r.Actor, r.Action, r.Object, JsonSerializer.Deserialize<JsonElement>(r.Detail), r.Hash))],
            rows.Count > count ? rows[count - 1].Sequence.ToString(System.Globalization.CultureInfo.InvariantCulture) : null);
    }
}
