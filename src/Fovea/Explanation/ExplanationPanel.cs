using System.Globalization;
using Fovea.Imaging;
using Fovea.Preprocessing;
using Fovea.Reporting;

namespace Fovea.Explanation;

/// <summary>A lesion that a detector found, for the panel.</summary>
/// <param name="Box">Pixels of the original photograph, x right, y down, half-open.</param>
/// <param name="Name">Of its kind, e.g. microaneurysm.</param>
/// <param name="Score">0 … 1.</param>
public sealed record PanelLesion(PixelBox Box, string Name, double Score);

/// <summary>What the panel says of the map.</summary>
/// <param name="Map">Flat ones are said to be empty, and the photograph stays as it is.</param>
/// <param name="Grade">The grade that is explained.</param>
/// <param name="Method">As people call it, with the layer: "Grad-CAM, stage4".</param>
public sealed record PanelMap(ActivationMap Map, int Grade, string Method)
{
    public OverlayStyle Style { get; init; } = new();
}

/// <summary>One picture that says what was seen: the photograph, the map over it, what the network was given, and the result in words with its limits. Readable on a phone and printed.</summary>
public static class ExplanationPanel
{
    private const int Tile = 520, Margin = 24, Gap = 20, CaptionHeight = 34, BarHeight = 16, Letter = 14;

    private static readonly Colour Ink = new(28, 32, 38), Faint = new(105, 112, 122), Line = new(214, 218, 224), Bar = new(43, 108, 176), Alarm = new(176, 42, 30), Mark = new(0, 230, 255);

    /// <summary>Width and height of every panel.</summary>
    public static (int Width, int Height) Size { get; } = (2 * Margin + 2 * Tile + Gap, 2 * Margin + 2 * (CaptionHeight + Tile) + Gap + BarHeight + 24);

    /// <summary>Draws the panel.</summary>
    /// <param name="original">RGB, of the size that <paramref name="prepared"/> was made from.</param>
    /// <param name="report">The words.</param>
    /// <param name="classes">Names of the grades.</param>
    /// <param name="lesions">Framed on the photograph; null where no detector looked.</param>
    public static Image Draw(Image original, PreparedImage prepared, PanelMap map, GradeReport report, IReadOnlyList<string> classes, IReadOnlyList<PanelLesion>? lesions = null)
    {
        ArgumentNullException.ThrowIfNull(original);
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(report);
        ArgumentNullException.ThrowIfNull(classes);
        var panel = Image.Filled(Size.Width, Size.Height, 3, Colour.White);
        var (left, right, top) = (Margin, Margin + Tile + Gap, Margin + CaptionHeight);
        var bottom = top + Tile + BarHeight + 24 + Gap + CaptionHeight;
        var overlay = map.Map.IsFlat ? original : HeatmapOverlay.OnOriginal(map.Map, prepared, original, map.Style);

        Caption(panel, left, top, lesions is null ? "Photograph" : $"Photograph, {lesions.Count} {(lesions.Count == 1 ? "lesion" : "lesions")} marked");
        panel.Paste(WithLesions(original, lesions ?? []), left, top);
        Caption(panel, right, top, string.Create(CultureInfo.InvariantCulture, $"What spoke for grade {map.Grade} ({map.Method})"));
        panel.Paste(Fitted(overlay), right, top);
        ColourBar(panel, right, top + Tile + 10, map);
        Caption(panel, left, bottom, string.Create(CultureInfo.InvariantCulture, $"What the network was given, {prepared.Pixels.Width} x {prepared.Pixels.Height} pixels"));
        panel.Paste(Fitted(prepared.Pixels), left, bottom);
        Words(panel, right, bottom, report, classes, lesions);
        return panel;
    }

    private static void Caption(Image panel, int x, int top, string text) => panel.DrawText(text, x, top - 12, Letter, Ink, 1);

    /// <summary>In the middle of a black square: the border of a photograph is black anyway.</summary>
    private static Image Fitted(Image image)
    {
        var scale = (double)Tile / Math.Max(image.Width, image.Height);
        var (width, height) = (Math.Max(1, (int)Math.Round(image.Width * scale)), Math.Max(1, (int)Math.Round(image.Height * scale)));
        var tile = new Image(Tile, Tile, 3);
        tile.Paste(image.Resize(width, height, scale < 1 ? Interpolation.Area : Interpolation.Linear), (Tile - width) / 2, (Tile - height) / 2);
        return tile;
    }

    /// <summary>Frames are drawn after shrinking, or they would be too thin to be seen.</summary>
    private static Image WithLesions(Image original, IReadOnlyList<PanelLesion> lesions)
    {
        var tile = Fitted(original);
        var scale = (double)Tile / Math.Max(original.Width, original.Height);
        var (x0, y0) = ((Tile - original.Width * scale) / 2, (Tile - original.Height * scale) / 2);
        foreach (var (box, _, _) in lesions)
            tile.DrawRectangle(x0 + box.X * scale - 1, y0 + box.Y * scale - 1, x0 + (box.X + box.Width) * scale, y0 + (box.Y + box.Height) * scale, Mark, 2);
        return tile;
    }

