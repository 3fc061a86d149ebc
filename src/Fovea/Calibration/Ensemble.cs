using Fovea.Models;

namespace Fovea.Calibration;

/// <summary>Makes one prediction of several. Ties go to the higher grade: a disease that is missed is the harmful error.</summary>
public sealed class Ensemble
{
    private readonly EnsembleSpec _spec;
    private readonly int _members, _classes;
    private readonly DecodingSpec _decoding;
    private readonly GradeDecoder _linear;

    /// <param name="decoding">Says what is referable; default: from grade 2.</param>
    /// <exception cref="ArgumentException">The rule is impossible for so many members.</exception>
    public Ensemble(EnsembleSpec spec, int members, int classes, DecodingSpec? decoding = null)
    {
        if (spec.Problem(members) is { } problem) throw new ArgumentException(problem, nameof(spec));
        (_spec, _members, _classes) = (spec, members, classes);
        _decoding = new DecodingSpec { ReferableFrom = decoding?.ReferableFrom ?? Math.Min(2, classes - 1) };
        _linear = new GradeDecoder(new HeadSpec(HeadKind.Regression, classes), _decoding);
    }

    /// <param name="opinions">One a member, in their order, of one image.</param>
    public GradePrediction Combine(IReadOnlyList<GradePrediction> opinions)
    {
        if (opinions.Count != _members) throw new ArgumentException($"{opinions.Count} opinions of {_members} members", nameof(opinions));
        return _spec.Kind switch
        {
            EnsembleKind.Vote => Read(Votes(opinions), EnsembleReading.MostProbable),
            EnsembleKind.Linear => _linear.Decode([(float)Value(opinions)])[0],
            _ => Read(Average(opinions), _spec.Reading),
        };
    }

    private double[] Votes(IReadOnlyList<GradePrediction> opinions)
    {
        var shares = new double[_classes];
        foreach (var opinion in opinions) shares[opinion.Grade] += 1;
        return Array.ConvertAll(shares, s => s / _members);
    }

    /// <summary>What a linear rule makes of the members' expected grades.</summary>
    internal double Value(IReadOnlyList<GradePrediction> opinions)
    {
        var value = _spec.Intercept;
        for (var m = 0; m < _members; m++) value += _spec.Weights![m] * opinions[m].Score;
        return value;
    }

    private double[] Average(IReadOnlyList<GradePrediction> opinions)
    {
        var cut = _spec.Kind == EnsembleKind.TrimmedMean ? (int)(_spec.Trim * _members) : 0;
        var p = new double[_classes];
        for (var k = 0; k < _classes; k++)
        {
            if (_spec.Kind == EnsembleKind.WeightedMean)
            {
                for (var m = 0; m < _members; m++) p[k] += _spec.Weights![m] * opinions[m].Probabilities[k];
                continue;
            }
            var values = opinions.Select(o => o.Probabilities[k]).ToArray();
            if (cut > 0) Array.Sort(values);
            p[k] = values.AsSpan(cut, _members - 2 * cut).ToArray().Average();
        }
        var sum = p.Sum();
        // Every class was somebody's lowest or highest: there is nothing but the plain mean.
        return sum > 0 ? Array.ConvertAll(p, value => value / sum) : [.. Enumerable.Range(0, _classes).Select(k => opinions.Average(o => o.Probabilities[k]))];
    }

    private GradePrediction Read(double[] p, EnsembleReading reading)
    {
        var (score, grade) = (0.0, 0);
        for (var k = 0; k < p.Length; k++)
        {
            score += k * p[k];
            // Sums of the same shares in another order differ in their last bit; that is a tie.
            if (p[k] >= p[grade] - 1e-12) grade = k;
        }
        if (reading == EnsembleReading.Expected) grade = Math.Clamp((int)Math.Floor(score + 0.5 + 1e-12), 0, _classes - 1);
        return new GradePrediction(grade, p, score, grade >= _decoding.ReferableFrom);
    }
}
