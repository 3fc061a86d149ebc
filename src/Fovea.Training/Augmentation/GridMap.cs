namespace Fovea.Training.Augmentation;

/// <summary>One axis of a grid distortion: five cells of equal width in the result come from five cells of other widths in the source. 0 to 1 onto 0 to 1, rising.</summary>
internal sealed class GridMap
{
    internal const int Cells = 5;

    private readonly double[] _knots = new double[Cells + 1];

    /// <param name="amount">Widths are 1 ± this before they are scaled to a sum of 1; below 1.</param>
    internal void Draw(double amount, SeededRandom random)
    {
        for (var i = 1; i <= Cells; i++) _knots[i] = _knots[i - 1] + 1 + random.NextDouble(-amount, amount);
        var whole = _knots[Cells];
        for (var i = 1; i < Cells; i++) _knots[i] /= whole;
        _knots[Cells] = 1;
    }

    /// <summary>Outside 0 to 1 nothing is bent.</summary>
    internal double ToSource(double t)
    {
        if (!(t > 0 && t < 1)) return t;
        var i = (int)(t * Cells);
        return _knots[i] + (t * Cells - i) * (_knots[i + 1] - _knots[i]);
    }

    internal double ToResult(double t)
    {
        if (!(t > 0 && t < 1)) return t;
        var i = 0;
        while (i < Cells - 1 && t >= _knots[i + 1]) i++;
        return (i + (t - _knots[i]) / (_knots[i + 1] - _knots[i])) / Cells;
    }
}

/// <summary>
/// A piecewise affine distortion: the unit square in 5 × 5 cells of two triangles each; the 16 inner nodes are displaced, the border stays. With nodes moved by at most
/// δ of a cell along each axis a triangle keeps an area of at least 1 − 4δ of its own, so that below ¼ nothing folds over.
/// </summary>
internal sealed class NodeMesh
{
    private const int Nodes = GridMap.Cells + 1;

    private readonly double[] _u = new double[Nodes * Nodes], _v = new double[Nodes * Nodes];

    /// <param name="amount">Share of a cell.</param>
    internal void Draw(double amount, SeededRandom random)
    {
        var most = amount / GridMap.Cells;
        for (var row = 1; row < Nodes - 1; row++)
        {
            for (var column = 1; column < Nodes - 1; column++)
            {
                _u[row * Nodes + column] = random.NextDouble(-most, most);
                _v[row * Nodes + column] = random.NextDouble(-most, most);
            }
        }
    }

    internal (double U, double V) Displacement(double u, double v)
    {
        if (!(u > 0 && u < 1 && v > 0 && v < 1)) return (0, 0);
        var (column, row) = ((int)(u * GridMap.Cells), (int)(v * GridMap.Cells));
        var (a, b) = (u * GridMap.Cells - column, v * GridMap.Cells - row);
        var corner = row * Nodes + column;
        // The triangle that holds the point: of the top-left corner, or of the bottom-right one.
        return a + b <= 1
            ? (Plane(_u, corner, corner + 1, corner + Nodes, a, b), Plane(_v, corner, corner + 1, corner + Nodes, a, b))
            : (Plane(_u, corner + Nodes + 1, corner + Nodes, corner + 1, 1 - a, 1 - b), Plane(_v, corner + Nodes + 1, corner + Nodes, corner + 1, 1 - a, 1 - b));
    }

    private static double Plane(double[] values, int origin, int along, int down, double a, double b) =>
        values[origin] + a * (values[along] - values[origin]) + b * (values[down] - values[origin]);

    /// <summary>p with p + displacement(p) = the point given. The displacement's slope is below 1 along each axis, so that repetition comes nearer each time.</summary>
    internal (double U, double V) Undo(double u, double v, double tolerance)
    {
        var (p, q) = (u, v);
        for (var i = 0; i < 300; i++)
        {
            var (du, dv) = Displacement(p, q);
            var (nextP, nextQ) = (u - du, v - dv);
            var change = Math.Max(Math.Abs(nextP - p), Math.Abs(nextQ - q));
            (p, q) = (nextP, nextQ);
            if (change < tolerance) break;
        }
        return (p, q);
    }
}
