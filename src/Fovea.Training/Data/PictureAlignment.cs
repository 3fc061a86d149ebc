namespace Fovea.Training.Data;

/// <summary>
/// How well one look lies on another when it may be shifted and stretched a little, as a cropped copy has to be. Gauss–Newton on shift and scale in x and
/// y (Lucas and Kanade 1981; the correlation as measure, so that contrast does not count), first on 32×32, and on 64×64 only where that promises something.
/// </summary>
internal static class PictureAlignment
{
    private const double Promising = 0.75;   // correlation on 32×32
    private const double MaxMove = 6;        // pixels of 64 at the edge: a crop of 9 % on a side
    private const double MinOverlap = 0.5;   // share of the fixed look's field
    private const int CoarseSteps = 8, FineSteps = 6;

    /// <summary>Different eyes are given up after a few steps: copies have come close by then.</summary>
    private const double Hopeless = 0.5;
    private const int HopelessStep = 3;

    /// <returns>The correlation of the aligned looks; −1 where they cannot be aligned.</returns>
    public static double Correlation(PictureLook a, PictureLook b)
    {
        Span<double> move = stackalloc double[4]; // shift and stretch in x, shift and stretch in y, in shares of half the side
        if (Align(Plane.Of(PictureLook.Side / 2, a.Coarse), Plane.Of(PictureLook.Side / 2, b.Coarse), move, CoarseSteps) < Promising) return -1;
        return Align(Plane.Of(PictureLook.Side, a.Detail), Plane.Of(PictureLook.Side, b.Detail), move, FineSteps);
    }

    /// <summary>Square of values, NaN outside the field of view.</summary>
    private readonly record struct Plane(int Side, float[] Values)
    {
        public static Plane Of(int side, sbyte[] values) => new(side, System.Array.ConvertAll(values, v => v == PictureLook.Outside ? float.NaN : v));

        /// <summary>Bilinear; NaN outside.</summary>
        public float At(double x, double y)
        {
            if (!(x >= 0 && y >= 0 && x < Side - 1 && y < Side - 1)) return float.NaN;
            var (u, v) = ((int)x, (int)y);
            var (fx, fy, at) = ((float)(x - u), (float)(y - v), v * Side + u);
            return (1 - fy) * ((1 - fx) * Values[at] + fx * Values[at + 1]) + fy * ((1 - fx) * Values[at + Side] + fx * Values[at + Side + 1]);
        }
    }

    /// <param name="move">Where to begin, and where it ended.</param>
    private static double Align(Plane fixedPlane, Plane moving, Span<double> move, int steps)
    {
        var side = fixedPlane.Side;
        var centre = (side - 1) / 2.0;
        var a = fixedPlane.Values;
        var inside = a.Count(v => !float.IsNaN(v));
        var correlation = -1.0;
        Span<double> sums = stackalloc double[4], normal = stackalloc double[16], right = stackalloc double[4], crossA = stackalloc double[4], crossB = stackalloc double[4], row = stackalloc double[4];
        for (var step = 0; step <= steps; step++)
        {
            var (n, meanA, meanB, squareA, squareB, product) = (0, 0.0, 0.0, 0.0, 0.0, 0.0);
            sums.Clear(); normal.Clear(); crossA.Clear(); crossB.Clear();
            for (var y = 1; y < side - 1; y++)
            {
                for (var x = 1; x < side - 1; x++)
                {
                    var i = y * side + x;
                    if (float.IsNaN(a[i])) continue;
                    // The gradient is the fixed look's: close to the goal the two are the same. NaN beside it makes the gradient NaN.
                    var (gx, gy) = ((a[i + 1] - a[i - 1]) / 2, (a[i + side] - a[i - side]) / 2);
                    var (u, v) = ((x - centre) / centre, (y - centre) / centre);
                    var b = moving.At(x + centre * (move[0] + move[1] * u), y + centre * (move[2] + move[3] * v));
                    if (float.IsNaN(b + a[i] + gx + gy)) continue;
                    n++;
                    meanA += a[i]; meanB += b; squareA += a[i] * a[i]; squareB += b * b; product += a[i] * b;
                    (row[0], row[1], row[2], row[3]) = (gx * centre, gx * centre * u, gy * centre, gy * centre * v);
                    for (var k = 0; k < 4; k++)
                    {
                        sums[k] += row[k];
                        crossA[k] += row[k] * a[i];
                        crossB[k] += row[k] * b;
                        for (var m = 0; m <= k; m++) normal[4 * k + m] += row[k] * row[m];
                    }
                }
            }
            if (n < MinOverlap * inside) return -1;
            (meanA, meanB) = (meanA / n, meanB / n);
            var (deviationA, deviationB) = (Math.Sqrt(Math.Max(0, squareA - n * meanA * meanA)), Math.Sqrt(Math.Max(0, squareB - n * meanB * meanB)));
            if (deviationA <= 0 || deviationB <= 0) return -1;
            correlation = (product - n * meanA * meanB) / (deviationA * deviationB);
            if (step == steps) break;
            if (step == HopelessStep && correlation < Hopeless) return -1;
            // Minimises Σ (a − b·deviationA/deviationB − row·change)², all less their means.
            var gain = deviationA / deviationB;
            for (var k = 0; k < 4; k++)
            {
                right[k] = crossA[k] - sums[k] * meanA - gain * (crossB[k] - sums[k] * meanB);
                for (var m = 0; m <= k; m++) normal[4 * k + m] -= sums[k] * sums[m] / n;
                normal[4 * k + k] *= 1 + 1e-6;
            }
            if (!SolveSymmetric(normal, right)) return correlation;
            var largest = 0.0;
            for (var k = 0; k < 4; k++)
            {
                move[k] += right[k];
                largest = Math.Max(largest, Math.Abs(right[k]));
            }
            foreach (var m in move)
            {
                if (!(Math.Abs(m) * PictureLook.Side / 2 <= MaxMove)) return -1;
            }
            if (largest * centre < 0.01) steps = step + 1;
        }
        return correlation;
    }

    /// <summary>Cholesky's method on the lower triangle; the solution replaces the right side. False where the matrix is not positive.</summary>
    private static bool SolveSymmetric(Span<double> matrix, Span<double> x)
    {
        for (var k = 0; k < 4; k++)
        {
            for (var m = 0; m <= k; m++)
            {
                var sum = matrix[4 * k + m];
                for (var i = 0; i < m; i++) sum -= matrix[4 * k + i] * matrix[4 * m + i];
                if (k == m && !(sum > 0)) return false;
                matrix[4 * k + m] = k == m ? Math.Sqrt(sum) : sum / matrix[4 * m + m];
            }
        }
        for (var k = 0; k < 4; k++)
        {
            for (var i = 0; i < k; i++) x[k] -= matrix[4 * k + i] * x[i];
            x[k] /= matrix[4 * k + k];
        }
        for (var k = 3; k >= 0; k--)
        {
            for (var i = k + 1; i < 4; i++) x[k] -= matrix[4 * i + k] * x[i];
            x[k] /= matrix[4 * k + k];
        }
        return true;
    }
}
