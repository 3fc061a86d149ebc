using Fovea.Calibration;

namespace Fovea.Training.Ensembles;

/// <summary>How an ensemble's rule is got.</summary>
public enum EnsembleMethod
{
    Vote,
    Mean,
    TrimmedMean,

    /// <summary>The weights of a mean that make the truth most probable.</summary>
    Weights,

    /// <summary>Ridge regression of the grade on the members' expected grades.</summary>
    Ridge,

    /// <summary>Least squares: the multi-task replication's linear combiner, where the members are the heads of one network.</summary>
    Linear,
}

/// <summary>Finds an ensemble's weights on images whose truth is known.</summary>
public static class EnsembleFit
{
    public static bool IsFitted(EnsembleMethod method) => Unfitted(method, new EnsembleSpec()) is null;

    /// <summary>The rule of a method that fits nothing; null for those that do.</summary>
    public static EnsembleSpec? Unfitted(EnsembleMethod method, EnsembleSpec rule) => method switch
    {
        EnsembleMethod.Vote => rule with { Kind = EnsembleKind.Vote },
        EnsembleMethod.Mean => rule with { Kind = EnsembleKind.Mean },
        EnsembleMethod.TrimmedMean => rule with { Kind = EnsembleKind.TrimmedMean },
        _ => null,
    };

    /// <param name="images">Those to fit on.</param>
    /// <param name="ridge">λ of the ridge regression, on Σ(error²) + λ·Σ(weight²); the intercept is free.</param>
    public static EnsembleSpec Fit(EnsembleMethod method, EnsembleSpec rule, EnsembleTable table, IReadOnlyList<int> images, double ridge) => Unfitted(method, rule) ?? method switch
    {
        EnsembleMethod.Weights => rule with { Kind = EnsembleKind.WeightedMean, Weights = MixtureWeights(table, images) },
        _ => LeastSquares(rule, table, images, method == EnsembleMethod.Linear ? 0 : ridge),
    };

    /// <summary>Expectation-maximisation of a mixture of fixed distributions: the likelihood is concave in the weights, so that every start ends in the same place.</summary>
    private static double[] MixtureWeights(EnsembleTable table, IReadOnlyList<int> images)
    {
        var members = table.Members;
        var p = images.Select(i => Enumerable.Range(0, members).Select(m => Math.Max(1e-9, table.Of(i)[m].Probabilities[table.First.Truth[i]])).ToArray()).ToArray();
        var weights = Enumerable.Repeat(1.0 / members, members).ToArray();
        for (var round = 0; round < 10_000; round++)
        {
            var next = new double[members];
            foreach (var row in p)
            {
                var sum = 0.0;
                for (var m = 0; m < members; m++) sum += weights[m] * row[m];
                for (var m = 0; m < members; m++) next[m] += weights[m] * row[m] / sum / p.Length;
            }
            var change = next.Zip(weights, (a, b) => Math.Abs(a - b)).Max();
            weights = next;
            if (change < 1e-9) break;
        }
        var total = weights.Sum();
        return Array.ConvertAll(weights, w => w / total);
    }

    private static EnsembleSpec LeastSquares(EnsembleSpec rule, EnsembleTable table, IReadOnlyList<int> images, double ridge)
    {
        var members = table.Members;
        var mean = Enumerable.Range(0, members).Select(m => images.Average(i => table.Of(i)[m].Score)).ToArray();
        var target = images.Average(i => (double)table.First.Truth[i]);
        // (XᵀX + λ)·w = Xᵀy of centred columns
        var a = new double[members, members + 1];
        foreach (var i in images)
            for (var r = 0; r < members; r++)
            {
                var x = table.Of(i)[r].Score - mean[r];
                for (var c = 0; c < members; c++) a[r, c] += x * (table.Of(i)[c].Score - mean[c]);
                a[r, members] += x * (table.First.Truth[i] - target);
            }
        var trace = Enumerable.Range(0, members).Sum(m => a[m, m]);
        // Members that say the same leave no one answer; a hair of ridge takes the shares alike.
        for (var m = 0; m < members; m++) a[m, m] += ridge > 0 ? ridge : 1e-9 * Math.Max(trace, 1e-9);
        var weights = Solve(a, members);
        return rule with { Kind = EnsembleKind.Linear, Weights = weights, Intercept = target - weights.Select((w, m) => w * mean[m]).Sum() };
    }

    /// <summary>Gauss's elimination with pivots; the matrix is positive definite.</summary>
    private static double[] Solve(double[,] a, int n)
    {
        for (var k = 0; k < n; k++)
        {
            var pivot = Enumerable.Range(k, n - k).MaxBy(r => Math.Abs(a[r, k]));
            for (var c = 0; c <= n; c++) (a[k, c], a[pivot, c]) = (a[pivot, c], a[k, c]);
            for (var r = k + 1; r < n; r++)
            {
                var factor = a[r, k] / a[k, k];
                for (var c = k; c <= n; c++) a[r, c] -= factor * a[k, c];
            }
        }
        var x = new double[n];
        for (var r = n - 1; r >= 0; r--)
        {
            x[r] = a[r, n];
            for (var c = r + 1; c < n; c++) x[r] -= a[r, c] * x[c];
            x[r] /= a[r, r];
        }
        return x;
    }
}