    private static void ColourBar(Image panel, int x, int y, PanelMap map)
    {
        if (map.Map.IsFlat)
        {
            panel.DrawText("Empty map: no place stands out.", x, y + BarHeight, Letter, Alarm);
            return;
        }
        var ramp = new Image(256, 1, 1, [.. Enumerable.Range(0, 256).Select(i => (byte)i)]);
        const string Least = "least", Most = "most";
        var (before, after) = (Image.MeasureText(Least, 11).Width + 8, Image.MeasureText(Most, 11).Width + 8);
        panel.DrawText(Least, x, y + BarHeight - 3, 11, Faint);
        panel.Paste(ramp.ApplyColourMap(map.Style.Colours).Resize(Tile - before - after, BarHeight, Interpolation.Linear), x + before, y);
        panel.DrawText(Most, x + Tile - after + 8, y + BarHeight - 3, 11, Faint);
    }

    private static void Words(Image panel, int x, int top, GradeReport report, IReadOnlyList<string> classes, IReadOnlyList<PanelLesion>? lesions)
    {
        var number = report.Grade.ToString(CultureInfo.InvariantCulture);
        var y = top + 20;
        y = Wrapped(panel, x, y, report.GradeName == number ? $"Grade {number}" : $"Grade {number}: {report.GradeName}", 21, Ink, 2);
        y = Wrapped(panel, x, y + 12, string.Concat(report.Advice[..1].ToUpperInvariant(), report.Advice.AsSpan(1), "."), Letter + 1, report.Referable ? Alarm : Ink, report.Referable ? 2 : 1);
        y = Probabilities(panel, x, y + 22, report, classes);
        if (report.Quality is { Problems.Count: > 0 } quality)
            y = Wrapped(panel, x, y + 10, (quality.Gradable ? "Quality: " : "Doubtful, the photograph is ungradable: ") + string.Join("; ", quality.Problems) + ".", Letter, quality.Gradable ? Ink : Alarm);
        if (lesions is not null)
            y = Wrapped(panel, x, y + 10, lesions.Count == 0 ? "No lesion was found by the detector." : "Lesions: " + string.Join(", ", lesions.GroupBy(l => l.Name).Select(g => $"{g.Count()} {g.Key}")) + ".", Letter, Ink);
        panel.DrawLine(x, y + 2, x + Tile, y + 2, Line);
        y = Wrapped(panel, x, y + 26, "Research software, not a medical device: must not guide the care of a patient.", Letter, Ink);
        y = Wrapped(panel, x, y + 8, "Colours show what this network's number depends on. They do not outline lesions; disease may be where they are cold.", Letter, Faint);
        Wrapped(panel, x, y + 8, $"{report.Image}. Model {report.Model}, {report.ModelSha256[..Math.Min(12, report.ModelSha256.Length)]}.", 11, Faint);
    }

    private static int Probabilities(Image panel, int x, int y, GradeReport report, IReadOnlyList<string> classes)
    {
        // More than fit, as of a thousand classes, are left to the JSON.
        var shown = Enumerable.Range(0, report.Probabilities.Count).OrderByDescending(k => report.Probabilities[k]).Take(8).Order().ToArray();
        var labels = shown.Select(k => classes[k] == k.ToString(CultureInfo.InvariantCulture) ? classes[k] : $"{k} {classes[k]}").ToArray();
        var label = Math.Min(Tile / 2, labels.Max(l => Image.MeasureText(l, Letter).Width) + 14);
        var width = Tile - label - 76;
        for (var i = 0; i < shown.Length; i++, y += 29)
        {
            var p = report.Probabilities[shown[i]];
            var chosen = shown[i] == report.Grade;
            panel.DrawText(Fitting(labels[i], label - 8), x, y, Letter, Ink, chosen ? 2 : 1);
            panel.FillRectangle(x + label, y - Letter, x + label + width, y + 2, new Colour(236, 239, 243));
            if (p * width >= 1) panel.FillRectangle(x + label, y - Letter, x + label + p * width, y + 2, chosen ? Bar : new Colour(150, 176, 204));
            panel.DrawText(string.Create(CultureInfo.InvariantCulture, $"{p * 100:0} %"), x + label + width + 10, y, Letter, Ink, chosen ? 2 : 1);
        }
        return y;
    }

    private static string Fitting(string text, int width)
    {
        while (text.Length > 1 && Image.MeasureText(text, Letter).Width > width) text = text[..^1];
        return text;
    }

    /// <returns>The baseline of the next line.</returns>
    private static int Wrapped(Image panel, int x, int y, string text, int height, Colour colour, int thickness = 1)
    {
        var line = "";
        foreach (var word in text.Split(' '))
        {
            var longer = line.Length == 0 ? word : $"{line} {word}";
            if (line.Length > 0 && Image.MeasureText(longer, height, thickness).Width > Tile)
            {
                panel.DrawText(line, x, y, height, colour, thickness);
                y += height * 17 / 10;
                line = word;
            }
            else line = longer;
        }
        panel.DrawText(line, x, y, height, colour, thickness);
        return y + height * 17 / 10;
    }
}
