// The second half of Faster R-CNN: the class of each proposal and how its box should lie. Girshick 2015, arXiv 1504.08083; equals torchvision 0.14's RoIHeads with TwoMLPHead and
// FastRCNNPredictor, the same keys.
//
// Shape shorthand: K proposals of all pictures together, B classes with the background, which is 0.
using Fovea.Torch;
using Fovea.Torch.Modules;

namespace Fovea.Detection;

/// <summary>What becomes of the classes' scores.</summary>
/// <param name="ScoreThreshold">Boxes below or at it are dropped.</param>
/// <param name="NmsThreshold">IoU above which the worse of two boxes of one label is dropped.</param>
/// <param name="Most">The best of each picture.</param>
public sealed record DetectionSettings(double ScoreThreshold = 0.05, double NmsThreshold = 0.5, int Most = 100);

/// <summary>What the network says of proposals.</summary>
/// <param name="Logits">[K, B].</param>
/// <param name="Deltas">[K, B, 4] for <see cref="BoxCoder.Refining"/>; [K, 1, 4] where boxes are the same for all classes.</param>
public sealed record RoIOutput(Tensor Logits, Tensor Deltas);

/// <summary>Pools each proposal's features and passes them through two dense layers.</summary>
public sealed class RoIHeads : Module
{
    /// <summary>Boxes with a shorter side, in pixels, are dropped.</summary>
    private const float LeastSide = 1e-2f;

    private readonly MultiScaleRoIAlign _pool;
    private readonly Linear _fc6, _fc7, _logits, _deltas;

    /// <param name="classes">With the background.</param>
    /// <param name="width">Numbers of the dense layers.</param>
    /// <param name="agnostic">One box for all classes.</param>
    internal RoIHeads(int channels, int classes, int width, bool agnostic, MultiScaleRoIAlign pool, int bins)
    {
        _pool = pool;
        _fc6 = Add("box_head.fc6", new Linear((long)channels * bins * bins, width));
        _fc7 = Add("box_head.fc7", new Linear(width, width));
        _logits = Add("box_predictor.cls_score", new Linear(width, classes));
        _deltas = Add("box_predictor.bbox_pred", new Linear(width, 4 * (agnostic ? 1 : classes)));
    }

    /// <param name="levels">[N, C, H, W] each, large to small.</param>
    /// <param name="proposals">Of each picture, in pixels of the input.</param>
    /// <param name="picture">The largest picture's size without padding.</param>
    public RoIOutput Call(IReadOnlyList<Tensor> levels, IReadOnlyList<IReadOnlyList<Box>> proposals, Extent picture, Phase phase)
    {
        using var scope = new TensorScope();
        var x = _pool.Call(levels, proposals, picture).Flatten(1);
        x = Functional.Relu(Dense(_fc7, Functional.Relu(Dense(_fc6, x))));
        var deltas = _deltas.Call(x, phase);
        return new RoIOutput(scope.Keep(_logits.Call(x, phase)), scope.Keep(deltas.Reshape(deltas.Size(0), deltas.Size(1) / 4, 4)));
    }

    /// <summary>
    /// A dense layer as a 1×1 convolution over the rows: the same sums by oneDNN's kernels. On the CPU libtorch gives matrix products to the system's BLAS, and where that is the reference one, it took 45 % of a training step.
    /// </summary>
    /// <param name="x">[K, D].</param>
    private static Tensor Dense(Linear layer, Tensor x)
    {
        if (x.Device != Device.Cpu || x.Type != ScalarType.Float32 || x.Size(0) == 0) return Functional.Linear(x, layer.Weight, layer.Bias);
        using var scope = new TensorScope();
        var (rows, inputs, outputs) = (x.Size(0), layer.Weight.Size(1), layer.Weight.Size(0));
        var y = Functional.Conv2d(x.Reshape(1, rows, 1, inputs).Permute(0, 3, 1, 2), layer.Weight.Reshape(outputs, inputs, 1, 1), layer.Bias);
        return scope.Keep(y.Permute(0, 2, 3, 1).Reshape(rows, outputs));
    }

    /// <summary>The boxes of each picture, by falling score, in pixels of the input.</summary>
    /// <param name="sizes">Height and width of each picture without padding.</param>
    public static DetectedBox[][] Detections(RoIOutput output, IReadOnlyList<IReadOnlyList<Box>> proposals, IReadOnlyList<Extent> sizes, DetectionSettings settings)
    {
        ArgumentNullException.ThrowIfNull(output);
        ArgumentNullException.ThrowIfNull(settings);
        using var noGrad = new NoGrad();
        using var scope = new TensorScope();
        var classes = (int)output.Logits.Size(1);
        var scores = Functional.Softmax(output.Logits.To(ScalarType.Float32)).To(Device.Cpu).ToArray<float>();
        var codes = output.Deltas.To(ScalarType.Float32).To(Device.Cpu).ToArray<float>();
        var perRow = (int)output.Deltas.Size(1);
        var (result, row) = (new DetectedBox[proposals.Count][], 0);
        for (var image = 0; image < result.Length; image++)
        {
            var found = new List<DetectedBox>();
            foreach (var proposal in proposals[image])
            {
                for (var label = 1; label < classes; label++)
                {
                    var score = scores[row * classes + label];
                    if (!(score > (float)settings.ScoreThreshold)) continue;
                    var code = codes.AsSpan((row * perRow + (perRow == 1 ? 0 : label)) * 4, 4);
                    var box = BoxCoder.Refining.Decode(proposal, code).Clipped(sizes[image].Width, sizes[image].Height);
                    if (box.Width >= LeastSide && box.Height >= LeastSide) found.Add(new DetectedBox(box, label, score));
                }
                row++;
            }
            result[image] = [.. NonMaximumSuppression.Greedy(found, settings.NmsThreshold).Take(settings.Most)];
        }
        return result;
    }
}
