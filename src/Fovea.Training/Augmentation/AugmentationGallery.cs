using System.Globalization;
using Fovea.Imaging;

namespace Fovea.Training.Augmentation;

/// <summary>A picture to show in a gallery.</summary>
/// <param name="Image">Prepared as for training, RGB.</param>
/// <param name="Boxes">Drawn in green, moved with the image.</param>
public sealed record GalleryPicture(string Name, Image Image, IReadOnlyList<MarkedBox> Boxes);

/// <summary>Contact sheets: an image as it is, each augmentation of a specification alone at its extremes, and all together, captioned.</summary>
public static class AugmentationGallery
{
    private const int Columns = 6, Gap = 6, Caption = 18;

    private static readonly Colour Paper = Colour.Grey(24), Ink = Colour.Grey(220), BoxColour = new(80, 255, 120);

    private static readonly (string Name, string Unit, Func<AugmentationSpec, Strength> Of, Func<AugmentationSpec, Strength, AugmentationSpec> With)[] Settings =
    [
        ("rotation", " deg", s => s.Rotation, (s, v) => s with { Rotation = v }),
        ("zoom", "", s => s.Zoom, (s, v) => s with { Zoom = v }),
        ("shift", "", s => s.Shift, (s, v) => s with { Shift = v }),
        ("shear", " deg", s => s.Shear, (s, v) => s with { Shear = v }),
        ("optical", "", s => s.OpticalDistortion, (s, v) => s with { OpticalDistortion = v }),
        ("grid", "", s => s.GridDistortion, (s, v) => s with { GridDistortion = v }),
        ("piecewise", "", s => s.PiecewiseAffine, (s, v) => s with { PiecewiseAffine = v }),
        ("blur", " px", s => s.Blur, (s, v) => s with { Blur = v }),
        ("brightness", "", s => s.Brightness, (s, v) => s with { Brightness = v }),
        ("contrast", "", s => s.Contrast, (s, v) => s with { Contrast = v }),
        ("RGB shift", "", s => s.RgbShift, (s, v) => s with { RgbShift = v }),
        ("gamma", "", s => s.Gamma, (s, v) => s with { Gamma = v }),
        ("hue", " deg", s => s.Hue, (s, v) => s with { Hue = v }),
        ("saturation", "", s => s.Saturation, (s, v) => s with { Saturation = v }),
        ("sharpen", "", s => s.Sharpen, (s, v) => s with { Sharpen = v }),
        ("emboss", "", s => s.Emboss, (s, v) => s with { Emboss = v }),
        ("noise", "", s => s.Noise, (s, v) => s with { Noise = v }),
        ("JPEG loss", "", s => s.Jpeg, (s, v) => s with { Jpeg = v }),
        ("cutout", "", s => s.Cutout, (s, v) => s with { Cutout = v }),
    ];

