namespace Fovea.Training.Inspection.Embedding;

/// <summary>
/// Points of the plane in nested squares, for the repulsion of t-SNE (van der Maaten 2014, section 4.2): a far square acts as all its points in their centre of mass.
/// Points at the very same place share a leaf.
/// </summary>
internal sealed class QuadTree
{
    // Below this depth the squares are smaller than what doubles can tell apart.
    private const int MostDepth = 48;

    private double[] _centreX, _centreY, _massX, _massY;
    private double[] _width;
    private int[] _count, _child, _single; // first of four children or −1; the point of a leaf with one place
    private int _nodes;
    private readonly double[] _points;

    /// <param name="points">x and y by turns.</param>
    public QuadTree(double[] points)
    {
        _points = points;
        var capacity = points.Length + 64;
        (_centreX, _centreY, _massX, _massY, _width) = (new double[capacity], new double[capacity], new double[capacity], new double[capacity], new double[capacity]);
        (_count, _child, _single) = (new int[capacity], new int[capacity], new int[capacity]);
        double minX = double.MaxValue, maxX = double.MinValue, minY = double.MaxValue, maxY = double.MinValue;
        for (var i = 0; i < points.Length; i += 2)
        {
            (minX, maxX) = (Math.Min(minX, points[i]), Math.Max(maxX, points[i]));
            (minY, maxY) = (Math.Min(minY, points[i + 1]), Math.Max(maxY, points[i + 1]));
        }
        Add((minX + maxX) / 2, (minY + maxY) / 2, Math.Max(Math.Max(maxX - minX, maxY - minY) * 1.000001, 1e-12));
        for (var i = 0; i < points.Length / 2; i++) Insert(i);
        for (var node = 0; node < _nodes; node++)
        {
            if (_count[node] == 0) continue;
            _massX[node] /= _count[node];
            _massY[node] /= _count[node];
        }
    }

    /// <summary>Σ over other points q of (1 + |p − q|²)⁻² (p − q), and their part of the normaliser Σ (1 + |p − q|²)⁻¹.</summary>
    /// <param name="point">Its number.</param>
    /// <param name="theta">Squares whose side is less than theta of their distance count as one; 0: every point for itself.</param>
    public (double X, double Y, double Normaliser) Repulsion(int point, double theta)
    {
        double px = _points[2 * point], py = _points[2 * point + 1], forceX = 0, forceY = 0, normaliser = 0;
        Span<int> stack = stackalloc int[4 * MostDepth + 4];
        var top = 0;
        stack[top++] = 0;
        while (top > 0)
        {
            var node = stack[--top];
            double dx = px - _massX[node], dy = py - _massY[node], squared = dx * dx + dy * dy;
            var leaf = _child[node] < 0;
            if (!leaf && _width[node] * _width[node] >= theta * theta * squared)
            {
                for (var c = 0; c < 4; c++)
                {
                    if (_count[_child[node] + c] > 0) stack[top++] = _child[node] + c;
                }
                continue;
            }
            // The point itself and those at its place lie at distance 0: they push nowhere, and it does not count for itself.
            var others = leaf && Holds(node, px, py) ? _count[node] - 1 : _count[node];
            var q = 1 / (1 + squared);
            normaliser += others * q;
            forceX += others * q * q * dx;
            forceY += others * q * q * dy;
        }
        return (forceX, forceY, normaliser);
    }

    private bool Holds(int leaf, double x, double y) => _points[2 * _single[leaf]] == x && _points[2 * _single[leaf] + 1] == y;

    private void Insert(int point)
    {
        double x = _points[2 * point], y = _points[2 * point + 1];
        var node = 0;
        for (var depth = 0; ; depth++)
        {
            var held = _count[node]++;
            _massX[node] += x;
            _massY[node] += y;
            if (held == 0)
            {
                _single[node] = point;
                return;
            }
            if (_child[node] < 0)
            {
                if (Holds(node, x, y) || depth >= MostDepth) return;
                Split(node, held);
            }
            node = _child[node] + Quadrant(node, x, y);
        }
    }

    // What the leaf held goes one deeper: all of it lies at one place.
    private void Split(int node, int held)
    {
        var half = _width[node] / 2;
        _child[node] = _nodes;
        for (var c = 0; c < 4; c++) Add(_centreX[node] + ((c & 1) == 0 ? -half : half) / 2, _centreY[node] + ((c & 2) == 0 ? -half : half) / 2, half);
        var single = _single[node];
        double x = _points[2 * single], y = _points[2 * single + 1];
        var child = _child[node] + Quadrant(node, x, y);
        (_single[child], _count[child], _massX[child], _massY[child]) = (single, held, held * x, held * y);
    }

    private int Quadrant(int node, double x, double y) => (x > _centreX[node] ? 1 : 0) + (y > _centreY[node] ? 2 : 0);

    private void Add(double x, double y, double width)
    {
        if (_nodes == _count.Length)
        {
            var capacity = 2 * _nodes;
            Array.Resize(ref _centreX, capacity);
            Array.Resize(ref _centreY, capacity);
            Array.Resize(ref _massX, capacity);
            Array.Resize(ref _massY, capacity);
            Array.Resize(ref _width, capacity);
            Array.Resize(ref _count, capacity);
            Array.Resize(ref _child, capacity);
            Array.Resize(ref _single, capacity);
        }
        (_centreX[_nodes], _centreY[_nodes], _width[_nodes], _child[_nodes]) = (x, y, width, -1);
        _nodes++;
    }
}
