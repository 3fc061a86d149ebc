using System.CommandLine;
using Fovea.Acquisition;
using Fovea.Quality;

namespace Fovea.Cli.Verbs;

/// <summary>Says whether photographs can be graded, without grading them.</summary>
internal static class QualityVerb
{
    public static Command Create()
    {
        var images = new Argument<string[]>("image") { Description = "Photographs, or folders of photographs.", Arity = ArgumentArity.OneOrMore };
        var quality = new QualityOption();
        var json = JsonOutput.Option();
        var command = new Command("quality", "Say whether photographs can be graded, and if not, why.") { images, json };
        quality.AddTo(command);
        return command.Runs((parse, cancel) =>
        {
            var paths = ImagePaths.Expand(parse.GetValue(images)!);
            using var network = quality.Load(parse);
            return ImageLoop.Run(paths, "Judging", i =>
            {
                var photograph = FundusImage.Read(paths[i]);
                var measured = QualityAssessor.Assess(photograph);
                var judged = network?.Judge(photograph);
                var problems = QualityNetwork.Stricter(measured, () => judged?.Problem).Problems;
                if (parse.GetValue(json)) JsonOutput.WriteLine(new { image = paths[i], gradable = problems.Count == 0, problems, byMeasures = measured.Problems.Select(p => p.Reason), byNetwork = judged?.Problem?.Reason, probabilityOfGood = judged?.Good });
                else Console.Out.WriteLine(problems.Count == 0 ? $"{paths[i]}: gradable" : $"{paths[i]}: ungradable, {string.Join("; ", problems.Select(p => p.Finding))}");
            }, cancel);
        });
    }
}
