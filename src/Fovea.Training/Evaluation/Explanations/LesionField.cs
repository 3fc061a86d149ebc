using Fovea.Acquisition;
using Fovea.Explanation;
using Fovea.Imaging;
using Fovea.Preprocessing;
using Fovea.Training.Data.Lesions;

namespace Fovea.Training.Evaluation.Explanations;

/// <summary>
/// Where a photograph's lesions and its field of view lie, on a grid of at most 1024 cells a side. A lesion covers every cell that one of its pixels lies in; kinds of which the set has no masks
/// cover their boxes.
/// </summary>
public sealed class LesionField
{
    private const int MostCells = 1024;

    private readonly int _step;
    private readonly Image _lesions, _near, _field;

    private LesionField(int step, Image lesions, Image near, Image field)
    {
        (_step, _lesions, _near, _field) = (step, lesions, near, field);
        for (var i = 0; i < field.Pixels.Length; i++)
        {
            if (field.Pixels[i] == 0) continue;
            FieldCells++;
            if (lesions.Pixels[i] != 0) LesionCells++;
            if (near.Pixels[i] != 0) NearCells++;
        }
    }

    /// <summary>Cells in the field of view.</summary>
    public int FieldCells { get; }

    /// <summary>Cells of the field with a lesion in them.</summary>
    public int LesionCells { get; }

    /// <summary>Cells of the field within the tolerance of a lesion.</summary>
    public int NearCells { get; }

    /// <summary>Share of the field that lesions cover: the share of its energy that a map without any knowledge has there.</summary>
    public double AreaShare => FieldCells == 0 ? 0 : (double)LesionCells / FieldCells;

    /// <summary>Share of the field within the tolerance: how often a point that is drawn from the field hits.</summary>
    public double NearShare => FieldCells == 0 ? 0 : (double)NearCells / FieldCells;

    /// <summary>The centre of the field of view, in pixels of the photograph.</summary>
    public (double X, double Y) Centre { get; private init; }

    /// <param name="tolerance">How far from a lesion still counts as on it, as a share of the field of view's diameter.</param>
    public static LesionField Of(FundusImage photograph, LesionImage truth, double tolerance)
    {
        ArgumentNullException.ThrowIfNull(photograph);
        ArgumentNullException.ThrowIfNull(truth);
        var (width, height) = (photograph.Pixels.Width, photograph.Pixels.Height);
        if ((width, height) != (truth.Width, truth.Height)) throw new ArgumentException($"{truth.Id}: the photograph has {width}x{height} pixels, its marks {truth.Width}x{truth.Height}", nameof(truth));
        var step = Math.Max(1, (Math.Max(width, height) + MostCells - 1) / MostCells);
        var (columns, rows) = ((width + step - 1) / step, (height + step - 1) / step);
        var lesions = new Image(columns, rows, 1);
        foreach (var path in truth.Masks?.Values ?? [])
        {
            var mask = truth.ReadMask(path);
            for (var y = 0; y < height; y++)
            {
                var from = mask.Row(y);
                var to = lesions.Row(y / step);
                for (var x = 0; x < width; x++)
                    if (from[x] != 0) to[x / step] = 255;
            }
        }
        foreach (var box in truth.Boxes ?? [])
        {
            // A set of masks has one of every lesion of the kinds that it masks.
            if (truth.Masks is not null && LesionKinds.MaskFolders.Any(pair => pair.Kind == box.Kind)) continue;
            var (x0, y0, x1, y1) = (Cell(box.Bounds.Left, columns), Cell(box.Bounds.Top, rows), Cell(box.Bounds.Right - 1, columns), Cell(box.Bounds.Bottom - 1, rows));
            for (var y = y0; y <= y1; y++) lesions.Row(y)[x0..(x1 + 1)].Fill(255);
        }
        var circle = FieldOfView.Find(photograph.Pixels);
        var field = new Image(columns, rows, 1);
        for (var y = 0; y < rows; y++)
            for (var x = 0; x < columns; x++)
            {
                var (dx, dy) = ((x + 0.5) * step - 0.5 - circle.CentreX, (y + 0.5) * step - 0.5 - circle.CentreY);
                if (!circle.Fitted || dx * dx + dy * dy <= circle.Radius * circle.Radius) field.Row(y)[x] = 255;
            }
        var radius = (int)Math.Round(tolerance * 2 * circle.Radius / step);
        return new LesionField(step, lesions, radius > 0 ? lesions.Dilate(radius) : lesions, field) { Centre = (circle.CentreX, circle.CentreY) };

        int Cell(double edge, int count) => Math.Clamp((int)Math.Floor(edge / step), 0, count - 1);
    }

    /// <summary>Whether a point lies in the field of view and within the tolerance of a lesion.</summary>
    /// <param name="x">Pixels of the photograph.</param>
    public bool IsHit(double x, double y)
    {
        var (column, row) = ((int)Math.Floor((x + 0.5) / _step), (int)Math.Floor((y + 0.5) / _step));
        if (column < 0 || row < 0 || column >= _field.Width || row >= _field.Height) return false;
        return _near.Row(row)[column] != 0 && _field.Row(row)[column] != 0;
    }

    /// <summary>The share of a map's sum over the field of view that lies on lesions; the map is bilinear between the centres of its cells. 0 for a flat map.</summary>
    /// <param name="prepared">Whose frame the map has.</param>
    public double EnergyShare(ActivationMap map, PreparedImage prepared)
    {
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(prepared);
        var (inside, all) = (0.0, 0.0);
        var t = prepared.OriginalToPrepared;
        var (scaleX, scaleY) = ((double)map.Width / prepared.Pixels.Width, (double)map.Height / prepared.Pixels.Height);
        for (var row = 0; row < _field.Height; row++)
            for (var column = 0; column < _field.Width; column++)
            {
                if (_field.Row(row)[column] == 0) continue;
                var (x, y) = t.Apply((column + 0.5) * _step - 0.5, (row + 0.5) * _step - 0.5);
                if (x < -0.5 || y < -0.5 || x > prepared.Pixels.Width - 0.5 || y > prepared.Pixels.Height - 0.5) continue; // the network did not see it
                var value = Bilinear(map, (x + 0.5) * scaleX - 0.5, (y + 0.5) * scaleY - 0.5);
                all += value;
                if (_lesions.Row(row)[column] != 0) inside += value;
            }
        return all > 0 ? inside / all : 0;
    }

    private static double Bilinear(ActivationMap map, double x, double y)
    {
        (x, y) = (Math.Clamp(x, 0, map.Width - 1), Math.Clamp(y, 0, map.Height - 1));
        var (x0, y0) = ((int)x, (int)y);
        var (x1, y1) = (Math.Min(x0 + 1, map.Width - 1), Math.Min(y0 + 1, map.Height - 1));
        var (fx, fy) = (x - x0, y - y0);
        double At(int column, int row) => map.Values[row * map.Width + column];
        return (At(x0, y0) * (1 - fx) + At(x1, y0) * fx) * (1 - fy) + (At(x0, y1) * (1 - fx) + At(x1, y1) * fx) * fy;
    }
}
