using System.CommandLine;
using Fovea.Preprocessing;
using Fovea.Training.Recipes;

namespace Fovea.Cli.Verbs;

/// <summary>How verbs are told what to do to photographs.</summary>
internal sealed class ChainOptions
{
    private readonly Option<string?> chain = new("--chain") { Description = $"A chain of steps: {string.Join(", ", PreprocessingChains.All.Select(c => c.Name))}.", HelpName = "NAME" };
    private readonly Option<string?> recipe = new("--recipe") { Description = "Take steps and size from a recipe instead.", HelpName = "FILE.json" };
    private readonly Option<int?> size = new("--size") { Description = "Side of the prepared square in pixels. Default: the chain's usual one, or the recipe's.", HelpName = "S" };
    private readonly Option<DecodeScale> decode = new("--decode")
    {
        Description = "exact: decode every pixel of a JPEG; fast: at reduced scale where the size allows it, quicker and a little different.",
        DefaultValueFactory = _ => DecodeScale.Exact,
        HelpName = "exact|fast",
    };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[chain, recipe, size, decode]) command.Add(option);
    }

    public DecodeScale Decoding(ParseResult parse) => parse.GetValue(decode);

    /// <summary>What is to be done; a chain or a recipe must be named.</summary>
    public PreprocessingSpec Spec(ParseResult parse)
    {
        var (name, file) = (parse.GetValue(chain), parse.GetValue(recipe));
        if (name is null == file is null) throw new UsageException("--chain: one of --chain and --recipe is needed. Give e.g. --chain fov; `fovea preprocess --list` shows all.");
        PreprocessingSpec spec;
        if (file is not null)
        {
            spec = RecipeFile.Read(file, parse.GetValue(size) is { } s ? [$"preprocessing.size={s}"] : null).Preprocessing;
        }
        else
        {
            var known = PreprocessingChains.Find(name!) ?? throw new UsageException($"--chain: {PreprocessingChains.Unknown(name!)}. `fovea preprocess --list` shows all.");
            spec = new PreprocessingSpec { Chain = name, Size = parse.GetValue(size) ?? known.UsualSize };
        }
        return spec.Problem() is { } problem ? throw new UsageException($"--size: {problem}. Give another.") : spec;
    }
}
