using System.CommandLine;
using System.Globalization;
using Fovea.Torch;
using Fovea.Torch.Distributed;
using Fovea.Training.Data;
using Fovea.Training.Data.Lesions;
using Fovea.Training.Detection;
using Fovea.Training.Detection.Scores;
using Fovea.Training.Evaluation.Report;
using Fovea.Training.Metrics;
using Fovea.Training.Preparation;
using Fovea.Training.Recipes;
using Fovea.Training.Splits;
using Fovea.Training.Training;
using Fovea.Training.Weights;

namespace Fovea.Cli.Verbs;

/// <summary>Trains by a recipe, once or in folds, and measures what came of it.</summary>
internal static class TrainVerb
{
    public static Command Create()
    {
        var recipe = new Option<string>("--recipe") { Description = "The experiment: a JSON file, or the name of a shipped recipe, e.g. s0-densenet121.", Required = true, HelpName = "FILE.json|NAME" };
        var data = DataOption.Create();
        var weights = new Option<string?>("--weights") { Description = "Weights to start from: .safetensors, .pth, .fovea, or a name of `fovea weights list`. Default: the recipe's.", HelpName = "FILE|NAME" };
        var prepared = new Option<string?>("--prepared") { Description = "The data's images as `fovea data prepare` left them, by the recipe's steps.", HelpName = "DIR" };
        var output = new Option<string?>("--out") { Description = "Folder of the run. Default: runs/ and the recipe's name.", HelpName = "DIR" };
        var folds = new Option<int?>("--folds") { Description = "Cross-validate with so many folds instead of one split.", HelpName = "K" };
        var split = new Option<string?>("--split") { Description = "Train and measure by this split, as data split wrote it, instead of the data's own parts or the recipe's shares.", HelpName = "FILE.csv" };
        var resume = new Option<bool>("--resume") { Description = "Go on with the run in the folder." };
        var set = new Option<string[]>("--set") { Description = "Change a value of the recipe, e.g. training.epochs=3; may be repeated.", HelpName = "KEY=VALUE" };
        var threads = new Option<int?>("--threads") { Description = "Threads of libtorch. Default: OMP_NUM_THREADS, else every processor that the process may use.", HelpName = "N" };
        var processes = new Option<int?>("--nproc") { Description = "Train with so many processes on this machine, which share every batch. Several machines: docs/distributed.md.", HelpName = "N" };
        var findRate = new Option<int?>("--find-lr") { Description = "Instead of training, raise the learning rate over so many steps (default 100) and draw what the loss does.", HelpName = "STEPS", Arity = ArgumentArity.ZeroOrOne };
        var json = JsonOutput.Option();
        return new Command("train", "Train a network by a recipe and measure it on images that it has not seen.") { recipe, data, weights, prepared, output, folds, split, resume, set, threads, processes, findRate, json }
            .Runs((parse, cancel) =>
            {
                if (parse.GetValue(processes) is not { } n || n == 1 || RankEnvironment.Current is not null)
                    return RankScope.Run((ranks, stop) => DetectionRecipeFile.Is(parse.GetValue(recipe)!) ? RunDetector(parse, ranks, stop) : Run(parse, ranks, stop), cancel);
                return n is >= 1 and <= LocalLauncher.MaxProcesses ? LocalLauncher.Run(n, cancel) : throw new UsageException($"--nproc: {n} is out of range. Give 1 to {LocalLauncher.MaxProcesses}.");
            });

        // A recipe for lesions: photographs with boxes instead of grades.
        int RunDetector(ParseResult parse, ProcessGroup? ranks, CancellationToken cancel)
        {
            if (parse.GetValue(prepared) is not null) throw new UsageException("--prepared: tiles are cut from the photographs themselves. Leave it out for lesions.");
            if (parse.GetValue(split) is not null) throw new UsageException("--split: a detector's photographs are divided by their set's own parts, the recipe's shares, or --folds. Leave it out for lesions.");
            if (parse.GetResult(findRate) is not null) throw new UsageException("--find-lr: not for lesions yet. Leave it out, and set optimiser.learningRate.");
            var writes = ranks is null or { IsFirst: true };
            var plan = DetectionRecipeFile.Read(parse.GetValue(recipe)!, parse.GetValue(set));
            CheckNumbers(parse.GetValue(folds), parse.GetValue(threads));
            var sets = parse.GetValue(data)!;
            if (sets.Length != 1) throw new UsageException("--data: one set of photographs with marked lesions is needed. Give it once.");
            var folder = parse.GetValue(output) ?? Path.Combine("runs", plan.Name);
            if (writes) CheckFolder(folder, parse.GetValue(resume));
            var lesions = LesionReader.Open(sets[0]);
            foreach (var warning in writes ? lesions.Warnings : []) Console.Error.WriteLine(warning);
            if (parse.GetValue(threads) is { } t) TorchRuntime.Threads = t;
            var run = new RunDirectory(folder);
            using var console = new TrainingConsole();
            var experiment = new DetectionExperiment(plan, lesions, WeightsOf(parse.GetValue(weights) ?? plan.Model.Weights), writes ? console : null) { Ranks = ranks };
            var result = parse.GetValue(folds) is { } count ? experiment.CrossValidate(run, count, cancel) : experiment.Run(run, cancel);
            console.Dispose();
            if (!writes) return ExitCodes.Ok;
            if (parse.GetValue(json)) JsonOutput.Write(result.Report);
            else Console.Out.Write(DetectionText.Of(result.Report));
            Console.Error.WriteLine($"wrote {folder} ({(result.ModelPath is null ? "" : "model.fovea, ")}metrics.json, detections.json); trained {TimeSpan.FromSeconds(result.TrainingSeconds):h\\:mm\\:ss}");
            return ExitCodes.Ok;
        }

        int Run(ParseResult parse, ProcessGroup? ranks, CancellationToken cancel)
        {
            var writes = ranks is null or { IsFirst: true };
            var plan = RecipeFile.Read(parse.GetValue(recipe)!, parse.GetValue(set));
            var folder = parse.GetValue(output) ?? Path.Combine("runs", plan.Name);
            CheckNumbers(parse.GetValue(folds), parse.GetValue(threads));
            var finds = parse.GetResult(findRate) is not null;
            if (finds) folder = parse.GetValue(output) ?? Path.Combine("runs", plan.Name + "-learning-rates");
            if (finds && ranks is not null) throw new UsageException("--find-lr: one process finds a learning rate. Leave out --nproc.");
            if (writes) CheckFolder(folder, parse.GetValue(resume));
            if (parse.GetValue(split) is not null && parse.GetValue(folds) is not null) throw new UsageException("--folds: the split says the folds. Leave out --folds or --split.");
            var given = parse.GetValue(split) is { } file ? Split.Read(file) : null;
            var foldCount = given is { FoldCount: > 0 } ? given.FoldCount : parse.GetValue(folds);
            var dataset = parse.Open(data);
            if (parse.GetValue(threads) is { } t) TorchRuntime.Threads = t;

            var run = new RunDirectory(folder);
            using var console = new TrainingConsole();
            using var archive = parse.GetValue(prepared) is { } folderOfImages ? PreparedArchive.Open(folderOfImages) : null;
            var experiment = new Experiment(plan, dataset, WeightsOf(parse.GetValue(weights) ?? plan.Model.Weights), writes ? console : null, archive, given) { Ranks = ranks };
            if (finds) return LearningRates(plan.Name, experiment.FindLearningRate(Math.Clamp(parse.GetValue(findRate) ?? 100, 2, 100_000), cancel), folder, parse.GetValue(json));
            var result = foldCount is { } count ? experiment.CrossValidate(run, count, cancel) : experiment.Run(run, cancel);
            console.Dispose();
            if (!writes) return ExitCodes.Ok;
            var subject = foldCount is { } f ? string.Create(CultureInfo.InvariantCulture, $"{dataset.Name}, out of fold, {f} folds") : $"{dataset.Name}, unseen images";
            RunDirectory.WriteText(run.ReportHtml, RunReport.Make(plan.Name, subject, result.Metrics, result.History, [], plan, predictions: result.Predictions));

            if (parse.GetValue(json)) JsonOutput.Write(result.Metrics);
            else Console.Out.Write(MetricsText.Of(result.Metrics));
            Console.Error.WriteLine($"wrote {folder} ({(result.ModelPath is null ? "" : "model.fovea, ")}metrics.json, predictions.csv, report.html); trained {TimeSpan.FromSeconds(result.TrainingSeconds):h\\:mm\\:ss}");
            return ExitCodes.Ok;
        }
    }

