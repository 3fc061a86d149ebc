using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Calibration;

/// <summary>One image's grade as decoded from its logits.</summary>
/// <param name="Grade">0 … classes−1.</param>
/// <param name="Probabilities">One a grade; they sum to 1.</param>
/// <param name="Score">The expected grade, Σ k·p(k): finer than the grade, and what rankings (AUC) use.</param>
/// <param name="Referable">Whether the grade reaches <see cref="DecodingSpec.ReferableFrom"/>.</param>
public sealed record GradePrediction(int Grade, IReadOnlyList<double> Probabilities, double Score, bool Referable)
{
    /// <summary>P(grade ≥ <paramref name="grade"/>).</summary>
    public double ProbabilityFrom(int grade) => Probabilities.Skip(grade).Sum();

    /// <summary>Grades of which one is the true one with the probability that the model file's <see cref="ConformalSpec"/> promises, rising; null where it has none.</summary>
    public IReadOnlyList<int>? Set { get; init; }
}

/// <summary>Reads grades and probabilities out of logits, by the head's kind.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>Softmax: p = softmax(z / T); the grade is the most probable one.</item>
/// <item>Ordinal: q(k) = sigmoid(z(k) / T) = P(grade &gt; k). Where the network contradicts itself (q rises with k) a high grade wins: q(k) becomes the maximum of
/// q(k), q(k+1), … The grade is the number of q at or above 0.5 and p(k) = q(k−1) − q(k). Without any bit the grade is 0.</item>
/// <item>CORN: P(grade &gt; k) is the product of sigmoid(z(0) / T) … sigmoid(z(k) / T); from there on as ordinal.</item>
/// <item>Three heads: the number that <see cref="DecodingSpec.HeadWeights"/> makes of the three is read as a regression's.</item>
/// <item>Regression: the grade is the number of thresholds at or below the value. For probabilities the value is first mapped piecewise linearly so that
/// threshold k lies at k + 0.5, clamped to 0 … K−1, and then shared between the two neighbouring grades in proportion to its nearness (2.25 → 75 % grade 2, 25 % grade 3),
/// so that the most probable grade is the grade. It is a conversion, not a measured probability.</item>
/// </list>
/// <see cref="DecodingSpec.Isotonic"/> then moves the probabilities, and the grade stays.
/// Ties go to the higher grade everywhere: under-grading is the harmful error.
/// </remarks>
public sealed class GradeDecoder
{
    private readonly double[] _thresholds;

    /// <exception cref="ArgumentException">Head and decoding do not fit together.</exception>
    public GradeDecoder(HeadSpec head, DecodingSpec? decoding = null)
    {
        ArgumentNullException.ThrowIfNull(head);
        decoding ??= new DecodingSpec { ReferableFrom = Math.Min(2, head.Classes - 1) };
        if ((head.Problem() ?? decoding.Problem(head.Classes)) is { } problem) throw new ArgumentException(problem);
        (Head, Decoding) = (head, decoding);
        _thresholds = decoding.Thresholds is { } given ? [.. given] : [.. Enumerable.Range(0, head.Classes - 1).Select(k => k + 0.5)];
    }

    public HeadSpec Head { get; }

    public DecodingSpec Decoding { get; }

    /// <param name="logits">Shape [N, outputs], any floating-point type.</param>
    /// <returns>One prediction an image.</returns>
    public GradePrediction[] Decode(Tensor logits)
    {
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        return Decode(logits.To(ScalarType.Float32).ToArray<float>());
    }

    /// <param name="logits">N × outputs numbers, row-major.</param>
    /// <exception cref="ArgumentException">Not a whole number of rows.</exception>
    /// <exception cref="NotFiniteNumberException">A logit is NaN or infinite.</exception>
    public GradePrediction[] Decode(ReadOnlySpan<float> logits)
    {
        var outputs = Head.Outputs;
        if (logits.Length % outputs != 0) throw new ArgumentException($"{logits.Length} logits are not rows of {outputs}", nameof(logits));
        var predictions = new GradePrediction[logits.Length / outputs];
        for (var i = 0; i < predictions.Length; i++) predictions[i] = DecodeOne(logits.Slice(i * outputs, outputs));
        return predictions;
    }

