using Fovea.Calibration;
using Fovea.Models;
using Fovea.Training.Metrics;
using Fovea.Training.Training;

namespace Fovea.Training.Calibration;

public enum CalibrationMethod
{
    /// <summary>Temperature where the head has logits that it divides, isotonic for a regression.</summary>
    Automatic,
    None,

    /// <summary>One number by which logits are divided (Guo et al. 2017): keeps the order of images, needs few of them.</summary>
    Temperature,

    /// <summary>Rising functions of the probabilities: follows any shape, and needs some hundred images.</summary>
    Isotonic,
}

/// <summary>What is fitted.</summary>
public sealed record CalibrationOptions
{
    public CalibrationMethod Method { get; init; } = CalibrationMethod.Automatic;

    /// <summary>Of the sets of grades, in (0, 1); null for none.</summary>
    public double? Coverage { get; init; } = 0.9;

    /// <summary>Whether a regression's thresholds are moved to the best quadratic weighted kappa; it changes grades.</summary>
    public bool Thresholds { get; init; }
}

/// <summary>Fits how a model's logits are read, on images that it was not trained on and that no score will be reported for.</summary>
public static class ModelCalibration
{
    private const double LeastTemperature = 0.02, MostTemperature = 50;

    /// <param name="head">What put out the logits.</param>
    /// <param name="decoding">As it is now; its referral and head weights stay.</param>
    /// <param name="logits">Row-major, one row an image.</param>
    /// <param name="truth">True classes.</param>
    /// <param name="ordered">The classes are grades.</param>
    /// <exception cref="ArgumentException">No image, or a temperature is asked of a regression, or thresholds of another head.</exception>
    public static DecodingSpec Fit(HeadSpec head, DecodingSpec decoding, ReadOnlySpan<float> logits, ReadOnlySpan<int> truth, bool ordered, CalibrationOptions options)
    {
        if (truth.IsEmpty) throw new ArgumentException("no image to calibrate on");
        var divides = head.Kind is HeadKind.Softmax or HeadKind.Ordinal or HeadKind.Corn;
        var method = options.Method == CalibrationMethod.Automatic ? divides ? CalibrationMethod.Temperature : CalibrationMethod.Isotonic : options.Method;
        if (method == CalibrationMethod.Temperature && !divides) throw new ArgumentException("a regression has no temperature; use isotonic");
        var raw = logits.ToArray();
        decoding = decoding with { Conformal = null };
        if (method != CalibrationMethod.None) decoding = decoding with { Temperature = 1, Isotonic = null };
        if (options.Thresholds)
        {
            if (divides) throw new ArgumentException("only a regression has thresholds");
            var decoder = new GradeDecoder(head, decoding);
            double[] values = [.. Enumerable.Range(0, truth.Length).Select(i => decoder.Value(raw.AsSpan(i * head.Outputs, head.Outputs)))];
            decoding = decoding with { Thresholds = DecodingFitter.Thresholds(values, truth.ToArray(), head.Classes) };
        }
        if (method == CalibrationMethod.Temperature) decoding = decoding with { Temperature = Temperature(head, decoding, raw, truth.ToArray()) };
        if (method == CalibrationMethod.Isotonic) decoding = decoding with { Isotonic = Isotonic(Probabilities(head, decoding, raw), truth.ToArray(), ordered) };
        if (options.Coverage is { } coverage) decoding = decoding with { Conformal = Conformal(Probabilities(head, decoding, raw), truth.ToArray(), coverage, ordered) };
        return decoding;
    }

