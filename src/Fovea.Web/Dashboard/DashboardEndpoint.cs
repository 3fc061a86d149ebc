using Fovea.Calibration;
using Fovea.Web.Accounts;
using Fovea.Web.Hosting;
using Fovea.Web.Patients;
using Fovea.Web.Storage;

namespace Fovea.Web.Dashboard;

internal sealed record DayVolume(string Date, long Images, long Examinations);

internal sealed record GradeCount(int Grade, string Name, long Machine, long Final);

internal sealed record ShareOf(long Images, double Share);

/// <param name="Matrix">Rows the machine (or the first reader), columns the first reader (or the second).</param>
internal sealed record Agreement(long Images, long Agree, double? Kappa, string KappaKind, long[][] Matrix);

internal sealed record Waits(double? Median, double? P90);

/// <param name="OctScans">Of the images; they have no grade and are in no other number but volume and time.</param>
internal sealed record DashboardAnswer(
    string From, string To, IReadOnlyList<DayVolume> Volume, long Images, long Examinations, long Patients, IReadOnlyList<GradeCount> Grades, ShareOf Ungradable, long Unsure, long Referable,
    Agreement Agreement, Agreement ReaderAgreement, Waits SecondsToResult, long Queue, long OctScans);

/// <summary>The programme in numbers, by the day of upload. Nothing here names a patient.</summary>
internal static class DashboardEndpoint
{
    private const int Classes = 5, UsualDays = 30;

    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/dashboard", ReadAsync).WithTags("dashboard").ForRoles(Roles.Any);

    private static Task<DashboardAnswer> ReadAsync(Database database, HttpContext context, string? from = null, string? to = null)
    {
        var last = PatientEndpoints.Day("to", to) ?? Database.Now[..10];
        var first = PatientEndpoints.Day("from", from) ?? Database.Time(Database.Time(last + "T00:00:00Z").AddDays(1 - UsualDays))[..10];
        var language = Words.Language(context);
        return database.ReadAsync(async work =>
        {
            var span = new { first, end = last + "T99" };
            const string In = "i.uploaded_at >= @first AND i.uploaded_at <= @end";
            var volume = await work.QueryAsync<DayRow>($"SELECT SUBSTR(i.uploaded_at, 1, 10) AS day, COUNT(*) AS images, COUNT(DISTINCT i.examination_id) AS examinations FROM images i WHERE {In} GROUP BY SUBSTR(i.uploaded_at, 1, 10) ORDER BY 1", span);
            var totals = await work.FirstAsync<TotalRow>($"SELECT COUNT(*) AS images, COUNT(DISTINCT i.examination_id) AS examinations, COUNT(DISTINCT e.patient_id) AS patients FROM images i JOIN examinations e ON e.id = i.examination_id WHERE {In}", span);
            var machine = await work.QueryAsync<CountRow>($"SELECT r.outcome, r.grade, r.unsure, CASE WHEN r.grade >= r.referable_from THEN 1 ELSE 0 END AS referable, COUNT(*) AS count FROM images i JOIN results r ON r.image_id = i.id WHERE {In} AND r.kind = 'fundus' GROUP BY r.outcome, r.grade, r.unsure, CASE WHEN r.grade >= r.referable_from THEN 1 ELSE 0 END", span);
            var final = await work.QueryAsync<CountRow>($"SELECT i.final_grade AS grade, COUNT(*) AS count FROM images i WHERE {In} AND i.review = 'final' AND i.final_grade IS NOT NULL GROUP BY i.final_grade", span);
            var withReader = await work.QueryAsync<PairRow>($"SELECT r.grade AS a, v.grade AS b, COUNT(*) AS count FROM images i JOIN results r ON r.image_id = i.id JOIN reviews v ON v.image_id = i.id AND v.position = 1 WHERE {In} AND r.grade IS NOT NULL AND v.grade IS NOT NULL GROUP BY r.grade, v.grade", span);
            var readers = await work.QueryAsync<PairRow>($"SELECT v.grade AS a, s.grade AS b, COUNT(*) AS count FROM images i JOIN reviews v ON v.image_id = i.id AND v.position = 1 JOIN reviews s ON s.image_id = i.id AND s.position = 2 WHERE {In} AND v.grade IS NOT NULL AND s.grade IS NOT NULL GROUP BY v.grade, s.grade", span);
            var done = machine.Sum(m => m.Count);
            var scans = await work.ScalarAsync<long>($"SELECT COUNT(*) FROM images i JOIN results r ON r.image_id = i.id WHERE {In} AND r.kind = 'oct'", span);
            var ungradable = machine.Where(m => m.Outcome == "ungradable").Sum(m => m.Count);
            return new DashboardAnswer(first, last, [.. volume.Select(v => new DayVolume(v.Day, v.Images, v.Examinations))], totals!.Images, totals.Examinations, totals.Patients,
                [.. Enumerable.Range(0, Classes).Select(g => new GradeCount(g, Words.Grade(g, language), machine.Where(m => m.Grade == g).Sum(m => m.Count), final.Where(f => f.Grade == g).Sum(f => f.Count)))],
                new ShareOf(ungradable, done == 0 ? 0 : Math.Round((double)ungradable / done, 4)), machine.Where(m => m.Unsure != 0).Sum(m => m.Count), machine.Where(m => m.Referable != 0).Sum(m => m.Count),
                Of(withReader), Of(readers), await WaitsAsync(work, $"FROM images i JOIN results r ON r.image_id = i.id WHERE {In}", span, done + scans),
                await work.ScalarAsync<long>("SELECT COUNT(*) FROM images WHERE pending = 1"), scans);
        });
    }

    private static Agreement Of(IEnumerable<PairRow> pairs)
    {
        long[][] matrix = [.. Enumerable.Range(0, Classes).Select(_ => new long[Classes])];
        foreach (var pair in pairs.Where(p => p.A is >= 0 and < Classes && p.B is >= 0 and < Classes)) matrix[pair.A][pair.B] += pair.Count;
        var agree = Enumerable.Range(0, Classes).Sum(k => matrix[k][k]);
        return new Agreement(matrix.Sum(r => r.Sum()), agree, CohenKappa.Of(matrix.SelectMany(r => r).ToArray(), Classes, KappaWeighting.Quadratic) is { } kappa ? Math.Round(kappa, 4) : null, "quadratic weighted", matrix);
    }

    private static async Task<Waits> WaitsAsync(Work work, string from, object span, long count)
    {
        if (count == 0) return new Waits(null, null);
        async Task<double?> AtAsync(double share) =>
            await work.ScalarAsync<double?>($"SELECT r.waited {from} ORDER BY r.waited LIMIT 1 OFFSET {(long)Math.Min(count - 1, Math.Floor(share * count))}", span);
        return new Waits(await AtAsync(0.5), await AtAsync(0.9));
    }

    internal sealed record DayRow
    {
        public string Day { get; init; } = "";
        public long Images { get; init; }
        public long Examinations { get; init; }
    }

    internal sealed record TotalRow
    {
        public long Images { get; init; }
        public long Examinations { get; init; }
        public long Patients { get; init; }
    }

    internal sealed record CountRow
    {
        public string? Outcome { get; init; }
        public long? Grade { get; init; }
        public long Unsure { get; init; }
        public long Referable { get; init; }
        public long Count { get; init; }
    }

    internal sealed record PairRow
    {
        public long A { get; init; }
        public long B { get; init; }
        public long Count { get; init; }
    }
}
