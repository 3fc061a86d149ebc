using System.Globalization;
using System.Text.Json;
using Fovea.Training.Data;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Search;

/// <summary>What came of a trial's training.</summary>
/// <param name="Value">The validation figure; null where the training failed.</param>
/// <param name="Problem">Why it failed: it diverged, or the settings do not go together.</param>
public sealed record TrialResult(int Trial, int Rung, int Epochs, double? Value, double Seconds, string? Problem, IReadOnlyList<KeyValuePair<string, string>> Settings);

/// <summary>A trial's training begins.</summary>
public sealed record TrialStarted(int Trial, int Rung, int Rungs, int Epochs, string Settings) : TrainingEvent;

/// <summary>A trial's training has ended.</summary>
public sealed record TrialDone(TrialResult Result) : TrainingEvent;

/// <summary>
/// Works through a search in a folder, alone or beside other processes on the same folder: each trial of each rung is a run in a folder of its own, taken by a <see cref="WorkClaim"/>, and leaves a <c>result.json</c>.
/// Whoever comes later goes on from what is there. The test part is never opened.
/// </summary>
/// <param name="train">Trains by a recipe in a folder, from its last checkpoint, and gives the history.</param>
public sealed class SearchRun(SearchPlan plan, Func<IEnumerable<string>, Recipe> recipe, string folder, Func<Recipe, RunDirectory, CancellationToken, RunProgress> train, IProgress<TrainingEvent>? observer = null)
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>Until every rung is done, by this process or others.</summary>
    /// <returns>All results, rung by rung.</returns>
    public IReadOnlyList<TrialResult> Run(CancellationToken cancel = default)
    {
        Directory.CreateDirectory(folder);
        var rungs = plan.Rungs(recipe([]).Training.Epochs);
        var results = new List<TrialResult>();
        int[] alive = [.. Enumerable.Range(0, plan.Trials)];
        for (var rung = 0; rung < rungs.Count; rung++)
        {
            alive = [.. alive.Take(rungs[rung].Trials)];
            var done = RunRung(rung, rungs.Count, rungs[rung].Epochs, alive, cancel);
            results.AddRange(done);
            alive = [.. done.Where(r => r.Value is not null).OrderByDescending(r => r.Value).ThenBy(r => r.Trial).Select(r => r.Trial)];
        }
        return results;
    }

    private TrialResult[] RunRung(int rung, int rungs, int epochs, int[] trials, CancellationToken cancel)
    {
        var done = new Dictionary<int, TrialResult>();
        while (true)
        {
            var worked = false;
            foreach (var trial in trials.Where(t => !done.ContainsKey(t)))
            {
                cancel.ThrowIfCancellationRequested();
                var run = new RunDirectory(Path.Combine(folder, string.Create(CultureInfo.InvariantCulture, $"trial-{trial:0000}"), string.Create(CultureInfo.InvariantCulture, $"rung-{rung}")));
                Directory.CreateDirectory(run.Path);
                if (ReadResult(run) is { } known)
                {
                    done[trial] = known;
                    continue;
                }
                using var claim = WorkClaim.Take(run.In("claim"));
                if (claim is null) continue;
                // Finished by another between the look and the claim.
                done[trial] = ReadResult(run) ?? Try(trial, rung, rungs, epochs, run, cancel);
                worked = true;
            }
            if (done.Count == trials.Length) return [.. trials.Select(t => done[t])];
            if (!worked) cancel.WaitHandle.WaitOne(Patience); // the rest is others' work
        }
    }

    private TrialResult Try(int trial, int rung, int rungs, int epochs, RunDirectory run, CancellationToken cancel)
    {
        var settings = plan.Settings(trial);
        TrialResult result;
        try
        {
            var overrides = settings.Select(s => $"{s.Key}={s.Value}").ToList();
            if (plan.Halving is not null) overrides.Add(string.Create(CultureInfo.InvariantCulture, $"training.epochs={epochs}"));
            var tried = recipe(overrides);
            observer?.Report(new TrialStarted(trial, rung, rungs, tried.Training.Epochs, string.Join(", ", settings.Select(s => $"{s.Key} {s.Value}"))));
            var progress = train(tried, run, cancel);
            var values = progress.History.Select(Measure).OfType<double>().ToArray();
            result = new TrialResult(trial, rung, tried.Training.Epochs, values.Length == 0 ? null : tried.Training.Select == Selection.Last ? values[^1] : values.Max(), progress.ElapsedSeconds,
                values.Length == 0 ? $"no epoch has a {plan.Measure}" : null, settings);
        }
        catch (Exception e) when (e is TrainingDivergedException or RecipeException)
        {
            result = new TrialResult(trial, rung, epochs, null, 0, e.Message, settings);
        }
        RunDirectory.WriteText(run.In("result.json"), JsonSerializer.Serialize(result, Json) + "\n");
        observer?.Report(new TrialDone(result));
        return result;
    }

    private double? Measure(EpochMetrics e) => plan.Measure switch
    {
        "accuracy" => e.Accuracy,
        "auc" => e.Auc,
        "loss" => -e.ValidationLoss,
        _ => e.QuadraticWeightedKappa,
    };

    private static TrialResult? ReadResult(RunDirectory run)
    {
        var path = run.In("result.json");
        if (!File.Exists(path)) return null;
        try
        {
            return JsonSerializer.Deserialize<TrialResult>(File.ReadAllText(path), Json) is { Settings: not null } result ? result : throw new JsonException("it is null");
        }
        catch (JsonException e)
        {
            throw new RunDirectoryException(path, $"no result of a trial ({e.Message.Split('.')[0]})", "Delete it to try again", e);
        }
    }

    /// <summary>The table of all trainings, as CSV.</summary>
    public static string Table(IReadOnlyList<TrialResult> results)
    {
        string[] keys = [.. results.SelectMany(r => r.Settings.Select(s => s.Key)).Distinct().Order(StringComparer.Ordinal)];
        string Number(double? value) => value?.ToString("0.######", CultureInfo.InvariantCulture) ?? "";
        return CsvText.Of(results.OrderByDescending(r => r.Rung).ThenByDescending(r => r.Value ?? double.NegativeInfinity).ThenBy(r => r.Trial)
            .Select(r => string.Join(',', [$"{r.Trial}", $"{r.Rung}", $"{r.Epochs}", Number(r.Value), r.Seconds.ToString("0.0", CultureInfo.InvariantCulture),
                .. keys.Select(k => CsvText.Cell(r.Settings.FirstOrDefault(s => s.Key == k).Value ?? "")), CsvText.Cell(r.Problem ?? "")]))
            .Prepend(string.Join(',', ["trial", "rung", "epochs", "value", "seconds", .. keys, "problem"])));
    }
}
