using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using Fovea.Calibration;
using Fovea.Models;
using Fovea.Training.Ensembles;
using Fovea.Training.Metrics;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Cli.Verbs;

/// <summary>Makes one system of several, from their tables of predictions, or one model file of several.</summary>
internal static class EnsembleVerb
{
    private const int MaxMembers = 200;

    private static readonly Dictionary<string, EnsembleMethod> Methods = new(StringComparer.Ordinal)
    {
        ["vote"] = EnsembleMethod.Vote, ["mean"] = EnsembleMethod.Mean, ["trimmed"] = EnsembleMethod.TrimmedMean,
        ["weights"] = EnsembleMethod.Weights, ["ridge"] = EnsembleMethod.Ridge, ["linear"] = EnsembleMethod.Linear,
    };

    public static Command Create()
    {
        var predictions = new Option<string[]>("--predictions") { Description = "One CSV a system, by whatever program: image,true,predicted and, but for a vote, p0,p1,…", AllowMultipleArgumentsPerToken = true, HelpName = "FILE.csv" };
        var packing = new EnsemblePacking();
        var method = new Option<string>("--method") { Description = "vote (ties to the higher grade), mean, trimmed (mean), weights (of a mean), ridge or linear (of the expected grades). The last three are fitted.", DefaultValueFactory = _ => "mean", HelpName = "NAME" };
        var read = new Option<string>("--read") { Description = "What averaged probabilities come to: the most `probable` grade, or the `expected` one, rounded.", DefaultValueFactory = _ => "probable", HelpName = "HOW" };
        var trim = new Option<double>("--trim") { Description = "Share of the systems that a trimmed mean leaves out at each end.", DefaultValueFactory = _ => 0.25, HelpName = "SHARE" };
        var ridge = new Option<double>("--ridge") { Description = "Penalty of the ridge regression.", DefaultValueFactory = _ => 1, HelpName = "λ" };
        var fit = new Option<string[]>("--fit") { Description = "The same systems' predictions of other images, in the same order, to fit on. Default: out of fold on --predictions.", AllowMultipleArgumentsPerToken = true, HelpName = "FILE.csv" };
        var folds = new Option<int>("--folds") { Description = "Folds for fitting out of fold; a group (patient) is on one side.", DefaultValueFactory = _ => 5, HelpName = "K" };
        var seed = new Option<ulong>("--seed") { Description = "Seeds the folds and the intervals.", DefaultValueFactory = _ => 0UL, HelpName = "N" };
        var output = new Option<string?>("--out") { Description = "Folder for predictions.csv, metrics.json and ensemble.json (the rule).", HelpName = "DIR" };
        var json = JsonOutput.Option();
        var command = new Command("ensemble", "Combine several systems' predictions and measure the result, or pack several models into one file.") { predictions, method, read, trim, ridge, fit, folds, seed, output, json };
        packing.AddTo(command);
        return command.Runs((parse, cancel) =>
        {
            var paths = parse.GetValue(predictions) ?? [];
            var fitPaths = parse.GetValue(fit) ?? [];
            var models = packing.Models(parse);
            var tables = paths.Length > 0 || models is null;
            if (tables && paths.Length is not (>= 2 and <= MaxMembers)) throw new UsageException($"--predictions: {paths.Length} systems. Give 2 to {MaxMembers}.");
            var chosen = Named(Methods, "--method", parse.GetValue(method)!);
            var reading = Named(new Dictionary<string, EnsembleReading> { ["probable"] = EnsembleReading.MostProbable, ["expected"] = EnsembleReading.Expected }, "--read", parse.GetValue(read)!);
            if (parse.GetValue(trim) is var t && t is not (>= 0 and < 0.5)) throw new UsageException($"--trim: {Text(t)} leaves nothing. Give 0 up to, not including, 0.5.");
            if (parse.GetValue(ridge) is var λ && λ is not (> 0 and <= 1e9)) throw new UsageException($"--ridge: {Text(λ)} is out of range. Give a number above 0.");
            if (parse.GetValue(folds) is var k && k is < 2 or > 100) throw new UsageException($"--folds: {k} is out of range. Give 2 to 100.");
            if (fitPaths.Length > 0 && fitPaths.Length != paths.Length) throw new UsageException($"--fit: {fitPaths.Length} tables for {paths.Length} systems. Give one for each, in the same order.");
            if (fitPaths.Length > 0 && !EnsembleFit.IsFitted(chosen)) throw new UsageException($"--fit: {parse.GetValue(method)} fits nothing. Leave out --fit, or use --method weights, ridge or linear.");

            var options = new EnsembleOptions(chosen, reading, t, λ, k, parse.GetValue(seed));
            if (!tables)
            {
                var rule = options.Unfitted ?? throw new UsageException($"--method {parse.GetValue(method)}: is fitted. Give the models' --predictions, in the same order.");
                packing.Write(parse, models!, rule, parse.GetValue(json));
                return ExitCodes.Ok;
            }
            if (models is not null && models.Count != paths.Length) throw new UsageException($"--models: {models.Count} models for {paths.Length} tables of predictions. Give one for each, in the same order.");
            var table = EnsembleTable.Read(paths);
            var fitOn = fitPaths.Length > 0 ? EnsembleTable.Read(fitPaths) : null;
            if (chosen != EnsembleMethod.Vote && !(table.HasProbabilities && fitOn is not { HasProbabilities: false }))
                throw new UsageException($"--method {parse.GetValue(method)}: a table has no probabilities. Give p0, p1, … in every table, or use --method vote.");
            var result = options.Combine(table, fitOn);
            var report = MetricsReport.Compute(result.Predictions, new MetricsOptions { Seed = parse.GetValue(seed) }, cancel);
            if (parse.GetValue(output) is { } folder)
            {
                Directory.CreateDirectory(folder);
                result.Predictions.Write(Path.Combine(folder, "predictions.csv"));
                RunDirectory.WriteText(Path.Combine(folder, "metrics.json"), report.ToJson() + "\n");
                RunDirectory.WriteText(Path.Combine(folder, "ensemble.json"), JsonSerializer.Serialize(new { members = paths, rule = result.Rule }, RecipeFile.Options) + "\n");
            }
            if (parse.GetValue(json)) JsonOutput.Write(report);
            else Console.Out.Write(MetricsText.Of(report));
            if (models is not null) packing.Write(parse, models, result.Rule, null);
            if (result.Rule.Weights is { } weights)
                Console.Error.WriteLine($"fitted {(fitOn is null ? $"out of {k} folds; on all images" : "on other images")}: {string.Join(", ", weights.Select((w, i) => $"{paths[i]} {Text(w)}"))}{(chosen == EnsembleMethod.Weights ? "" : $", constant {Text(result.Rule.Intercept)}")}");
            return ExitCodes.Ok;
        });
    }

    private static string Text(double value) => value.ToString("0.####", CultureInfo.InvariantCulture);

    private static T Named<T>(Dictionary<string, T> known, string option, string name)
    {
        if (known.TryGetValue(name, out var value)) return value;
        var near = NearestName.Of(name, known.Keys);
        throw new UsageException($"{option}: no '{name}'. {(near is null ? $"There are {string.Join(", ", known.Keys)}." : $"Did you mean {near}?")}");
    }
}