    /// <param name="picture">What is augmented.</param>
    /// <param name="other">What mixup and cutmix mix in; any size.</param>
    /// <param name="count">How many with all together.</param>
    /// <param name="cell">Side in pixels at which each is shown.</param>
    public static Image Sheet(GalleryPicture picture, Image other, AugmentationSpec spec, int count, ulong seed, int cell)
    {
        ArgumentNullException.ThrowIfNull(picture);
        ArgumentNullException.ThrowIfNull(other);
        ArgumentNullException.ThrowIfNull(spec);
        List<(string Caption, Image Image)> cells = [("original", Shown(new AugmentedImage(picture.Image, picture.Boxes, null)))];
        var nothing = new AugmentationSpec { Fill = spec.Fill };
        if (spec.FlipHorizontal) cells.Add(("flip left-right", Shown(Flipped(nothing with { FlipHorizontal = true }))));
        if (spec.FlipVertical) cells.Add(("flip up-down", Shown(Flipped(nothing with { FlipVertical = true }))));
        foreach (var (name, unit, of, with) in Settings)
        {
            var strength = of(spec);
            if (strength.IsOff) continue;
            foreach (var end in strength.Low == strength.High || strength.Low == 0 ? new[] { strength.High } : [strength.Low, strength.High])
                cells.Add((string.Create(CultureInfo.InvariantCulture, $"{name} {(end == 0 ? 0 : end):+0.##;-0.##;0}{unit}"), Shown(Apply(with(nothing, Strength.Exactly(end)), 0))));
        }
        if (spec.HasMixing)
        {
            var second = other.Width == picture.Image.Width && other.Height == picture.Image.Height ? other : other.Resize(picture.Image.Width, picture.Image.Height);
            if (spec.Mixup is { Probability: > 0 }) cells.Add(("mixup 0.6", Shown(Mixed(new BatchMixer.Draw(true, false, 0.6, 0, 0)))));
            if (spec.Cutmix is { Probability: > 0 }) cells.Add(("cutmix 0.75", Shown(Mixed(new BatchMixer.Draw(true, true, 0.75, 0.6, 0.4)))));

            AugmentedImage Mixed(BatchMixer.Draw draw)
            {
                var mixed = picture.Image.Clone();
                BatchMixer.Apply(draw, mixed.Pixels, second.Pixels, mixed.Width, mixed.Height);
                return new AugmentedImage(mixed, picture.Boxes, null);
            }
        }
        for (var i = 1; i <= count; i++) cells.Add(($"together {i}", Shown(Apply(spec, (ulong)i))));
        return Lay(picture.Name, cells, cell);

        AugmentedImage Apply(AugmentationSpec one, ulong sample) => new Augmenter(one).Apply(picture.Image, picture.Boxes, null, new AugmentationKey(seed, 0, sample));

        // The first sample whose coin falls so.
        AugmentedImage Flipped(AugmentationSpec one)
        {
            for (ulong sample = 0; sample < 64; sample++)
            {
                var result = Apply(one, sample);
                if (!ReferenceEquals(result.Image, picture.Image)) return result;
            }
            return Apply(one, 0);
        }

        Image Shown(AugmentedImage augmented)
        {
            var (w, h) = (augmented.Image.Width, augmented.Image.Height);
            var scale = (double)cell / Math.Max(w, h);
            var shown = augmented.Image.Resize(Math.Max(1, (int)Math.Round(w * scale)), Math.Max(1, (int)Math.Round(h * scale)), scale < 1 ? Interpolation.Area : Interpolation.Linear);
            foreach (var box in augmented.Boxes)
                shown.DrawRectangle(box.Left * scale - 0.5, box.Top * scale - 0.5, box.Right * scale - 0.5, box.Bottom * scale - 0.5, BoxColour);
            return shown;
        }
    }

    /// <summary>Sheets one below the other.</summary>
    public static Image Stack(IReadOnlyList<Image> sheets)
    {
        ArgumentNullException.ThrowIfNull(sheets);
        var whole = Image.Filled(sheets.Max(s => s.Width), sheets.Sum(s => s.Height), 3, Paper);
        var y = 0;
        foreach (var sheet in sheets)
        {
            whole.Paste(sheet, 0, y);
            y += sheet.Height;
        }
        return whole;
    }

    private static Image Lay(string title, List<(string Caption, Image Image)> cells, int cell)
    {
        var rows = (cells.Count + Columns - 1) / Columns;
        var (stepX, stepY) = (cell + Gap, cell + Caption + Gap);
        var sheet = Image.Filled(Columns * stepX + Gap, rows * stepY + Caption + 2 * Gap, 3, Paper);
        sheet.DrawText(title, Gap, Gap + 12, 10, Ink);
        for (var i = 0; i < cells.Count; i++)
        {
            var (x, y) = (Gap + i % Columns * stepX, Caption + 2 * Gap + i / Columns * stepY);
            var image = cells[i].Image;
            sheet.Paste(image, x + (cell - image.Width) / 2, y + (cell - image.Height) / 2);
            // The widest caption fits its cell.
            var height = 9.0;
            while (height > 5 && Image.MeasureText(cells[i].Caption, height).Width > cell) height--;
            sheet.DrawText(cells[i].Caption, x, y + cell + 13, height, Ink);
        }
        return sheet;
    }
}
