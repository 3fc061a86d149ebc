using Fovea.Imaging;

namespace Fovea.Preprocessing;

/// <summary>
/// A photograph on its way through the steps. A crop only moves the region that is looked at, and a resize reads from there: twelve megapixels are not copied
/// to be shrunk. The region may reach beyond the pixels; what lies there is black.
/// </summary>
internal sealed class Canvas(Image photograph, int size)
{
    private Image _pixels = photograph;
    private PixelBox _region = new(0, 0, photograph.Width, photograph.Height);

    /// <summary>The caller's photograph must not change; what a step made may.</summary>
    private bool _owned;

    /// <summary>Side of the prepared square.</summary>
    public int Size => size;

    public int Width => _region.Width;

    public int Height => _region.Height;

    public AffineTransform OriginalToHere { get; private set; } = AffineTransform.Identity;

    private PixelBox Whole => new(0, 0, _pixels.Width, _pixels.Height);

    /// <summary>The pixels and the part of them that is looked at, without a copy; null where that reaches beyond them.</summary>
    public (Image Pixels, PixelBox Region)? Look() => _region.Intersect(Whole) == _region ? (_pixels, _region) : null;

    /// <summary>Exactly what is looked at; not to be changed.</summary>
    public Image Pixels()
    {
        if (_region == Whole) return _pixels;
        var inside = _region.Intersect(Whole);
        var image = _pixels.Crop(inside.X, inside.Y, inside.Width, inside.Height);
        if (inside != _region)
        {
            var padded = new Image(_region.Width, _region.Height, 3);
            padded.Paste(image, inside.X - _region.X, inside.Y - _region.Y);
            image = padded;
        }
        (_pixels, _region, _owned) = (image, new(0, 0, image.Width, image.Height), true);
        return image;
    }

    /// <summary>Exactly what is looked at, to be changed in place.</summary>
    public Image Editable()
    {
        var pixels = Pixels();
        if (_owned) return pixels;
        _owned = true;
        return _pixels = pixels.Clone();
    }

    /// <summary>New pixel values in the same places.</summary>
    public void Repaint(Image image) => Replace(image, AffineTransform.Identity);

    /// <summary>New pixels, and where the old ones lie in them.</summary>
    public void Replace(Image image, in AffineTransform moved)
    {
        (_pixels, _region, _owned) = (image, new(0, 0, image.Width, image.Height), true);
        OriginalToHere = OriginalToHere.Then(moved);
    }

    /// <summary>Looks at a rectangle of what is looked at; it may reach beyond.</summary>
    public void Crop(PixelBox box)
    {
        _region = new(_region.X + box.X, _region.Y + box.Y, box.Width, box.Height);
        OriginalToHere = OriginalToHere.Then(AffineTransform.Translation(-box.X, -box.Y));
    }

    public void Resize(int width, int height, Interpolation interpolation)
    {
        var moved = AffineTransform.ForResize(Width, Height, width, height);
        Replace(Resized(width, height, interpolation), moved);
    }

    private Image Resized(int width, int height, Interpolation interpolation)
    {
        if (Look() is var (pixels, region)) return pixels.ResizeRegion(region.X, region.Y, region.Width, region.Height, width, height, interpolation);
        var inside = _region.Intersect(Whole);
        if (inside.Width == 0 || inside.Height == 0) return new Image(width, height, 3);
        // Enlarged, half a pixel at the edge would be seen.
        if (width > Width || height > Height) return Pixels().Resize(width, height, interpolation);
        // Only what there is gets shrunk: to whole pixels of the result, so that its edge is wrong by at most half a pixel of the photograph.
        var (left, right, fromX, toX) = Span(_region.X, Width, width, inside.X, inside.Right);
        var (top, bottom, fromY, toY) = Span(_region.Y, Height, height, inside.Y, inside.Bottom);
        var result = new Image(width, height, 3);
        if (right > left && bottom > top)
            result.Paste(_pixels.ResizeRegion(fromX, fromY, toX - fromX, toY - fromY, right - left, bottom - top, interpolation), left, top);
        return result;
    }

    /// <summary>The whole pixels of the result that the photograph fills along one axis, and the photograph's that fill them.</summary>
    private static (int First, int Last, int From, int To) Span(int start, int length, int target, int inside, int end)
    {
        var scale = (double)length / target;
        var first = (int)Math.Ceiling((inside - start) / scale - 1e-9);
        var last = (int)Math.Floor((end - start) / scale + 1e-9);
        var from = Math.Clamp((int)Math.Round(start + first * scale), inside, end - 1);
        var to = Math.Clamp((int)Math.Round(start + last * scale), from + 1, end);
        return (first, last, from, to);
    }
}
