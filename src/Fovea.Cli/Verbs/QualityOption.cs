using System.CommandLine;
using Fovea.Acquisition;
using Fovea.Models;
using Fovea.Quality;

namespace Fovea.Cli.Verbs;

/// <summary>Who judges a photograph's quality: the measures, and beside them the network that ships or one that is named.</summary>
internal sealed class QualityOption
{
    private readonly Option<string?> _file = new("--quality")
    {
        Description = "Network that judges a photograph's quality beside the measures (.fovea), or `none`. Default: the one that ships, models/quality.fovea.", HelpName = "FILE|none",
    };

    public void AddTo(Command command) => command.Add(_file);

    /// <returns>Null where the measures judge alone.</returns>
    public QualityNetwork? Load(ParseResult parse) => parse.GetValue(_file) switch
    {
        "none" => null,
        { } file => QualityNetwork.Load(file),
        null => File.Exists(ShippedModels.Quality) ? QualityNetwork.Load(ShippedModels.Quality) : null,
    };
}

internal static class QualityJudging
{
    public static QualityReport ReportOn(this QualityNetwork? network, FundusImage photograph) => network?.Assess(photograph) ?? QualityAssessor.Assess(photograph);
}
