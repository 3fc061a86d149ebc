using Fovea.Acquisition;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Quality;
using Fovea.Reporting;

namespace Fovea.Cli.Verbs;

/// <summary>The panel of grade and of explain.</summary>
internal static class GradePanel
{
    public static Image Draw(GradingModel model, FundusImage photograph, QualityReport quality, GradeResult result, ActivationMap map, int explained, ExplanationOptions options, OverlayStyle style)
    {
        var report = GradeReport.Of(result, model, quality);
        var method = options.Method.LooksAtLayer() ? $"{options.Method.Title()}, {options.Layer ?? model.Layers[^1]}" : options.Method.Title();
        return ExplanationPanel.Draw(photograph.Pixels, result.Prepared, new PanelMap(map, explained, method) { Style = style }, report with { Image = Path.GetFileName(report.Image) }, model.Card.Classes);
    }
}
