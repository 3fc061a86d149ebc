using Fovea.Acquisition;

namespace Fovea.Quality;

/// <summary>
/// Judges whether a photograph can be graded. Cautious: a false alarm costs a patient another photograph and a clinic its trust in the tool, so the limits lie well outside of
/// what the 413 photographs of IDRiD's grading set measure, and reject the made-up faults at full strength, most of them from 0.8.
/// For photographs as they come from a camera, not for thumbnails such as RetinaMNIST's 28 pixels.
/// </summary>
public static class QualityAssessor
{
    /// <summary>Pixels across the field of view. A microaneurysm is at most 1/12 of a disc diameter, 1/90 of the field: below 200 pixels it is two pixels wide and lost.</summary>
    public const double LeastFieldDiameter = 200;

    /// <summary>Mean luma; IDRiD's darkest has 38.</summary>
    public const double LeastBrightness = 25;

    /// <summary>Mean luma; IDRiD's brightest has 142.</summary>
    public const double MostBrightness = 200;

    /// <summary>Share of burnt-out pixels; IDRiD's highest is 0.04.</summary>
    public const double MostBurnt = 0.3;

    /// <summary>Percent, see <see cref="QualityMeasures.Sharpness"/>; IDRiD's softest has 1.01.</summary>
    public const double LeastSharpness = 0.9;

    /// <summary>Mean blue over mean red; IDRiD's highest is 0.51.</summary>
    public const double MostBlue = 0.75;

    /// <summary>Mean green over mean red; IDRiD's highest is 0.65.</summary>
    public const double MostGreen = 0.95;

    /// <summary>Share of the field that must be red rather than anything else.</summary>
    public const double LeastRetinaColoured = 0.5;

    /// <summary>How far a measure must stay from its limit, as a share of it, for the photograph not to be nearly ungradable.</summary>
    public const double Margin = 0.15;

    private const double MostCornerShare = 0.5;
    private const double FullFrame = 0.97;

    public static QualityReport Assess(FundusImage photograph)
    {
        var measures = QualityMeasures.Of(photograph.Pixels);
        QualityProblem[] problems = [.. Problems(measures, 0)];
        return new QualityReport(problems, measures) { Near = problems.Length > 0 ? [] : [.. Problems(measures, Margin)] };
    }

    /// <param name="margin">By how much of itself each limit is tightened.</param>
    private static IEnumerable<QualityProblem> Problems(QualityMeasures m, double margin)
    {
        var (least, most) = (1 + margin, 1 - margin);
        // Nothing else can be judged of a picture that is (almost) black.
        if (m.FieldDiameter == 0 || m.Brightness < LeastBrightness * least)
        {
            if (m.Brightness < LeastBrightness * least)
                yield return Problem(QualityReason.TooDark, $"too dark (mean brightness {m.Brightness:F0} of 255, at least {LeastBrightness:F0} is needed)");
            else yield return NotAFundus("no field of view was found");
            yield break;
        }
        var light = m.Brightness > MostBrightness * most || m.BurntShare > MostBurnt * most;
        var coloured = m.RetinaColoured >= LeastRetinaColoured * least && m.BlueToRed <= MostBlue * most && m.GreenToRed <= MostGreen * most;
        var full = m.FieldShare > FullFrame;
        if (m.CornerShare > MostCornerShare && !full) yield return NotAFundus("the picture is no round field of view on black");
        else if (full && !coloured) yield return NotAFundus("there is neither a round field of view nor a retina's colours");
        // Overexposure pales every colour and smooths every detail: it alone is the reason then.
        else if (!coloured && !light)
            yield return Problem(QualityReason.ColourCast, $"the colours are not a retina's (red leads in {m.RetinaColoured:P0} of the field, green/red {m.GreenToRed:F2}, blue/red {m.BlueToRed:F2})");
        if (m.FieldDiameter < LeastFieldDiameter * least)
            yield return Problem(QualityReason.TooSmall, $"too small (the field of view is {m.FieldDiameter:F0} pixels wide, at least {LeastFieldDiameter:F0} are needed)");
        if (light)
            yield return Problem(QualityReason.Overexposed, $"overexposed (mean brightness {m.Brightness:F0} of 255, {m.BurntShare:P0} of the field burnt out)");
        else if (m.Sharpness < LeastSharpness * least)
            yield return Problem(QualityReason.Blurred, $"blurred (detail {m.Sharpness:F2} %, at least {LeastSharpness:F2} % is needed)");
    }

    private static QualityProblem NotAFundus(string finding) => Problem(QualityReason.NotAFundusPhotograph, $"not a fundus photograph ({finding})");

    private static QualityProblem Problem(QualityReason reason, string finding) => new(reason, finding, QualityAdvice.For(reason));
}
