using Fovea.Acquisition;
using Fovea.Calibration;
using Fovea.Explanation;
using Fovea.Preprocessing;

namespace Fovea.Models;

/// <summary>
/// A packed ensemble: each member sees the photograph as it was trained to and decodes with its own calibration, and the rule makes one opinion of theirs. What <c>fovea calibrate</c> fitted for the whole comes after the rule.
/// </summary>
internal sealed class EnsembleModel : GradingModel
{
    /// <summary>Stands for a probability of 0, which has no logarithm.</summary>
    private const double LeastProbability = 1e-12;

    private const string Deepest = "deepest";

    private readonly NetworkModel[] _members;
    private readonly Ensemble _ensemble;
    private readonly GradeDecoder _decoder;
    private readonly PreprocessingSpec[] _views; // each preprocessing once
    private readonly int[] _viewOf;
    private readonly bool _linear, _plain;

    private EnsembleModel(string name, ModelCard card, NetworkModel[] members) : base(name, card)
    {
        _members = members;
        _ensemble = new Ensemble(card.Ensemble!.Rule, members.Length, card.Head.Classes, card.Decoding);
        _decoder = new GradeDecoder(card.Head, card.Decoding);
        _linear = card.Ensemble.Rule.Kind == EnsembleKind.Linear;
        _plain = card.Decoding is { Temperature: 1, Isotonic: null, Conformal: null, Thresholds: null };
        var views = new List<PreprocessingSpec>();
        _viewOf = new int[members.Length];
        for (var i = 0; i < members.Length; i++)
        {
            var spec = members[i].Card.Preprocessing;
            _viewOf[i] = views.FindIndex(v => CardEnsemble.Same(v, spec));
            if (_viewOf[i] >= 0) continue;
            _viewOf[i] = views.Count;
            views.Add(spec);
        }
        _views = [.. views];
        Layers = members.All(m => m.Layers.SequenceEqual(members[0].Layers)) ? members[0].Layers : [Deepest];
    }

    /// <exception cref="ModelFileException">A member's weights do not fit its architecture.</exception>
    internal static EnsembleModel Of(ModelFile file, Func<ModelFile>? again) =>
        new(file.Name, file.Card, Each([.. file.Members.Index()], m => NetworkModel.Of(m.Item, again is null ? null : () => again().Members.ElementAtOrDefault(m.Index) ?? again())));

    /// <summary>Where the members' networks differ in their layers there is only "deepest", the last of each.</summary>
    public override IReadOnlyList<string> Layers { get; }

    public override GradingModel WithFreshWeights(IReadOnlyCollection<string?> stages, ulong seed)
    {
        ArgumentNullException.ThrowIfNull(stages);
        return new EnsembleModel(Name, Card, Each(_members, m => (NetworkModel)m.WithFreshWeights([.. stages.Select(s => s == Deepest && Layers[^1] == Deepest ? m.Layers[^1] : s)], seed++)));
    }

    public override PreparedImage Prepare(FundusImage photograph)
    {
        var first = Preprocessor.Prepare(photograph, _views[0]);
        return _views.Length == 1 ? first : first with { Others = [.. _views.Skip(1).Select(v => Preprocessor.Prepare(photograph, v))] };
    }

    public override IReadOnlyList<ModelReading> Read(IReadOnlyList<PreparedImage> prepared, bool features = true)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        if (prepared.Count == 0) return [];
        IReadOnlyList<ModelReading>[] readings = [.. _members.Select((m, i) => m.Read(Views(prepared, i), features))];
        return [.. prepared.Select((_, n) => Combine([.. readings.Select(r => r[n].Prediction)], [.. readings.SelectMany(r => r[n].Features)]))];
    }

    public override ActivationMap Explain(PreparedImage prepared, int grade, ExplanationOptions options, CancellationToken cancel = default)
    {
        ArgumentNullException.ThrowIfNull(prepared);
        ArgumentNullException.ThrowIfNull(options);
        return MeanMap.Of([.. _members.Select((m, i) => (m.Explain(View(prepared, i), grade, options with
        {
            Layer = LayerOf(options.Layer), References = options.References is { } references ? Views(references, i) : null,
        }, cancel), View(prepared, i)))]);
    }

    public override IReadOnlyList<(GradePrediction Prediction, ActivationMap Map)> PredictAndExplain(IReadOnlyList<PreparedImage> prepared, string? layer = null)
    {
        // What is explained is the ensemble's grade, which is known only when all members have spoken.
        var predictions = Predict(prepared);
        int[] grades = [.. predictions.Select(p => p.Grade)];
        var maps = _members.Select((m, i) => m.PredictAndExplain(Views(prepared, i), grades, LayerOf(layer))).ToArray();
        return [.. predictions.Select((p, n) => (p, MeanMap.Of([.. maps.Select((m, i) => (m[n].Map, View(prepared[n], i)))])))];
    }

    private ModelReading Combine(GradePrediction[] opinions, float[] features)
    {
        if (_linear)
        {
            float[] value = [(float)_ensemble.Value(opinions)];
            return new ModelReading(_decoder.Decode(value)[0], value, features);
        }
        var combined = _ensemble.Combine(opinions);
        float[] logits = [.. combined.Probabilities.Select(p => (float)Math.Log(Math.Max(p, LeastProbability)))];
        // Calibration moves probabilities, and the grade stays the rule's.
        return new ModelReading(_plain ? combined : _decoder.Decode(logits)[0] with { Grade = combined.Grade, Referable = combined.Referable }, logits, features);
    }

    private PreparedImage View(PreparedImage prepared, int member) => _viewOf[member] == 0 ? prepared : prepared.Others[_viewOf[member] - 1];

    private PreparedImage[] Views(IReadOnlyList<PreparedImage> prepared, int member) => [.. prepared.Select(p => View(p, member))];

    private static string? LayerOf(string? layer) => layer == Deepest ? null : layer;

    /// <summary>Makes a model of each; where one cannot be made, the others are given back.</summary>
    private static NetworkModel[] Each<T>(IReadOnlyList<T> sources, Func<T, NetworkModel> make)
    {
        var made = new List<NetworkModel>();
        try
        {
            foreach (var source in sources) made.Add(make(source));
            return [.. made];
        }
        catch
        {
            made.ForEach(m => m.Dispose());
            throw;
        }
    }

    public override void Dispose()
    {
        foreach (var member in _members) member.Dispose();
    }
}
