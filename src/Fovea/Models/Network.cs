using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Models;

/// <summary>What a network gives for a batch.</summary>
/// <param name="Logits">Shape [N, outputs], before any softmax or sigmoid.</param>
/// <param name="Stages">Feature maps [N, C, H, W] by name, shallow to deep; the last is Grad-CAM's default layer. Empty unless they were asked for.</param>
public sealed record NetworkOutput(Tensor Logits, IReadOnlyList<(string Name, Tensor Value)> Stages);

/// <summary>
/// An image classifier: a backbone of named stages and a head. The paths of its parameters are the keys of the reference checkpoint.
/// One instance may serve concurrent requests: nothing of a call is kept in it.
/// </summary>
public abstract class Network : Module
{
    /// <summary>Names of the stages that <see cref="Call"/> can give, shallow to deep.</summary>
    public abstract IReadOnlyList<string> StageNames { get; }

    /// <summary>Path of the layer that makes the logits, whose size depends on the task: what a fine-tuning replaces.</summary>
    public abstract string HeadPath { get; }

    /// <summary>Parameters of the layer that makes the logits.</summary>
    public IEnumerable<(string Path, Tensor Tensor)> HeadParameters() => NamedParameters().Where(p => IsHead(p.Path));

    /// <summary>All other parameters: what a warm-up of the head leaves frozen.</summary>
    public IEnumerable<(string Path, Tensor Tensor)> BackboneParameters() => NamedParameters().Where(p => !IsHead(p.Path));

    /// <summary>Whether a parameter's path lies in the head.</summary>
    public bool IsHead(string path) => path.StartsWith(HeadPath + ".", StringComparison.Ordinal);

    /// <summary>Runs the network in a scope of its own, out of which only the logits, and the stages when asked for, come.</summary>
    /// <param name="x">Shape [N, C, H, W], float32, normalised as the network was trained.</param>
    /// <param name="withStages">Also give the feature maps; they then live as long as the scope around the call.</param>
    public NetworkOutput Call(Tensor x, Phase phase, bool withStages = false)
    {
        using var scope = new TensorScope();
        var stages = new StageRecorder(withStages);
        var logits = scope.Keep(Forward(x, phase, stages));
        foreach (var (_, value) in stages.Recorded) scope.Keep(value);
        return new NetworkOutput(logits, stages.Recorded);
    }

    /// <summary>The computation: marks each stage of <see cref="StageNames"/> in order and returns the logits.</summary>
    protected abstract Tensor Forward(Tensor x, Phase phase, StageRecorder stages);

    /// <summary>Collects the stages of one forward pass, if anybody wants them.</summary>
    protected sealed class StageRecorder(bool wanted)
    {
        private readonly List<(string Name, Tensor Value)> _recorded = [];

        internal IReadOnlyList<(string Name, Tensor Value)> Recorded => _recorded;

        /// <summary>Marks a stage's result and hands it on.</summary>
        public Tensor Mark(string name, Tensor value)
        {
            if (wanted) _recorded.Add((name, value));
            return value;
        }
    }
}
