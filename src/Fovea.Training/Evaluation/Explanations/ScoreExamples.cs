using Fovea.Acquisition;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Training.Data.Lesions;

namespace Fovea.Training.Evaluation.Explanations;

/// <summary>Pictures of a scoring: photographs with their lesions tinted, beside the heat map with its highest point marked.</summary>
public static class ScoreExamples
{
    private const int Side = 320, Gap = 8, Caption = 24, Pairs = 2;

    private static readonly Colour Tint = new(0, 230, 255), Hit = new(20, 160, 60), Miss = new(200, 40, 30);

    /// <summary>One picture of the first images whose grade was explained, spread over the set; two pairs in a row.</summary>
    /// <param name="count">At most so many.</param>
    public static Image Draw(GradingModel model, LesionSet set, ExplanationScores scores, ExplanationOptions options, OverlayStyle style, int count = 8)
    {
        ArgumentNullException.ThrowIfNull(model);
        ArgumentNullException.ThrowIfNull(set);
        ArgumentNullException.ThrowIfNull(scores);
        ArgumentNullException.ThrowIfNull(style);
        var n = Math.Min(count, scores.PerImage.Count);
        var rows = (n + Pairs - 1) / Pairs;
        var sheet = Image.Filled(Pairs * 2 * (Side + Gap) + Gap, rows * (Side + Caption + Gap) + Gap, 3, Colour.White);
        for (var i = 0; i < n; i++)
        {
            var score = scores.PerImage[(int)((long)i * scores.PerImage.Count / n)];
            var truth = set.Images.First(image => image.Id == score.Image);
            var photograph = FundusImage.Read(truth.Path);
            var prepared = model.Prepare(photograph);
            var map = model.Explain(prepared, score.Explained, options);
            var (x, y) = (Gap + i % Pairs * 2 * (Side + Gap), Gap + i / Pairs * (Side + Caption + Gap) + Caption);
            sheet.DrawText($"{score.Image}: graded {score.Predicted}, map of {score.Explained}", x, y - 8, 11, Colour.Black);
            sheet.DrawText(score.Flat ? "empty map" : score.Hit ? "hit" : "miss", x + Side + Gap, y - 8, 11, score.Hit ? Hit : Miss);
            sheet.Paste(Fitted(Tinted(photograph, truth)), x, y);
            var overlay = map.IsFlat ? photograph.Pixels.Clone() : HeatmapOverlay.OnOriginal(map, prepared, photograph.Pixels, style);
            if (HeatmapOverlay.PeakInOriginal(map, prepared) is var (peakX, peakY))
            {
                var (radius, thickness) = (overlay.Width / 40.0, Math.Max(1, overlay.Width / 160));
                overlay.DrawCircle(peakX, peakY, radius, Colour.White, thickness);
                overlay.DrawCircle(peakX, peakY, radius + thickness, Colour.Black, thickness);
            }
            sheet.Paste(Fitted(overlay), x + Side + Gap, y);
        }
        return sheet;
    }

    private static Image Tinted(FundusImage photograph, LesionImage truth)
    {
        var picture = photograph.Pixels.Clone();
        foreach (var path in truth.Masks?.Values ?? [])
        {
            // Widened, or a microaneurysm would be lost when the picture is shrunk.
            var mask = truth.ReadMask(path).Dilate(Math.Max(1, picture.Width / 700));
            for (var i = 0; i < mask.Pixels.Length; i++)
                if (mask.Pixels[i] != 0) (picture.Pixels[3 * i], picture.Pixels[3 * i + 1], picture.Pixels[3 * i + 2]) = (Tint.R, Tint.G, Tint.B);
        }
        foreach (var box in truth.Boxes ?? [])
            if (truth.Masks is null || !LesionKinds.MaskFolders.Any(pair => pair.Kind == box.Kind))
                picture.DrawRectangle(box.Bounds.Left, box.Bounds.Top, box.Bounds.Right - 1, box.Bounds.Bottom - 1, Tint, Math.Max(1, picture.Width / 300));
        return picture;
    }

    private static Image Fitted(Image image)
    {
        var scale = (double)Side / Math.Max(image.Width, image.Height);
        var (width, height) = (Math.Max(1, (int)Math.Round(image.Width * scale)), Math.Max(1, (int)Math.Round(image.Height * scale)));
        var tile = new Image(Side, Side, 3);
        tile.Paste(image.Resize(width, height, scale < 1 ? Interpolation.Area : Interpolation.Linear), (Side - width) / 2, (Side - height) / 2);
        return tile;
    }
}
