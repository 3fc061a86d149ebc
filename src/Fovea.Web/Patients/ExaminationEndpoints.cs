using Fovea.Web.Accounts;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Settings;
using Fovea.Web.Storage;

namespace Fovea.Web.Patients;

internal sealed record NewNote(string? Note);

internal static class ExaminationEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var examinations = api.MapGroup("/examinations/{id}").WithTags("examinations");
        examinations.MapGet("", OneAsync).ForRoles(Roles.Any);
        examinations.MapPut("/note", NoteAsync).ForRoles(Roles.Any);
        examinations.MapDelete("", DeleteAsync).ForRoles(Roles.Administering);
        examinations.MapGet("/events", ExaminationEvents.FollowAsync).ForRoles(Roles.Any);
    }

    private static async Task<ExaminationAnswer> OneAsync(string id, HttpContext context, Database database, SettingsStore store, AuditLog audit)
    {
        var (caller, settings) = (Caller.Of(context), await store.GetAsync());
        var answer = await database.ReadAsync(w => ExaminationAnswer.ReadAsync(w, id, caller, Words.Language(context), settings), context.RequestAborted);
        await audit.SawAsync(caller.Name, "examination.view", $"examination:{id}");
        return answer;
    }

    private static async Task<IResult> NoteAsync(string id, NewNote body, HttpContext context, Database database)
    {
        var note = Hosting.Text.Checked("note", body.Note, 0, 2000, lines: true);
        await database.WriteAsync(async work =>
        {
            if (await work.ExecuteAsync("UPDATE examinations SET note = @note WHERE id = @id", new { id, note }) == 0) throw Faults.NotFound("examination");
            await AuditLog.AppendAsync(work, Caller.Of(context).Name, "examination.note", $"examination:{id}");
        });
        return TypedResults.NoContent();
    }

    private static async Task<IResult> DeleteAsync(string id, [Microsoft.AspNetCore.Mvc.FromBody] Reason body, HttpContext context, Deletion deletion)
    {
        await deletion.ExaminationAsync(id, Hosting.Text.Checked("reason", body.reason, 3, 500, lines: true), Caller.Of(context).Name);
        return TypedResults.NoContent();
    }
}
