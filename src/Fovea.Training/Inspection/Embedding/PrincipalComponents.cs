using System.Numerics;
using System.Runtime.Intrinsics;

namespace Fovea.Training.Inspection.Embedding;

/// <summary>Writes a stretch of a vector, from <paramref name="start"/> on, into <paramref name="values"/>. Called from many threads.</summary>
public delegate void RowReader(int row, int start, Span<float> values);

/// <summary>
/// The leading principal components by randomised subspace iteration (Halko, Martinsson and Tropp 2011, arXiv 0909.4061, algorithm 4.4). The same input and seed give
/// the same bits on any number of cores.
/// </summary>
public static class PrincipalComponents
{
    private const int Oversampling = 10, Iterations = 6;

    // Rows that share one reading of the directions, and dimensions whose sums stay in the cache.
    private const int RowBlock = 8, DimensionBlock = 1024;

    /// <summary>Vectors projected onto their leading components, the largest first; fewer where there are fewer dimensions or vectors.</summary>
    /// <returns>One vector for each row, centred.</returns>
    public static double[][] Project(int rows, int dimensions, RowReader read, int components, ulong seed, CancellationToken cancel = default)
    {
        var mean = Mean(rows, dimensions, read);
        if (dimensions <= components) return [.. Enumerable.Range(0, rows).Select(i => Array.ConvertAll(Centred(read, i, mean), v => (double)v))];
        var width = Math.Min(Math.Min(components + Oversampling, dimensions), rows);
        var random = SeededRandom.For(seed, 0x706361);
        var directions = new float[width][];
        for (var j = 0; j < width; j++)
        {
            directions[j] = new float[dimensions];
            for (var k = 0; k < dimensions; k++) directions[j][k] = (float)random.NextNormal();
        }
        var scores = Scores(rows, read, mean, directions, cancel);
        for (var i = 0; i < Iterations; i++)
        {
            Orthonormalise(scores);
            directions = Directions(rows, read, mean, scores, cancel);
            Orthonormalise(directions);
            scores = Scores(rows, read, mean, directions, cancel);
        }
        // The scores span the leading components; their own axes are the eigenvectors of the small matrix of their products.
        var vectors = SymmetricEigen.Decompose(Products(scores)).Vectors;
        var kept = Math.Min(components, width);
        var projected = new double[rows][];
        for (var i = 0; i < rows; i++)
        {
            projected[i] = new double[kept];
            for (var c = 0; c < kept; c++)
            {
                for (var j = 0; j < width; j++) projected[i][c] += scores[j][i] * vectors[j, c];
            }
        }
        return projected;
    }

    private static float[] Mean(int rows, int dimensions, RowReader read)
    {
        var (sum, row) = (new double[dimensions], new float[dimensions]);
        for (var i = 0; i < rows; i++)
        {
            read(i, 0, row);
            for (var k = 0; k < sum.Length; k++) sum[k] += row[k];
        }
        return Array.ConvertAll(sum, s => (float)(s / rows));
    }

    private static float[] Centred(RowReader read, int row, float[] mean)
    {
        var values = new float[mean.Length];
        read(row, 0, values);
        for (var k = 0; k < values.Length; k++) values[k] -= mean[k];
        return values;
    }

    // [width][rows]: the centred rows along each direction.
    private static double[][] Scores(int rows, RowReader read, float[] mean, float[][] directions, CancellationToken cancel)
    {
        var scores = new double[directions.Length][];
        for (var j = 0; j < scores.Length; j++) scores[j] = new double[rows];
        Parallel.For(0, (rows + RowBlock - 1) / RowBlock, new ParallelOptions { CancellationToken = cancel }, block =>
        {
            var first = block * RowBlock;
            float[][] centred = [.. Enumerable.Range(first, Math.Min(RowBlock, rows - first)).Select(i => Centred(read, i, mean))];
            for (var j = 0; j < directions.Length; j++)
            {
                for (var i = 0; i < centred.Length; i++) scores[j][first + i] = Dot(centred[i], directions[j]);
            }
        });
        return scores;
    }

