using System.CommandLine;
using System.Globalization;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Torch.Files;
using Fovea.Training.Data.Lesions;
using Fovea.Training.Evaluation.Explanations;

namespace Fovea.Cli.Verbs;

/// <summary><c>explain --score</c>: maps against marked lesions.</summary>
internal sealed class ExplanationScoring
{
    private readonly Option<string?> _set = new("--score")
    {
        Description = "Instead of photographs: a folder of photographs with marked lesions (IDRiD \"A. Segmentation\", a VOC kit, made-up retinas). Says how often the map's highest point lies on a lesion, with chance beside it.",
        HelpName = "DIR",
    };

    private readonly Option<int?> _limit = new("--limit") { Description = "Of --score: at most so many photographs, spread over the folder.", HelpName = "N" };

    private readonly Option<double> _tolerance = new("--tolerance") { Description = "Of --score: how near to a lesion counts as on it, as a share of the field of view's diameter.", DefaultValueFactory = _ => 0.03, HelpName = "X" };

    private readonly Option<int> _seeds = new("--randomise") { Description = "Of --score: draws of random weights for the sanity check; 0 leaves it out.", DefaultValueFactory = _ => 1, HelpName = "N" };

    public void AddTo(Command command)
    {
        foreach (var option in (Option[])[_set, _limit, _tolerance, _seeds]) command.Add(option);
    }

    public bool IsWanted(ParseResult parse) => parse.GetValue(_set) is not null;

    public int Run(ParseResult parse, GradingModel model, ExplanationOptions options, OverlayStyle style, string folder, bool json, CancellationToken cancel)
    {
        if (parse.GetValue(_limit) is < 1) throw new UsageException("--limit: not a number of photographs. Give 1 or more.");
        if (parse.GetValue(_tolerance) is not (>= 0 and <= 0.25)) throw new UsageException("--tolerance: not a share of the field of view. Give 0 to 0.25.");
        if (parse.GetValue(_seeds) is not (>= 0 and <= 20)) throw new UsageException("--randomise: not a number of draws. Give 0 to 20.");
        var set = LesionReader.Open(parse.GetValue(_set)!);
        foreach (var warning in set.Warnings) Console.Error.WriteLine(warning);
        var scoring = new ScoringOptions(options) { Limit = parse.GetValue(_limit), Tolerance = parse.GetValue(_tolerance), Seeds = parse.GetValue(_seeds) };
        ProgressLine? line = null;
        ExplanationScores scores;
        try
        {
            var running = "";
            scores = ExplanationScorer.Score(model, set, scoring, (what, done, of) =>
            {
                if (what != running)
                {
                    line?.Dispose();
                    line = new ProgressLine(running = what, of, what.StartsWith("Random", StringComparison.Ordinal) ? "stages" : "images");
                }
                line!.Report(done);
            }, cancel);
        }
        finally
        {
            line?.Dispose();
        }
        Directory.CreateDirectory(folder);
        var (report, pictures) = (Path.Combine(folder, "explanations.json"), Path.Combine(folder, "explanations.jpg"));
        AtomicFile.Write(report, stream => stream.Write(System.Text.Encoding.UTF8.GetBytes(JsonOutput.Text(scores) + "\n")));
        ImageFile.Write(pictures, ScoreExamples.Draw(model, set, scores, options, style), 88);
        if (json) JsonOutput.Write(scores);
        else Print(scores, report, pictures);
        return ExitCodes.Ok;
    }

    private static void Print(ExplanationScores s, string report, string pictures)
    {
        var text = new StringWriter(CultureInfo.InvariantCulture);
        var how = s.Layer is null ? s.Method : $"{s.Method} of {s.Layer}";
        text.WriteLine($"{s.Images} photographs with lesions, {how}; {s.Missed} of them called healthy by the model, {s.Flat} with an empty map");
        text.WriteLine($"Highest point on a lesion (within {s.Tolerance:P0} of the field's diameter)");
        text.WriteLine($"  {Percent(s.Pointing.Hits.Value),6}  (95 % interval {Percent(s.Pointing.Hits.Low)} to {Percent(s.Pointing.Hits.High)})");
        text.WriteLine($"  {Percent(s.Pointing.Chance),6}  by chance, a point drawn from the field of view");
        text.WriteLine($"  {Percent(s.Pointing.Centre),6}  the centre of the field of view");
        text.WriteLine($"  {Percent(s.Pointing.OtherImages),6}  the map of another photograph");
        text.WriteLine($"Share of the map on lesions: {Percent(s.Energy.Mean)}; by chance {Percent(s.Energy.Chance)}, the map of another photograph {Percent(s.Energy.OtherImages)}");
        if (s.Curves is { } c)
            text.WriteLine($"Deletion {c.Deletion:0.000} (in random order {c.RandomDeletion:0.000}; lower is better), insertion {c.Insertion:0.000} ({c.RandomInsertion:0.000}; higher is better), {c.Images} photographs");
        foreach (var r in s.Randomisation)
            text.WriteLine($"Random weights in {string.Join(", ", r.Randomised)}: rank correlation {r.RankCorrelation:0.00}, on a lesion {Percent(r.Pointing.Value)}, share {Percent(r.Energy)}");
        text.WriteLine($"Scores   {report}");
        text.WriteLine($"Pictures {pictures}");
        Console.Out.Write(text);
    }

    private static string Percent(double share) => double.IsFinite(share) ? string.Create(CultureInfo.InvariantCulture, $"{share * 100:0.0} %") : "–";
}