    private static int LearningRates(string recipe, IReadOnlyList<RateTrial> trials, string folder, bool json)
    {
        Directory.CreateDirectory(folder);
        RunDirectory.WriteText(Path.Combine(folder, "learning-rates.csv"), LearningRateFinder.Table(trials));
        RunDirectory.WriteText(Path.Combine(folder, "learning-rates.html"), LearningRateFinder.Page(recipe, trials));
        var rate = LearningRateFinder.Suggest(trials);
        if (json) JsonOutput.Write(new { suggested = rate, steps = trials.Count, page = Path.Combine(folder, "learning-rates.html") });
        else Console.Out.WriteLine(rate is { } r ? string.Create(CultureInfo.InvariantCulture, $"The loss falls fastest at a learning rate of {r:0.0e0}.") : "The loss fell at no learning rate that was tried.");
        Console.Error.WriteLine($"wrote {folder} (learning-rates.html, learning-rates.csv)");
        return ExitCodes.Ok;
    }

    private static void CheckNumbers(int? folds, int? threads)
    {
        if (folds is < 2 or > 100) throw new UsageException($"--folds: {folds} is out of range. Give 2 to 100.");
        if (threads is < 1 or > 1024) throw new UsageException($"--threads: {threads} is out of range. Give 1 to 1024.");
    }

    private static string? WeightsOf(string? named) => named is null ? null : WeightsStore.Default.Resolve(named);

    private static void CheckFolder(string folder, bool resume)
    {
        var used = Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any();
        if (used && !resume) throw new UsageException($"{folder}: holds a run already. Add --resume to go on with it, or give another folder with --out.");
        // Killed before its first file, or a job that always says --resume: both mean "get this run done".
        if (!used && resume) Console.Error.WriteLine($"{folder}: no run to resume; starting it.");
    }
}
