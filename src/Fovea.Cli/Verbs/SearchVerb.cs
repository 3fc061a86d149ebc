using System.CommandLine;
using System.Globalization;
using Fovea.Torch;
using Fovea.Training.Preparation;
using Fovea.Training.Recipes;
using Fovea.Training.Search;
using Fovea.Training.Splits;
using Fovea.Training.Training;
using Fovea.Training.Weights;

namespace Fovea.Cli.Verbs;

/// <summary>Looks for the settings of a recipe that do best on validation images.</summary>
internal static class SearchVerb
{
    public static Command Create()
    {
        var search = new Option<string>("--search") { Description = "What to look for: a JSON file with ranges of a recipe's settings, see docs/search.md.", Required = true, HelpName = "FILE.json" };
        var recipe = new Option<string?>("--recipe") { Description = "The recipe. Default: the one that the search names.", HelpName = "FILE.json" };
        var data = DataOption.Create();
        var weights = new Option<string?>("--weights") { Description = "Weights to start from: .safetensors, .pth, .fovea, or a name of `fovea weights list`. Default: the recipe's.", HelpName = "FILE|NAME" };
        var prepared = new Option<string?>("--prepared") { Description = "The data's images as `fovea data prepare` left them.", HelpName = "DIR" };
        var split = new Option<string?>("--split") { Description = "Train and validate by this split, as data split wrote it.", HelpName = "FILE.csv" };
        var output = new Option<string?>("--out") { Description = "Folder of the search: any number of processes may work in it, and later ones go on. Default: runs/ and the search's name.", HelpName = "DIR" };
        var set = new Option<string[]>("--set") { Description = "Change a value of the recipe for all trials; may be repeated.", HelpName = "KEY=VALUE" };
        var threads = new Option<int?>("--threads") { Description = "Threads of libtorch. Default: OMP_NUM_THREADS, else every processor that the process may use.", HelpName = "N" };
        var json = JsonOutput.Option();
        return new Command("search", "Search a recipe's settings: at random or by successive halving, alone or in many processes on one folder.") { search, recipe, data, weights, prepared, split, output, set, threads, json }.Runs((parse, cancel) =>
        {
            var path = parse.GetValue(search)!;
            var plan = SearchPlan.Read(path);
            if (parse.GetValue(threads) is { } n && n is < 1 or > 1024) throw new UsageException($"--threads: {n} is out of range. Give 1 to 1024.");
            var recipePath = parse.GetValue(recipe) ?? (plan.Recipe is { } named ? Path.Combine(Path.GetDirectoryName(path) ?? "", named) : throw new UsageException($"{path}: names no recipe. Give one with --recipe."));
            Recipe With(IEnumerable<string> settings) => RecipeFile.Read(recipePath, [.. parse.GetValue(set) ?? [], .. settings]);
            var folder = parse.GetValue(output) ?? Path.Combine("runs", Path.GetFileNameWithoutExtension(path));
            var given = parse.GetValue(split) is { } file ? Split.Read(file) : null;
            if (given is { FoldCount: > 0 }) throw new UsageException($"{parse.GetValue(split)}: a search needs a training and a validation part, not folds. Give another split.");
            var dataset = parse.Open(data);
            if (parse.GetValue(threads) is { } t) TorchRuntime.Threads = t;
            With(plan.Settings(0).Select(s => $"{s.Key}={s.Value}")); // a key that no recipe has is refused before hours of work
            SearchFolder.Check(folder, File.ReadAllText(path) + RecipeFile.Write(With([])));
            var weightsPath = (parse.GetValue(weights) ?? With([]).Model.Weights) is { } w ? WeightsStore.Default.Resolve(w) : null;
            using var archive = parse.GetValue(prepared) is { } images ? PreparedArchive.Open(images) : null;
            using var console = new TrainingConsole();
            var cache = new Dictionary<string, PreparedSet>(StringComparer.Ordinal);
            var run = new SearchRun(plan, With, folder, (tried, at, stop) => new Experiment(tried, dataset, weightsPath, console, archive, given) { Prepared = cache }.Fit(at, stop), console);
            var results = run.Run(cancel);
            console.Dispose();
            RunDirectory.WriteText(Path.Combine(folder, "results.csv"), SearchRun.Table(results));
            var best = results.Where(r => r.Value is not null && r.Rung == results.Max(x => x.Rung)).OrderByDescending(r => r.Value).ThenBy(r => r.Trial).FirstOrDefault();
            if (parse.GetValue(json))
            {
                foreach (var result in results) JsonOutput.WriteLine(result);
            }
            else Console.Out.Write(SearchRun.Table(results));
            if (best is null) throw new RecipeException(path, "no trial could be trained", $"See the problems in {Path.Combine(folder, "results.csv")}");
            Console.Error.WriteLine(string.Create(CultureInfo.InvariantCulture, $"best: trial {best.Trial}, {plan.Measure} {best.Value:0.0000}: {string.Join(' ', best.Settings.Select(s => $"--set {s.Key}={s.Value}"))}"));
            Console.Error.WriteLine($"wrote {folder} (results.csv)");
            return ExitCodes.Ok;
        });
    }
}