    /// <summary>The temperature with the least mean −ln p(true class): convex in 1/T for a softmax, so the golden section finds the least.</summary>
    internal static double Temperature(HeadSpec head, DecodingSpec decoding, float[] logits, int[] truth)
    {
        double Loss(double logT)
        {
            var loss = 0.0;
            var p = Probabilities(head, decoding with { Temperature = Math.Exp(logT) }, logits);
            for (var i = 0; i < truth.Length; i++) loss -= Math.Log(Math.Max(p[i][truth[i]], 1e-300));
            return loss;
        }
        var golden = (Math.Sqrt(5) - 1) / 2;
        var (low, high) = (Math.Log(LeastTemperature), Math.Log(MostTemperature));
        var (a, b) = (high - golden * (high - low), low + golden * (high - low));
        var (lossA, lossB) = (Loss(a), Loss(b));
        while (high - low > 1e-7)
        {
            if (lossA <= lossB)
            {
                (high, b, lossB) = (b, a, lossA);
                lossA = Loss(a = high - golden * (high - low));
            }
            else
            {
                (low, a, lossA) = (a, b, lossB);
                lossB = Loss(b = low + golden * (high - low));
            }
        }
        return Math.Exp((low + high) / 2);
    }

    internal static IsotonicSpec Isotonic(IReadOnlyList<double>[] p, int[] truth, bool ordered)
    {
        var classes = p[0].Count;
        var maps = Enumerable.Range(ordered ? 1 : 0, ordered ? classes - 1 : classes).Select(k => IsotonicFit.Fit(
            Array.ConvertAll(p, row => ordered ? Tail(row, k) : row[k]), Array.ConvertAll(truth, t => ordered ? t >= k : t == k)));
        return new IsotonicSpec(ordered, [.. maps]);
    }

    /// <summary>As <see cref="IsotonicSpec.Apply"/> sums it, from the highest grade down: the same bits.</summary>
    private static double Tail(IReadOnlyList<double> p, int k)
    {
        var tail = 0.0;
        for (var j = p.Count - 1; j >= k; j--) tail += p[j];
        return tail;
    }

    /// <summary>
    /// The limit that the mass of ⌈(n + 1) · coverage⌉ of the n images stays within: then a further image's true grade is in its set with at least that probability (Vovk et al. 2005).
    /// </summary>
    internal static ConformalSpec Conformal(IReadOnlyList<double>[] p, int[] truth, double coverage, bool contiguous)
    {
        var masses = p.Select((row, i) => ConformalSpec.MassAt(row, truth[i], contiguous)).Order().ToArray();
        var rank = (int)Math.Ceiling((masses.Length + 1) * coverage - 1e-9);
        return new ConformalSpec(coverage, rank > masses.Length ? 1 : masses[rank - 1], contiguous);
    }

    private static IReadOnlyList<double>[] Probabilities(HeadSpec head, DecodingSpec decoding, float[] logits) =>
        Array.ConvertAll(new GradeDecoder(head, decoding).Decode(logits), d => d.Probabilities);

    /// <summary>Scores of a decoding that calibration is about.</summary>
    /// <param name="grades">Where something else than the decoding gives the grades: an ensemble's rule.</param>
    public static IReadOnlyDictionary<string, double> Scores(HeadSpec head, DecodingSpec decoding, ReadOnlySpan<float> logits, ReadOnlySpan<int> truth, IReadOnlyList<int>? grades = null)
    {
        var decoded = new GradeDecoder(head, decoding).Decode(logits);
        int[] t = truth.ToArray();
        var predictions = new Predictions(head.Classes, [.. t.Select((_, i) => $"{i}")], t, [.. grades ?? Array.ConvertAll(decoded, d => d.Grade)], Array.ConvertAll(decoded, d => d.Probabilities.ToArray()));
        var report = MetricsReport.Compute(predictions, new MetricsOptions { Resamples = 0 });
        var scores = new Dictionary<string, double>();
        void Add(string name, double? value)
        {
            if (value is { } v) scores[name] = v;
        }
        Add("quadraticWeightedKappa", report.QuadraticWeightedKappa);
        Add("accuracy", report.Accuracy);
        Add("logLoss", report.LogLoss);
        Add("brier", report.Brier);
        Add("expectedCalibrationError", report.ExpectedCalibrationError);
        if (decoding.Conformal is not null)
        {
            scores["coverage"] = decoded.Zip(t).Count(x => x.First.Set!.Contains(x.Second)) / (double)t.Length;
            scores["setSize"] = decoded.Average(d => d.Set!.Count);
        }
        return scores;
    }
}
