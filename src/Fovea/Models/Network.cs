using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>What a network gives for a batch.</summary>
/// <param name="Logits">Shape [N, outputs], before any softmax or sigmoid.</param>
/// <param name="Stages">Feature maps [N, C, H, W] by name, shallow to deep; the last is Grad-CAM's default layer. Empty unless they were asked for.</param>
public sealed record NetworkOutput(Tensor Logits, IReadOnlyList<(string Name, Tensor Value)> Stages)
{
    /// <summary>Logits [N, outputs] of an auxiliary classifier half-way (Inception's), while training only; its loss counts <see cref="Network.AuxiliaryWeight"/>.</summary>
    public Tensor? Auxiliary { get; init; }
}

/// <summary>
/// An image classifier: a backbone of named stages and a head. The paths of its parameters are the keys of the reference checkpoint.
/// One instance may serve concurrent requests: nothing of a call is kept in it.
/// </summary>
public abstract class Network : Module
{
    /// <summary>Weight of an auxiliary classifier's loss. Szegedy et al. 2015 (arXiv 1512.00567) leave it open; 0.4 is PyTorch's.</summary>
    public const double AuxiliaryWeight = 0.4;

    private const string OwnHead = "head";
    private Layer? _head;
    private IReadOnlyList<string> _outputLayers = [], _replaced = [];

    /// <summary>Names of the stages that <see cref="Call(Tensor, Phase, bool)"/> can give, shallow to deep.</summary>
    public abstract IReadOnlyList<string> StageNames { get; }

    /// <summary>
    /// Path of the layers whose size depends on the task: what a fine-tuning replaces. The published classifier's last layer, or a whole head where another took its place. Empty without a head.
    /// </summary>
    public string HeadPath => _outputLayers.Count > 0 ? _outputLayers[0] : "";

    /// <summary>The catalogue's name; in messages.</summary>
    public string Name { get; internal set; } = "network";

    /// <summary>Smallest side of the input in pixels.</summary>
    public int MinimumInput { get; internal set; } = 1;

    /// <summary>The only input size that a network with dense layers over a flattened map takes; null for any from <see cref="MinimumInput"/>.</summary>
    public Extent? FixedInput { get; protected init; }

    /// <summary>Parameters of the layers at <see cref="HeadPath"/>.</summary>
    public IEnumerable<(string Path, Tensor Tensor)> HeadParameters() => NamedParameters().Where(p => IsHead(p.Path));

    /// <summary>All other parameters: what a warm-up of the head leaves frozen.</summary>
    public IEnumerable<(string Path, Tensor Tensor)> BackboneParameters() => NamedParameters().Where(p => !IsHead(p.Path));

    /// <summary>Whether a parameter's path lies in the head.</summary>
    public bool IsHead(string path) => LiesIn(path, _outputLayers);

    /// <summary>Whether a checkpoint's path belongs to the published classifier, whose place another head has taken.</summary>
    internal bool IsReplaced(string path) => LiesIn(path, _replaced);

    /// <summary>Runs the network in a scope of its own, out of which only the logits, and the stages when asked for, come.</summary>
    /// <param name="x">Shape [N, C, H, W], float32, normalised as the network was trained.</param>
    /// <param name="withStages">Also give the feature maps; they then live as long as the scope around the call.</param>
    /// <exception cref="ArgumentException">H or W is not a size that this network takes.</exception>
    public NetworkOutput Call(Tensor x, Phase phase, bool withStages = false) => Call(x, phase, withStages, null);

    /// <summary>
    /// Infers with the graph cut at one stage: the logits can be derived by that stage, and of a network whose parameters do not record nothing before it is recorded,
    /// so that a derivative costs the way back from the logits to the stage and no more.
    /// </summary>
    /// <param name="x">Shape [N, C, H, W], float32, normalised as the network was trained.</param>
    /// <param name="stage">One of <see cref="StageNames"/>.</param>
    /// <returns>The logits, and as the only stage the one that was asked for, a leaf of the graph; both live as long as the scope around the call.</returns>
    /// <exception cref="ArgumentException">There is no such stage, or H or W is not a size that this network takes.</exception>
    public NetworkOutput CallCutAt(Tensor x, string stage)
    {
        if (!StageNames.Contains(stage)) throw new ArgumentException($"no layer of this network; {string.Join(", ", StageNames)} are", nameof(stage));
        using var enableGrad = new EnableGrad();
        return Call(x, Phase.Inference, withStages: false, null, stage);
    }

