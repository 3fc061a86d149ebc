using System.CommandLine;
using System.Globalization;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Training.Grading;
using Fovea.Training.Recipes;

namespace Fovea.Cli.Verbs;

/// <summary>How <c>grade</c> is told to use somebody's own TorchScript program, which says nothing of itself.</summary>
internal sealed class TorchScriptOptions
{
    private const long MaxSpecBytes = 1 << 20;
    private const int MaxClasses = 1000;

    private readonly Option<string?> program = new("--torchscript")
    {
        Description = "Grade with this TorchScript program instead of a model file. This RUNS THE CODE in the file: give only what you would run as a program.",
        HelpName = "FILE.pt",
    };

    private readonly Option<string?> preprocessing = new("--preprocessing")
    {
        Description = $"With --torchscript: what the program was trained with. A chain ({string.Join(", ", PreprocessingChains.All.Select(c => c.Name))}), with its size as in fov@320, or a JSON file as a recipe's preprocessing.",
        HelpName = "CHAIN[@SIZE]|FILE.json",
    };

    private readonly Option<string?> classes = new("--classes") { Description = "With --torchscript: how many grades, or their names, lowest first: none,mild,moderate.", HelpName = "N|NAMES" };

    private readonly Option<HeadKind> head = new("--head")
    {
        Description = "With --torchscript: what the outputs mean before any softmax or sigmoid: softmax (one a grade), ordinal (one for each grade above the lowest), regression (the grade).",
        DefaultValueFactory = _ => HeadKind.Softmax,
        HelpName = "KIND",
    };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[program, preprocessing, classes, head]) command.Add(option);
    }

    /// <summary>Loads the program; null when none is asked for.</summary>
    /// <exception cref="UsageException">An option is missing, or belongs to a program and none is given.</exception>
    public TorchScriptGrader? Load(ParseResult parse, bool withModel, bool withHeatmap)
    {
        var (file, spec, names) = (parse.GetValue(program), parse.GetValue(preprocessing), parse.GetValue(classes));
        if (file is null)
            return spec is null && names is null ? null
                : throw new UsageException($"{(spec is null ? "--classes" : "--preprocessing")}: belongs to --torchscript; a model file knows its own. Leave it out.");
        if (withModel) throw new UsageException("--torchscript: --model is given too. Give one of them.");
        if (withHeatmap) throw new UsageException("--heatmap: a TorchScript program shows no layers to look at. Leave it out.");
        if (spec is null) throw new UsageException("--torchscript: what is done to photographs must be declared. Add --preprocessing, e.g. fov@224.");
        if (names is null) throw new UsageException("--torchscript: its grades must be declared. Add --classes, e.g. 5.");
        var grades = ClassNames(names);
        var spoken = new HeadSpec(parse.GetValue(head), grades.Length);
        if (spoken.Problem() is { } problem) throw new UsageException($"--head: {problem}. Give another.");
        return TorchScriptGrader.Load(file, SpecOf(spec), spoken, grades);
    }

    private static PreprocessingSpec SpecOf(string given)
    {
        if (given.EndsWith(".json", StringComparison.OrdinalIgnoreCase))
        {
            var file = new FileInfo(given);
            if (!file.Exists) throw new UsageException($"{given}: no such file. Check the path.");
            if (file.Length > MaxSpecBytes) throw new UsageException($"{given}: {file.Length} bytes is no preprocessing. Give a JSON file of a few lines.");
            // The recipe's reader knows which keys there are, and the nearest to one that there is not.
            return RecipeFile.Parse($"{{\"preprocessing\":{File.ReadAllText(given)}}}", given).Preprocessing;
        }
        var at = given.IndexOf('@', StringComparison.Ordinal);
        var name = at < 0 ? given : given[..at];
        var chain = PreprocessingChains.Find(name) ?? throw new UsageException($"--preprocessing: {PreprocessingChains.Unknown(name)}.");
        var size = chain.UsualSize;
        if (at >= 0 && !int.TryParse(given.AsSpan(at + 1), NumberStyles.None, CultureInfo.InvariantCulture, out size)) throw new UsageException($"--preprocessing: '{given}' has no size after the @. Give e.g. {name}@224.");
        var spec = new PreprocessingSpec { Chain = name, Size = size };
        return spec.Problem() is { } problem ? throw new UsageException($"--preprocessing: {problem}. Give another.") : spec;
    }

    private static string[] ClassNames(string given)
    {
        string[] names = int.TryParse(given, NumberStyles.None, CultureInfo.InvariantCulture, out var count)
            ? [.. Enumerable.Range(0, Math.Min(count, MaxClasses + 1)).Select(k => k.ToString(CultureInfo.InvariantCulture))]
            : given.Split(',', StringSplitOptions.TrimEntries);
        return names.Length is >= 2 and <= MaxClasses && names.All(n => n.Length > 0) ? names
            : throw new UsageException($"--classes: '{given}' is not a number of grades or their names. Give 2 to {MaxClasses}, or none,mild,….");
    }
}
