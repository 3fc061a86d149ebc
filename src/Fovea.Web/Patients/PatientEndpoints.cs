using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using Fovea.Web.Accounts;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Settings;
using Fovea.Web.Storage;

namespace Fovea.Web.Patients;

internal sealed record PatientAnswer
{
    public string Id { get; init; } = "";
    public string Pseudonym { get; init; } = "";
    public string CreatedAt { get; init; } = "";
    public long Examinations { get; init; }
    public string? LastExaminedOn { get; init; }

    [System.Text.Json.Serialization.JsonIgnore(Condition = System.Text.Json.Serialization.JsonIgnoreCondition.WhenWritingNull)]
    public IReadOnlyList<PatientExamination>? ExaminationList { get; init; }
}

internal sealed record PatientExamination(string Id, string ExaminedOn, string State, SummaryAnswer? Summary);

/// <param name="Pseudonym">Of the clinic, not a name; one is made where it is left out.</param>
internal sealed record NewPatient(string? Pseudonym = null);

internal sealed record NewExamination(string? ExaminedOn = null, string? Note = null);

internal sealed record Reason(string? reason);

internal static partial class PatientEndpoints
{
    private const string Sql =
        "SELECT p.id, p.pseudonym, p.created_at, COUNT(e.id) AS examinations, MAX(e.examined_on) AS last_examined_on FROM patients p LEFT JOIN examinations e ON e.patient_id = p.id ";

    public static void Map(IEndpointRouteBuilder api)
    {
        var patients = api.MapGroup("/patients").WithTags("patients");
        patients.MapGet("", ListAsync).ForRoles(Roles.Any);
        patients.MapPost("", CreateAsync).ForRoles(Roles.Registering);
        patients.MapGet("/{id}", OneAsync).ForRoles(Roles.Any);
        patients.MapDelete("/{id}", DeleteAsync).ForRoles(Roles.Administering);
        patients.MapPost("/{id}/examinations", AddExaminationAsync).ForRoles(Roles.Registering);
    }

    private static async Task<Page<PatientAnswer>> ListAsync(Database database, HttpContext context, AuditLog audit, string? query = null, string? after = null, int? limit = null)
    {
        var (count, start) = (Hosting.Text.Limit(limit), (query ?? "").Trim());
        if (start.Length > 64) throw Faults.Invalid("query", "up to 64 characters are possible.");
        var found = await database.ReadAsync(w => w.QueryAsync<PatientAnswer>(
            Sql + "WHERE p.pseudonym > @after AND SUBSTR(LOWER(p.pseudonym), 1, @length) = LOWER(@start) GROUP BY p.id, p.pseudonym, p.created_at ORDER BY p.pseudonym LIMIT @more",
            new { after = after ?? "", start, length = start.Length, more = count + 1 }));
        await audit.SawAsync(Caller.Of(context).Name, "patient.list", "patients");
        return new Page<PatientAnswer>([.. found.Take(count)], found.Count > count ? found[count - 1].Pseudonym : null);
    }

    private static async Task<IResult> CreateAsync(NewPatient body, HttpContext context, Database database)
    {
        var pseudonym = body.Pseudonym is null ? $"P-{Database.NewId()[^12..].ToUpperInvariant()}" : body.Pseudonym;
        if (!PseudonymPattern().IsMatch(pseudonym)) throw Faults.Invalid("pseudonym", "1 to 64 letters a–z, digits, dots, dashes and underscores are possible, and never a name.");
        var (id, now) = (Database.NewId(), Database.Now);
        try
        {
            await database.WriteAsync(async work =>
            {
                await work.ExecuteAsync("INSERT INTO patients (id, pseudonym, created_at, created_by) VALUES (@id, @pseudonym, @now, @by)", new { id, pseudonym, now, by = Caller.Of(context).Name });
                await AuditLog.AppendAsync(work, Caller.Of(context).Name, "patient.create", $"patient:{id}");
            });
        }
        catch (DbException e) when (database.Dialect.IsDuplicate(e))
        {
            throw Faults.Conflict("conflict", "the pseudonym: a patient has it already. Look for it in the list.");
        }
        return TypedResults.Created($"/api/v1/patients/{id}", new PatientAnswer { Id = id, Pseudonym = pseudonym, CreatedAt = now });
    }

    private static async Task<PatientAnswer> OneAsync(string id, HttpContext context, Database database, SettingsStore store, AuditLog audit)
    {
        var (language, settings) = (Words.Language(context), await store.GetAsync());
        var patient = await database.ReadAsync(async work =>
        {
            var patient = await work.FirstAsync<PatientAnswer>(Sql + "WHERE p.id = @id GROUP BY p.id, p.pseudonym, p.created_at", new { id }) ?? throw Faults.NotFound("patient");
            var examinations = await work.QueryAsync<ExaminationRow>(ExaminationRow.Sql + "WHERE e.patient_id = @id ORDER BY e.examined_on DESC, e.created_at DESC LIMIT 500", new { id });
            var list = new List<PatientExamination>();
            foreach (var e in examinations) list.Add(new PatientExamination(e.Id, e.ExaminedOn, e.State, SummaryAnswer.Of(await e.FactsAsync(work), settings, language)));
            return patient with { ExaminationList = list };
        });
        await audit.SawAsync(Caller.Of(context).Name, "patient.view", $"patient:{id}");
        return patient;
    }

    private static async Task<IResult> AddExaminationAsync(string id, NewExamination body, HttpContext context, Database database, SettingsStore store)
    {
        var (examination, caller) = (Database.NewId(), Caller.Of(context));
        var (on, note) = (Day("examinedOn", body.ExaminedOn) ?? Database.Now[..10], Hosting.Text.Checked("note", body.Note, 0, 2000, lines: true));
        await database.WriteAsync(async work =>
        {
            if (await work.FirstAsync<string>("SELECT id FROM patients WHERE id = @id" + work.Dialect.ForUpdate, new { id }) is null) throw Faults.NotFound("patient");
            await work.ExecuteAsync(
                "INSERT INTO examinations (id, patient_id, examined_on, note, created_at, created_by, state, images, refer, unsure, ungradable, final, review) VALUES (@examination, @id, @on, @note, @now, @by, 'empty', 0, 0, 0, 0, 0, 'none')",
                new { examination, id, on, note, now = Database.Now, by = caller.Name });
            await AuditLog.AppendAsync(work, caller.Name, "examination.create", $"examination:{examination}", new { patient = id });
        });
        var settings = await store.GetAsync();
        return TypedResults.Created($"/api/v1/examinations/{examination}", await database.ReadAsync(w => ExaminationAnswer.ReadAsync(w, examination, caller, Words.Language(context), settings)));
    }

    private static async Task<IResult> DeleteAsync(string id, [Microsoft.AspNetCore.Mvc.FromBody] Reason body, HttpContext context, Deletion deletion)
    {
        await deletion.PatientAsync(id, Hosting.Text.Checked("reason", body.reason, 3, 500, lines: true), Caller.Of(context).Name);
        return TypedResults.NoContent();
    }

    /// <exception cref="RequestException">Not a date.</exception>
    internal static string? Day(string field, string? text)
    {
        if (string.IsNullOrEmpty(text)) return null;
        if (!DateOnly.TryParseExact(text, "yyyy-MM-dd", CultureInfo.InvariantCulture, DateTimeStyles.None, out var day) || day.Year is < 1900 or > 2200) throw Faults.Invalid(field, "a date as 2026-11-27 is needed.");
        return day.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
    }

    [GeneratedRegex(@"^[A-Za-z0-9._-]{1,64}\z")]
    private static partial Regex PseudonymPattern();
}