    /// <param name="marked">Is told each stage's name as it ends.</param>
    /// <param name="cut">The stage at which the graph begins; null for the whole.</param>
    internal NetworkOutput Call(Tensor x, Phase phase, bool withStages, Action<string>? marked, string? cut = null)
    {
        CheckInput(x);
        using var scope = new TensorScope();
        var stages = new StageRecorder(withStages, marked, cut);
        var features = Features(x, phase, stages);
        var logits = scope.Keep(_head!.Call(features, phase));
        foreach (var (_, value) in stages.Recorded) scope.Keep(value);
        if (stages.Auxiliary is { } auxiliary) scope.Keep(auxiliary);
        return new NetworkOutput(logits, stages.Recorded) { Auxiliary = stages.Auxiliary };
    }

    /// <summary>Runs the backbone alone.</summary>
    /// <param name="x">As for <see cref="Call(Tensor, Phase, bool)"/>.</param>
    /// <returns>The stages, shallow to deep; they live as long as the scope around the call.</returns>
    public IReadOnlyList<(string Name, Tensor Value)> CallStages(Tensor x, Phase phase)
    {
        CheckInput(x);
        using var scope = new TensorScope();
        var stages = new StageRecorder(wanted: true);
        _ = Features(x, phase, stages);
        foreach (var (_, value) in stages.Recorded) scope.Keep(value);
        return stages.Recorded;
    }

    /// <summary>The backbone: marks each stage of <see cref="StageNames"/> in order and returns the last feature map [N, C, H, W].</summary>
    protected abstract Tensor Features(Tensor x, Phase phase, StageRecorder stages);

    /// <summary>Adds the head: the one that the options describe, or else the published classifier.</summary>
    /// <param name="channels">Channels of the feature map.</param>
    /// <param name="output">Path of the layer that makes the published logits.</param>
    /// <param name="published">
    /// From the feature map to the logits. Its layers are this network's own, added by <see cref="Module.Add"/> under the reference's keys while it is built.
    /// </param>
    /// <param name="classifier">Paths of all that another head replaces; default: the output layer.</param>
    /// <param name="auxiliaryOutput">Path of a second layer whose size depends on the task.</param>
    protected void UseHead(NetworkOptions options, int channels, string output, Func<Layer> published, IReadOnlyList<string>? classifier = null, string? auxiliaryOutput = null)
    {
        if (options.FeaturesOnly)
        {
            _replaced = classifier ?? [output];
            return;
        }
        if (options.Head is { Pooling: not null } spec)
        {
            _head = Add(OwnHead, new GradingHead(spec, channels));
            (_outputLayers, _replaced) = ([OwnHead], classifier ?? [output]);
            return;
        }
        _head = published();
        _outputLayers = auxiliaryOutput is null ? [output] : [output, auxiliaryOutput];
    }

    private static bool LiesIn(string path, IReadOnlyList<string> layers) => layers.Any(layer => path.StartsWith(layer + ".", StringComparison.Ordinal));

    internal void CheckInput(Tensor x)
    {
        if (x.Dimensions != 4) throw new ArgumentException($"{Name}: a batch [N, C, H, W] is needed, not [{string.Join(", ", x.Shape)}]", nameof(x));
        var (height, width) = (x.Size(2), x.Size(3));
        if (FixedInput is { } only && (only.Height != height || only.Width != width))
            throw new ArgumentException($"{Name}: built for images of {only} pixels, not {height}×{width}; its dense layers see every place of the map", nameof(x));
        if (Math.Min(height, width) < MinimumInput)
            throw new ArgumentException($"{Name}: {height}×{width} pixels leave no features; {MinimumInput} or more on each side are needed", nameof(x));
    }

    /// <summary>Global average, dropout, one linear layer: the head that most published networks have.</summary>
    protected sealed class AverageLinear(Linear linear, double dropout) : Layer
    {
        protected override Tensor Forward(Tensor x, Phase phase) =>
            linear.Call(Functional.Dropout(Functional.GlobalAveragePool(x), dropout, phase == Phase.Training), phase);
    }

    /// <summary>Collects the stages of one forward pass, if anybody wants them; otherwise each is let go when the next is there.</summary>
    protected sealed class StageRecorder(bool wanted, Action<string>? marked = null, string? cut = null)
    {
        private readonly List<(string Name, Tensor Value)> _recorded = [];
        private Tensor? _last;

        internal IReadOnlyList<(string Name, Tensor Value)> Recorded => _recorded;

        /// <summary>Logits of an auxiliary classifier.</summary>
        public Tensor? Auxiliary { get; set; }

        /// <summary>Marks a stage's result and hands it on. What was marked before must not be used any more.</summary>
        public Tensor Mark(string name, Tensor value)
        {
            marked?.Invoke(name);
            if (name == cut)
            {
                value = value.Detach();
                value.RequiresGrad = true;
                _recorded.Add((name, value));
                // Of what the graph needs it keeps hold itself.
                _last?.Dispose();
                _last = null;
            }
            else if (wanted) _recorded.Add((name, value));
            else
            {
                if (!ReferenceEquals(_last, value)) _last?.Dispose();
                _last = value;
            }
            return value;
        }
    }
}