    // [width][dimensions]: the transposed product.
    private static float[][] Directions(int rows, RowReader read, float[] mean, double[][] scores, CancellationToken cancel)
    {
        var directions = new float[scores.Length][];
        for (var j = 0; j < scores.Length; j++) directions[j] = new float[mean.Length];
        Parallel.For(0, (mean.Length + DimensionBlock - 1) / DimensionBlock, new ParallelOptions { CancellationToken = cancel }, block =>
        {
            var first = block * DimensionBlock;
            var values = new float[Math.Min(DimensionBlock, mean.Length - first)];
            for (var i = 0; i < rows; i++)
            {
                read(i, first, values);
                for (var k = 0; k < values.Length; k++) values[k] -= mean[first + k];
                for (var j = 0; j < scores.Length; j++) AddScaled(directions[j].AsSpan(first, values.Length), values, (float)scores[j][i]);
            }
        });
        return directions;
    }

    private static void Orthonormalise<T>(T[][] columns) where T : struct, IFloatingPointIeee754<T>
    {
        for (var j = 0; j < columns.Length; j++)
        {
            var before = double.CreateChecked(Norm(columns[j]));
            for (var pass = 0; pass < 2; pass++) // twice is enough (Kahan)
            {
                for (var m = 0; m < j; m++)
                {
                    double product = 0;
                    for (var k = 0; k < columns[j].Length; k++) product += double.CreateChecked(columns[j][k]) * double.CreateChecked(columns[m][k]);
                    var along = T.CreateChecked(product);
                    for (var k = 0; k < columns[j].Length; k++) columns[j][k] -= along * columns[m][k];
                }
            }
            var norm = double.CreateChecked(Norm(columns[j]));
            // Linearly dependent on the columns before: what is left is rounding, and nothing of it is wanted.
            var scale = norm > 1e-6 * before && norm > 0 ? T.CreateChecked(1 / norm) : T.Zero;
            for (var k = 0; k < columns[j].Length; k++) columns[j][k] *= scale;
        }
    }

    private static double Norm<T>(T[] column) where T : struct, IFloatingPointIeee754<T>
    {
        double sum = 0;
        foreach (var v in column) sum += double.CreateChecked(v) * double.CreateChecked(v);
        return Math.Sqrt(sum);
    }

    private static double[,] Products(double[][] columns)
    {
        var products = new double[columns.Length, columns.Length];
        for (var i = 0; i < columns.Length; i++)
        {
            for (var j = 0; j <= i; j++)
            {
                double sum = 0;
                for (var k = 0; k < columns[i].Length; k++) sum += columns[i][k] * columns[j][k];
                products[i, j] = products[j, i] = sum;
            }
        }
        return products;
    }

    // Fixed lanes, whatever the processor: eight partial sums, so that the bits do not depend on the width of its registers.
    private static double Dot(float[] a, float[] b)
    {
        var sum = Vector256<float>.Zero;
        var k = 0;
        for (; k + 8 <= a.Length; k += 8) sum += Vector256.LoadUnsafe(ref a[k]) * Vector256.LoadUnsafe(ref b[k]);
        double total = 0;
        for (var lane = 0; lane < 8; lane++) total += sum[lane];
        for (; k < a.Length; k++) total += a[k] * b[k];
        return total;
    }

    private static void AddScaled(Span<float> sum, ReadOnlySpan<float> row, float scale)
    {
        var factor = Vector256.Create(scale);
        var k = 0;
        for (; k + 8 <= sum.Length; k += 8) (Vector256.Create<float>(sum[k..]) + Vector256.Create(row[k..]) * factor).CopyTo(sum[k..]);
        for (; k < sum.Length; k++) sum[k] += row[k] * scale;
    }
}
