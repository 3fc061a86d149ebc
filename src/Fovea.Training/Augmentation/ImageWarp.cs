using Fovea.Imaging;

namespace Fovea.Training.Augmentation;

// Frames in this file: a point is in pixel centres, x right, y down. Going from the result to the source, a point passes
//   result --affine⁻¹--> --optical--> --grid--> --piecewise--> source
// so that one map holds all geometry and a picture is interpolated once.

/// <summary>The geometry that was drawn for one image. Drawn anew for each image into the same memory.</summary>
internal sealed class ImageWarp
{
    private readonly GridMap _columns = new(), _rows = new();
    private readonly NodeMesh _mesh = new();
    private int _width, _height;
    private AffineTransform _affine = AffineTransform.Identity, _back = AffineTransform.Identity;

    /// <summary>The last pixel of a row and of a column: grid and mesh reach from 0 to it, so that the outermost pixels stay where they are.</summary>
    private double _right, _bottom;

    private double _optical;
    private bool _grid, _piecewise;

    internal bool IsIdentity => !IsDistorted && _affine == AffineTransform.Identity;

    internal bool IsDistorted => _optical != 0 || _grid || _piecewise;

    /// <summary>The affine part, from source to result; all there is without a distortion.</summary>
    internal AffineTransform Affine => _affine;

    internal void Draw(AugmentationSpec spec, in AugmentationKey key, SeededRandom random, int width, int height)
    {
        (_width, _height, _right, _bottom) = (width, height, Math.Max(1, width - 1), Math.Max(1, height - 1));
        var k = key;
        double? Value(Strength strength, AugmentationKind kind) => strength.IsOff ? null : strength.Draw(k.Restart(random, kind));
        bool Half(bool on, AugmentationKind kind) => on && k.Restart(random, kind).NextDouble() < 0.5;

        var (flipX, flipY) = (Half(spec.FlipHorizontal, AugmentationKind.FlipHorizontal), Half(spec.FlipVertical, AugmentationKind.FlipVertical));
        var degrees = Value(spec.Rotation, AugmentationKind.Rotation) ?? 0;
        var zoom = 1 + (Value(spec.Zoom, AugmentationKind.Zoom) ?? 0);
        // The generator stands at the zoom's stream: its next value is the second axis's.
        var zoomY = spec.ZoomPerAxis && zoom != 1 ? 1 + random.NextDouble(spec.Zoom.Low, spec.Zoom.High) : zoom;
        var shear = Math.Tan((Value(spec.Shear, AugmentationKind.Shear) ?? 0) * Math.PI / 180);
        var (dx, dy) = (0.0, 0.0);
        if (Value(spec.Shift, AugmentationKind.Shift) is { } shift) (dx, dy) = (shift * width, random.NextDouble(spec.Shift.Low, spec.Shift.High) * height);
        Set(flipX, flipY, zoom, zoomY, shear, degrees, dx, dy);

        _optical = Value(spec.OpticalDistortion, AugmentationKind.OpticalDistortion) ?? 0;
        var grid = Value(spec.GridDistortion, AugmentationKind.GridDistortion);
        if (_grid = grid is not null)
        {
            _columns.Draw(grid!.Value, random);
            _rows.Draw(grid.Value, random);
        }
        var piecewise = Value(spec.PiecewiseAffine, AugmentationKind.PiecewiseAffine);
        if (_piecewise = piecewise is not null) _mesh.Draw(piecewise!.Value, random);
    }

