using System.CommandLine;
using System.Reflection;
using Fovea.Calibration;
using Fovea.Models;
using Fovea.Training.Training;

namespace Fovea.Cli.Verbs;

/// <summary><c>ensemble --pack</c>: one model file of several.</summary>
internal sealed class EnsemblePacking
{
    private readonly Option<string[]> _models = new("--models")
    {
        Description = "With --pack: the members, model files or the folders of their runs; a run in folds gives the model of each.", AllowMultipleArgumentsPerToken = true, HelpName = "FILE.fovea",
    };

    private readonly Option<string?> _pack = new("--pack") { Description = "Write one model file that grades, explains and serves as the ensemble of --models. A fitted method also needs their --predictions.", HelpName = "FILE.fovea" };

    public void AddTo(Command command)
    {
        command.Add(_models);
        command.Add(_pack);
    }

    /// <returns>Paths of the members, or null where nothing is to be packed.</returns>
    public IReadOnlyList<string>? Models(ParseResult parse)
    {
        var (given, target) = (parse.GetValue(_models) ?? [], parse.GetValue(_pack));
        if (target is null && given.Length == 0) return null;
        if (target is null) throw new UsageException("--models: nothing says where the packed file goes. Add --pack FILE.fovea.");
        if (!ModelFile.Is(target)) throw new UsageException($"--pack: {target} does not end in {ModelFile.Extension}. Name a model file.");
        string[] members = [.. given.SelectMany(Expand)];
        if (members.Length is < 2 or > CardEnsemble.MaxMembers) throw new UsageException($"--models: {members.Length} {(members.Length == 1 ? "model" : "models")}. Give 2 to {CardEnsemble.MaxMembers}.");
        return members;
    }

    /// <param name="json">Whether the result is said as JSON; null where stdout has the scores.</param>
    public void Write(ParseResult parse, IReadOnlyList<string> members, EnsembleSpec rule, bool? json)
    {
        var target = parse.GetValue(_pack)!;
        ModelFile[] files = [.. members.Select(Read)];
        ModelCard card;
        try
        {
            card = ModelFile.Pack(target, CardEnsemble.CardOf(rule, [.. files.Select(f => f.Card)]) with
            {
                Created = DateTimeOffset.UtcNow, Producer = $"fovea {typeof(EnsemblePacking).Assembly.GetCustomAttribute<AssemblyInformationalVersionAttribute>()?.InformationalVersion}",
            }, files);
        }
        catch (ArgumentException e)
        {
            throw new UsageException($"--models: {e.Message.Split(" (Parameter", 2)[0]}. Pack models of one task, with the same classes.");
        }
        if (json == true) JsonOutput.Write(new { model = target, card.WeightsSha256, rule, members });
        else (json is null ? Console.Error : Console.Out).WriteLine($"Model    {target}, {files.Length} members");
    }

    private static ModelFile Read(string path)
    {
        var file = ModelFile.Read(path);
        return file.Members.Count == 0 ? file : throw new UsageException($"{path}: an ensemble already. Pack the models that it was packed of.");
    }

    private static IEnumerable<string> Expand(string given)
    {
        if (!Directory.Exists(given)) return [given];
        var run = new RunDirectory(given);
        if (File.Exists(run.Model)) return [run.Model];
        string[] folds = [.. Directory.EnumerateDirectories(given, "fold-*").Select(f => new RunDirectory(f).Model).Where(File.Exists).OrderBy(f => f.Length).ThenBy(f => f, StringComparer.Ordinal)];
        return folds.Length > 0 ? folds : throw new UsageException($"--models: {given} holds no model.fovea, nor folds with one. Give a finished run.");
    }
}
