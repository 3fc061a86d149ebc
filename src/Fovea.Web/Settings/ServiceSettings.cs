using Fovea.Web.Hosting;
using Fovea.Web.Storage;

namespace Fovea.Web.Settings;

/// <summary>A text in both languages, in which <c>{months}</c> stands for the rule's time: "12 months", "1 month", "12 个月".</summary>
internal sealed record LocalisedText(string En, string Zh)
{
    public const string Months = "{months}";

    public string In(string language, int months)
    {
        var chinese = language == "zh" && Zh.Length > 0;
        return (chinese ? Zh : En).Replace(Months, chinese ? $"{months} 个月" : months == 1 ? "1 month" : $"{months} months", StringComparison.Ordinal);
    }
}

/// <summary>What a patient is told.</summary>
/// <param name="Code"><c>rescreen</c>, <c>refer</c>, <c>urgent</c>, <c>retake</c> or <c>review</c>.</param>
/// <param name="Months">Until the next visit at the latest; 0 for now.</param>
internal sealed record RecallRule(int Grade, string Code, int Months, LocalisedText Text);

internal sealed record OtherRule(string Code, int Months, LocalisedText Text);

/// <summary>What an administrator may change. The recall table is a starting point, no advice: a programme enters its own.</summary>
/// <param name="SecondReader"><c>never</c>, <c>onOverride</c> or <c>always</c>.</param>
/// <param name="LeastProbability">Below it a grade is unsure, 0 … 1.</param>
/// <param name="RetentionDays">Older examinations are deleted for good; null: never.</param>
internal sealed record ServiceSettings(IReadOnlyList<RecallRule> Recall, OtherRule Ungradable, OtherRule Unsure, string SecondReader, double LeastProbability, int? RetentionDays, string SiteName)
{
    private static readonly string[] Codes = ["rescreen", "refer", "urgent", "retake", "review"];

    public static ServiceSettings Default { get; } = new(
        [
            new(0, "rescreen", 12, new("No retinopathy seen. Screen again in {months}.", "未见视网膜病变。{months}后复查。")),
            new(1, "rescreen", 6, new("Mild retinopathy. Screen again in {months}.", "轻度视网膜病变。{months}后复查。")),
            new(2, "refer", 3, new("Moderate retinopathy. Refer to an ophthalmologist within {months}.", "中度视网膜病变。{months}内转诊眼科医生。")),
            new(3, "refer", 1, new("Severe retinopathy. Refer to an ophthalmologist within {months}.", "重度视网膜病变。{months}内转诊眼科医生。")),
            new(4, "urgent", 0, new("Proliferative retinopathy. Refer to an ophthalmologist urgently.", "增殖性视网膜病变。请立即转诊眼科医生。")),
        ],
        new("retake", 0, new("An eye could not be graded. Photograph it again, or refer to an ophthalmologist.", "有一只眼无法分级。请重新拍摄，或转诊眼科医生。")),
        new("review", 0, new("The result is unsure. A person decides.", "结果不确定，由医生判定。")),
        "onOverride", 0.5, null, "");

    /// <exception cref="RequestException">Something is impossible.</exception>
    public ServiceSettings Checked()
    {
        if (Recall is null || Recall.Count != 5 || Recall.Where((r, i) => r?.Grade != i).Any()) throw Faults.Invalid("recall", "one rule for each grade 0 to 4 is needed, in their order.");
        foreach (var rule in Recall) Check("recall", rule.Code, rule.Months, rule.Text);
        if (Ungradable is null || Unsure is null) throw Faults.Invalid("ungradable", "rules for ungradable and unsure are needed.");
        Check("ungradable", Ungradable.Code, Ungradable.Months, Ungradable.Text);
        Check("unsure", Unsure.Code, Unsure.Months, Unsure.Text);
        if (SecondReader is not ("never" or "onOverride" or "always")) throw Faults.Invalid("secondReader", "there are never, onOverride and always.");
        if (LeastProbability is not (>= 0 and <= 1)) throw Faults.Invalid("leastProbability", "0 to 1 is possible.");
        if (RetentionDays is < 1 or > 36_500) throw Faults.Invalid("retentionDays", "1 to 36500, or null for ever, are possible.");
        return this with { SiteName = Hosting.Text.Checked("siteName", SiteName, 0, 80) };
    }

    private static void Check(string field, string code, int months, LocalisedText text)
    {
        if (!Codes.Contains(code)) throw Faults.Invalid(field, "the code is one of rescreen, refer, urgent, retake, review.");
        if (months is < 0 or > 120) throw Faults.Invalid(field, "0 to 120 months are possible.");
        if (text is null) throw Faults.Invalid(field, "it needs a text.");
        Hosting.Text.Checked(field, text.En, 1, 200);
        Hosting.Text.Checked(field, text.Zh, 0, 200);
        if (months == 0 && (text.En + text.Zh).Contains(LocalisedText.Months, StringComparison.Ordinal)) throw Faults.Invalid(field, $"a text with {LocalisedText.Months} needs at least one month.");
    }
}

/// <summary>The settings, read again after a few seconds because other machines may change them.</summary>
internal sealed class SettingsStore(Database database)
{
    private const string Name = "service";
    private static readonly TimeSpan Fresh = TimeSpan.FromSeconds(3);
    private (ServiceSettings Settings, long At)? _read;

    public async ValueTask<ServiceSettings> GetAsync()
    {
        if (_read is var (settings, at) && System.Diagnostics.Stopwatch.GetElapsedTime(at) < Fresh) return settings;
        var text = await database.ReadAsync(w => w.FirstAsync<string>("SELECT value FROM settings WHERE name = @Name", new { Name }));
        var now = text is null ? ServiceSettings.Default : ServiceJson.Read<ServiceSettings>(text);
        _read = (now, System.Diagnostics.Stopwatch.GetTimestamp());
        return now;
    }

    public async Task WriteAsync(Work work, ServiceSettings settings)
    {
        await work.ExecuteAsync("INSERT INTO settings (name, value) VALUES (@Name, @value) ON CONFLICT (name) DO UPDATE SET value = excluded.value", new { Name, value = ServiceJson.Text(settings) });
        _read = null;
    }
}