    private void Set(bool flipX, bool flipY, double zoomX, double zoomY, double shear, double degrees, double dx, double dy)
    {
        var (cx, cy) = ((_width - 1) / 2.0, (_height - 1) / 2.0);
        // Without any of it the product of the four would be the identity only up to rounding.
        _affine = !flipX && !flipY && zoomX == 1 && zoomY == 1 && shear == 0 && degrees == 0 && dx == 0 && dy == 0
            ? AffineTransform.Identity
            : AffineTransform.Translation(-cx, -cy)
                .Then(AffineTransform.Scaling(flipX ? -zoomX : zoomX, flipY ? -zoomY : zoomY))
                .Then(new AffineTransform(1, shear, 0, 0, 1, 0))
                .Then(AffineTransform.Rotation(degrees, 0, 0))
                .Then(AffineTransform.Translation(cx + dx, cy + dy));
        _back = _affine.Invert();
    }

    /// <summary>Where a point of the result is taken from.</summary>
    internal (double X, double Y) ToSource(double x, double y)
    {
        (x, y) = _back.Apply(x, y);
        if (_optical != 0)
        {
            var (cx, cy, unit) = Centre();
            var (u, v) = ((x - cx) / unit, (y - cy) / unit);
            var stretch = 1 + _optical * (u * u + v * v);
            (x, y) = (cx + u * stretch * unit, cy + v * stretch * unit);
        }
        if (_grid) (x, y) = (_columns.ToSource(x / _right) * _right, _rows.ToSource(y / _bottom) * _bottom);
        if (_piecewise)
        {
            var (du, dv) = _mesh.Displacement(x / _right, y / _bottom);
            (x, y) = (x + du * _right, y + dv * _bottom);
        }
        return (x, y);
    }

    /// <summary>Where a point of the source goes: <see cref="ToSource"/> undone, step by step from its end, to a hundredth of a pixel.</summary>
    internal (double X, double Y) ToResult(double x, double y)
    {
        if (_piecewise)
        {
            var (u, v) = _mesh.Undo(x / _right, y / _bottom, 0.01 / Math.Max(_right, _bottom));
            (x, y) = (u * _right, v * _bottom);
        }
        if (_grid) (x, y) = (_columns.ToResult(x / _right) * _right, _rows.ToResult(y / _bottom) * _bottom);
        if (_optical != 0)
        {
            var (cx, cy, unit) = Centre();
            var (dx, dy) = (x - cx, y - cy);
            var far = Math.Sqrt(dx * dx + dy * dy) / unit;
            if (far > 0) (x, y) = (cx + dx * Near(far) / far, cy + dy * Near(far) / far);
        }
        return _affine.Apply(x, y);
    }

    /// <summary>r with r·(1 + k·r²) = <paramref name="far"/>, by Newton; beyond the turning point of a pincushion, that point.</summary>
    private double Near(double far)
    {
        var turning = _optical < 0 ? Math.Sqrt(-1 / (3 * _optical)) : double.PositiveInfinity;
        if (far >= turning * (1 + _optical * turning * turning)) return turning;
        var r = Math.Min(far, turning);
        for (var i = 0; i < 30; i++)
        {
            var slope = 1 + 3 * _optical * r * r;
            if (slope < 1e-9) break;
            var step = (r * (1 + _optical * r * r) - far) / slope;
            r -= step;
            if (Math.Abs(step) < 1e-9) break;
        }
        return r;
    }

    private (double X, double Y, double Unit) Centre() => ((_width - 1) / 2.0, (_height - 1) / 2.0, Math.Max(_width, _height) / 2.0);

    /// <param name="map">2 · width · height floats; only used with a distortion.</param>
    internal void Apply(ReadOnlySpan<byte> source, Span<byte> result, PixelShape shape, Span<float> map, Interpolation interpolation, Border border)
    {
        if (!IsDistorted)
        {
            BorrowedPixels.WarpAffine(source, result, shape, _affine, interpolation, border);
            return;
        }
        var at = 0;
        for (var y = 0; y < _height; y++)
        {
            for (var x = 0; x < _width; x++)
            {
                var (sx, sy) = ToSource(x, y);
                map[at++] = (float)sx;
                map[at++] = (float)sy;
            }
        }
        BorrowedPixels.Remap(source, result, shape, map, interpolation, border);
    }
}