    private GradePrediction DecodeOne(ReadOnlySpan<float> z)
    {
        foreach (var value in z)
            if (!float.IsFinite(value)) throw new NotFiniteNumberException("the network put out a logit that is not a number");
        var (grade, p) = Head.Kind switch
        {
            HeadKind.Softmax => Softmax(z),
            HeadKind.Ordinal => Ordinal(Head.AlwaysOnBit ? z[1..] : z),
            HeadKind.Corn => Corn(z),
            HeadKind.ThreeHeads => Regression(Combined(z)),
            _ => Regression(z[0]),
        };
        if (Decoding.Isotonic is { } isotonic) p = isotonic.Apply(p);
        var score = 0.0;
        for (var k = 0; k < p.Length; k++) score += k * p[k];
        return new GradePrediction(grade, p, score, grade >= Decoding.ReferableFrom) { Set = Decoding.Conformal?.SetOf(p) };
    }

    private (int, double[]) Softmax(ReadOnlySpan<float> z)
    {
        var max = double.NegativeInfinity;
        foreach (var value in z) max = Math.Max(max, value);
        var p = new double[z.Length];
        var (sum, grade) = (0.0, 0);
        for (var k = 0; k < p.Length; k++)
        {
            sum += p[k] = Math.Exp((z[k] - max) / Decoding.Temperature);
            if (z[k] >= z[grade]) grade = k;
        }
        for (var k = 0; k < p.Length; k++) p[k] /= sum;
        return (grade, p);
    }

    private (int, double[]) Corn(ReadOnlySpan<float> z)
    {
        var p = new double[Head.Classes];
        var (grade, above) = (0, 1.0);
        for (var k = 0; k < z.Length; k++)
        {
            // above is P(grade > k−1), then P(grade > k)
            var q = above * Sigmoid(z[k]);
            p[k] = above - q;
            above = q;
            if (q >= 0.5) grade = k + 1;
        }
        p[^1] = above;
        return (grade, p);
    }

    /// <summary>One number of the three heads' logits: regression, K classes, ordinal bits.</summary>
    private double Combined(ReadOnlySpan<float> z)
    {
        IReadOnlyList<double> weights = Decoding.HeadWeights ?? [1.0 / 3, 1.0 / 3, 1.0 / 3, 0];
        var (regression, best, sum) = ThreeValues(z);
        return weights[0] * regression + weights[1] * best + weights[2] * sum + weights[3];
    }

    /// <summary>What three heads say, each as a grade: the regression, the most probable class, the sum of the ordinal probabilities.</summary>
    /// <param name="z">One image's logits.</param>
    public (double Regression, double Class, double OrdinalSum) ThreeValues(ReadOnlySpan<float> z)
    {
        var sum = 0.0;
        foreach (var bit in z[(1 + Head.Classes + (Head.AlwaysOnBit ? 1 : 0))..]) sum += Sigmoid(bit);
        return (z[0], Softmax(z.Slice(1, Head.Classes)).Item1, sum);
    }

    /// <summary>The number that thresholds are compared with, of a regression or three heads.</summary>
    /// <param name="z">One image's logits.</param>
    public double Value(ReadOnlySpan<float> z) => Head.Kind switch
    {
        HeadKind.Regression => z[0],
        HeadKind.ThreeHeads => Combined(z),
        _ => throw new InvalidOperationException($"a {Head.Kind} head has no thresholds"),
    };

    private double Sigmoid(double z) => 1 / (1 + Math.Exp(-z / Decoding.Temperature));

    private (int, double[]) Ordinal(ReadOnlySpan<float> z)
    {
        var p = new double[Head.Classes];
        var (grade, above) = (0, 0.0);
        for (var k = z.Length - 1; k >= 0; k--)
        {
            // above is P(grade > k+1), already monotone
            var q = Math.Max(above, Sigmoid(z[k]));
            p[k + 1] = q - above;
            above = q;
            if (q >= 0.5) grade = Math.Max(grade, k + 1);
        }
        p[0] = 1 - above;
        return (grade, p);
    }

    private (int, double[]) Regression(double value)
    {
        var grade = 0;
        while (grade < _thresholds.Length && value >= _thresholds[grade]) grade++;
        // grade is the interval of the value: (t(grade−1), t(grade)] ↦ (grade−0.5, grade+0.5]
        var position = grade == 0 ? value - _thresholds[0] + 0.5
            : grade == _thresholds.Length ? value - _thresholds[^1] + _thresholds.Length - 0.5
            : grade - 0.5 + (value - _thresholds[grade - 1]) / (_thresholds[grade] - _thresholds[grade - 1]);
        position = Math.Clamp(position, 0, Head.Classes - 1);
        var p = new double[Head.Classes];
        var below = Math.Min((int)position, Head.Classes - 2);
        p[below + 1] = position - below;
        p[below] = 1 - p[below + 1];
        return (grade, p);
    }
}
