using Fovea.Web.Accounts;
using Fovea.Web.Analysis;
using Fovea.Web.Hosting;
using Fovea.Web.Images;
using Fovea.Web.Settings;
using Fovea.Web.Storage;

namespace Fovea.Web.Patients;

internal sealed record PatientReference(string Id, string Pseudonym);

internal sealed record RecallAnswer(string Code, long? Grade, int? Months, string Text);

/// <summary>What an examination's images say together.</summary>
/// <param name="MissingEyes">Of right and left, those without any photograph.</param>
internal sealed record SummaryAnswer(
    long? WorstGrade, string? WorstEye, bool Final, bool Refer, bool Unsure, IReadOnlyList<string> UngradableEyes, IReadOnlyList<string> MissingEyes, RecallAnswer Recall)
{
    private static readonly string[] Both = ["right", "left"];

    /// <summary>Null before the first result.</summary>
    public static SummaryAnswer? Of(IReadOnlyList<ImageFacts> images, ServiceSettings settings, string language)
    {
        if (images.All(i => i.Outcome is null)) return null;
        var facts = ExaminationFacts.Of(images);
        var seen = images.Where(i => !i.IsScan).Select(i => i.Eye).ToHashSet();
        string[] missing = seen.Count == 0 || seen.Contains(null) ? [] : [.. Both.Where(eye => !seen.Contains(eye))];
        return new SummaryAnswer(facts.WorstGrade, facts.WorstEye, facts.Final, facts.Refer, facts.Unsure, facts.UngradableEyes, missing, RecallOf(facts, settings, language));
    }

    // What is certain and urgent comes first: one bad eye is referred, whatever the other one is.
    private static RecallAnswer RecallOf(ExaminationFacts facts, ServiceSettings settings, string language)
    {
        RecallAnswer Of(string code, int months, LocalisedText text) => new(code, facts.WorstGrade, months == 0 ? null : months, text.In(language, months));
        RecallAnswer Rule(RecallRule rule) => Of(rule.Code, rule.Months, rule.Text);
        RecallAnswer Other(OtherRule rule) => Of(rule.Code, rule.Months, rule.Text);
        var rule = facts.WorstGrade is { } grade ? settings.Recall[(int)Math.Clamp(grade, 0, settings.Recall.Count - 1)] : null;
        // The table is about photographs: a scan's class refers where the table itself would not.
        if (facts.ReferByScan && rule?.Code is not ("refer" or "urgent")) return Of("refer", 0, Words.ReferredByScan);
        if (facts.Photographs == 0) return Of("review", 0, Words.OnlyScans);
        if (rule is null || (!facts.Refer && facts.UngradableEyes.Count > 0)) return Other(settings.Ungradable);
        return !facts.Refer && facts.Unsure ? Other(settings.Unsure) : Rule(rule);
    }
}

internal sealed record ExaminationRow
{
    public const string Sql = "SELECT e.*, p.pseudonym FROM examinations e JOIN patients p ON p.id = e.patient_id ";

    public string Id { get; init; } = "";
    public string PatientId { get; init; } = "";
    public string Pseudonym { get; init; } = "";
    public string ExaminedOn { get; init; } = "";
    public string Note { get; init; } = "";
    public string CreatedAt { get; init; } = "";
    public string CreatedBy { get; init; } = "";
    public string State { get; init; } = "";
    public long Images { get; init; }
    public long? WorstGrade { get; init; }
    public long Refer { get; init; }
    public long Ungradable { get; init; }
    public string Review { get; init; } = "";

    public Task<List<ImageFacts>> FactsAsync(Work work) => work.QueryAsync<ImageFacts>(ExaminationState.FactsSql, new { id = Id });
}

internal sealed record ExaminationAnswer(
    string Id, PatientReference Patient, string ExaminedOn, string Note, string CreatedAt, string CreatedBy, string State, SummaryAnswer? Summary, string Review, IReadOnlyList<ImageAnswer> Images)
{
    public static async Task<ExaminationAnswer> ReadAsync(Work work, string id, Caller caller, string language, ServiceSettings settings)
    {
        var row = await work.FirstAsync<ExaminationRow>(ExaminationRow.Sql + "WHERE e.id = @id", new { id }) ?? throw Faults.NotFound("examination");
        return new ExaminationAnswer(row.Id, new PatientReference(row.PatientId, row.Pseudonym), row.ExaminedOn, row.Note, row.CreatedAt, row.CreatedBy, row.State,
            SummaryAnswer.Of(await row.FactsAsync(work), settings, language), row.Review, await ImageAnswers.OfExaminationAsync(work, id, caller, language));
    }
}
