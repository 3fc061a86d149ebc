using System.Globalization;
using Fovea.Web.Accounts;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Review;
using Fovea.Web.Settings;
using Fovea.Web.Storage;

namespace Fovea.Web.Patients;

/// <summary>What to look for; all conditions together, none where left out.</summary>
internal sealed record WorklistFilter
{
    /// <summary>As they are asked for.</summary>
    public static readonly string[] Names = ["state", "review", "grade", "ungradable", "refer", "patient", "from", "to", "mine"];

    public string[]? State { get; init; }
    public string[]? Review { get; init; }

    /// <summary>The worst eye's grade.</summary>
    public int[]? Grade { get; init; }

    public bool? Ungradable { get; init; }
    public bool? Refer { get; init; }

    /// <summary>Start of the pseudonym.</summary>
    public string? Patient { get; init; }

    public string? From { get; init; }
    public string? To { get; init; }

    /// <summary>Only what waits for a review that the caller may do.</summary>
    public bool? Mine { get; init; }

    /// <summary>The condition and its values. Only names written here get into SQL.</summary>
    public (string Sql, Dictionary<string, object> Values) Where(Caller caller)
    {
        List<string> all = ["1 = 1"];
        var values = new Dictionary<string, object>();
        void OneOf<T>(string column, T[]? given, string name) where T : notnull
        {
            if (given is not { Length: > 0 }) return;
            if (given.Length > 20) throw Faults.Invalid(name, "up to 20 values are possible.");
            all.Add($"{column} IN ({string.Join(", ", given.Select((v, i) => Add($"{name}{i}", v)))})");
        }
        string Add(string name, object value)
        {
            values[name] = value;
            return "@" + name;
        }
        OneOf("e.state", State, "state");
        OneOf("e.review", Review, "review");
        OneOf("e.worst_grade", Grade?.Select(g => (long)g).ToArray(), "grade");
        if (Ungradable is { } ungradable) all.Add($"e.ungradable = {Add("ungradable", ungradable ? 1L : 0L)}");
        if (Refer is { } refer) all.Add($"e.refer = {Add("refer", refer ? 1L : 0L)}");
        if (!string.IsNullOrWhiteSpace(Patient))
        {
            if (Patient.Length > 64) throw Faults.Invalid("patient", "up to 64 characters are possible.");
            all.Add($"SUBSTR(LOWER(p.pseudonym), 1, CAST({Add("length", (long)Patient.Trim().Length)} AS INTEGER)) = LOWER({Add("patient", Patient.Trim())})");
        }
        if (PatientEndpoints.Day("from", From) is { } from) all.Add($"e.examined_on >= {Add("from", from)}");
        if (PatientEndpoints.Day("to", To) is { } to) all.Add($"e.examined_on <= {Add("to", to)}");
        if (Mine == true)
        {
            var states = caller.Is(Roles.Ophthalmologist) ? "'awaitingFirst', 'awaitingSecond', 'awaitingArbitration'" : caller.Is(Roles.Grader) ? "'awaitingFirst', 'awaitingSecond'" : "''";
            all.Add($"EXISTS (SELECT 1 FROM images i WHERE i.examination_id = e.id AND i.review IN ({states}) AND NOT EXISTS (SELECT 1 FROM reviews v WHERE v.image_id = i.id AND v.reader_id = {Add("me", caller.Id)}))");
        }
        return (string.Join(" AND ", all), values);
    }

    public static WorklistFilter Of(HttpContext context)
    {
        var q = context.Request.Query;
        string[]? Many(string name) => q.TryGetValue(name, out var v) ? [.. v.Where(s => !string.IsNullOrEmpty(s)).Select(s => s!)] : null;
        bool? Flag(string name) => q[name].ToString() switch { "" => null, "true" => true, "false" => false, _ => throw Faults.Invalid(name, "true and false are possible.") };
        string? One(string name) => q[name].ToString() is { Length: > 0 } v ? v : null;
        return new WorklistFilter
        {
            State = Many("state"), Review = Many("review"), Ungradable = Flag("ungradable"), Refer = Flag("refer"), Patient = One("patient"), From = One("from"), To = One("to"), Mine = Flag("mine"),
            Grade = Many("grade")?.Select(g => int.TryParse(g, NumberStyles.None, CultureInfo.InvariantCulture, out var n) && n <= 4 ? n : throw Faults.Invalid("grade", "0 to 4 are possible.")).ToArray(),
        };
    }
}

internal sealed record WorklistItem(
    string Id, PatientReference Patient, string ExaminedOn, string CreatedAt, string State, long Images, IReadOnlyList<string> Eyes, long? WorstGrade, bool Ungradable, bool Refer, string Review,
    SummaryAnswer? Summary, IReadOnlyList<WorklistPicture> Pictures);

/// <summary>A photograph in the list, for its thumbnail.</summary>
internal sealed record WorklistPicture
{
    public string Id { get; init; } = "";
    public string? Eye { get; init; }

    /// <summary>Null while it waits.</summary>
    public string? Outcome { get; init; }

    public long? Grade { get; init; }
}

/// <summary>Examinations by what is to be done with them, the newest first.</summary>
internal static class Worklist
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/worklist", ListAsync).WithTags("worklist").ForRoles(Roles.Any);

    private static async Task<Page<WorklistItem>> ListAsync(HttpContext context, Database database, SettingsStore store, AuditLog audit, int? limit = null, string? after = null)
    {
        var (count, caller, language, settings) = (Hosting.Text.Limit(limit), Caller.Of(context), Words.Language(context), await store.GetAsync());
        var (where, values) = WorklistFilter.Of(context).Where(caller);
        if (after is { Length: > 0 and <= 100 } && after.Split('~') is [var at, var id])
        {
            where += " AND (e.created_at < @afterAt OR (e.created_at = @afterAt AND e.id < @afterId))";
            (values["afterAt"], values["afterId"]) = (at, id);
        }
        values["more"] = (long)count + 1;
        var items = await database.ReadAsync(async work =>
        {
            var rows = await work.QueryAsync<ExaminationRow>(ExaminationRow.Sql + $"WHERE {where} ORDER BY e.created_at DESC, e.id DESC LIMIT @more", values);
            var answers = new List<WorklistItem>();
            foreach (var e in rows)
            {
                var facts = await e.FactsAsync(work);
                answers.Add(new WorklistItem(e.Id, new PatientReference(e.PatientId, e.Pseudonym), e.ExaminedOn, e.CreatedAt, e.State, e.Images,
                    [.. facts.Select(f => f.Eye ?? Analysis.ExaminationFacts.UnknownEye).Distinct()], e.WorstGrade, e.Ungradable != 0, e.Refer != 0, e.Review, SummaryAnswer.Of(facts, settings, language),
                    await work.QueryAsync<WorklistPicture>("SELECT i.id, i.eye, r.outcome, r.grade FROM images i LEFT JOIN results r ON r.image_id = i.id WHERE i.examination_id = @id ORDER BY i.uploaded_at, i.id", new { id = e.Id })));
            }
            return answers;
        });
        await audit.SawAsync(caller.Name, "worklist.view", "worklist");
        return new Page<WorklistItem>([.. items.Take(count)], items.Count > count ? $"{items[count - 1].CreatedAt}~{items[count - 1].Id}" : null);
    }
}
