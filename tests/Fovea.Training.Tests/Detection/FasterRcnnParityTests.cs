using Fovea.Detection;
using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Training.Detection;

namespace Fovea.Training.Tests.Detection;

/// <summary>
/// Whole detectors against torchvision 0.14's FasterRCNN with the same weights (oracle/detection.py): proposals, boxes, scores and labels of two pictures of different sizes, and the four losses and
/// gradients of one step.
/// </summary>
public class FasterRcnnParityTests
{
    public static TheoryData<string> Names => [.. DetectorCatalog.Entries.Select(e => e.Name)];

    /// <summary>
    /// Float64 on both sides: no proposal is near enough to a threshold to fall on the other side. Boxes themselves are float32 here, which is good for a ten-thousandth of a pixel.
    /// </summary>
    [Theory]
    [MemberData(nameof(Names))]
    public void Detect_FormulaWeights_EqualsTorchvision(string name)
    {
        SkipByDay(name);
        var expected = DetectionFixtures.Read<DetectionFixtures.NetworkCase>(name);
        using var detector = DetectionFixtures.Detector(name, expected.Classes);
        detector.To(ScalarType.Float64);
        using var scope = new TensorScope();
        using var noGrad = new NoGrad();
        var batch = Batch(ScalarType.Float64);
        var e = expected.Evaluation;
        Assert.Equal(e.Sizes, batch.Sizes.Select(s => new[] { (int)s.Height, (int)s.Width }));
        Assert.Equal(e.Padded, batch.Images.Shape.Select(s => (int)s));

        var features = detector.Features(batch, Phase.Inference);
        Assert.Equal(e.Levels.Count, features.Levels.Count);
        for (var i = 0; i < e.Levels.Count; i++) OperatorParityTests.Near(e.Levels[i], features.Levels[i], 1e-6, $"{name}: level {i}");
        var proposals = RegionProposalNetwork.Proposals(features.Regions, batch.Sizes, DetectionFixtures.Proposals);
        var found = detector.Detect(batch, null, DetectionFixtures.Proposals);
        for (var image = 0; image < 2; image++)
        {
            Assert.Equal(e.Proposals[image].Count, proposals[image].Length);
            for (var i = 0; i < e.Proposals[image].Boxes.Length; i++) Near(e.Proposals[image].Boxes[i], proposals[image][i].Bounds, $"{name}: proposal {i} of picture {image}");
            var wanted = e.Detections[image];
            Assert.Equal(wanted.Labels, found[image].Select(d => d.Label));
            for (var i = 0; i < wanted.Boxes.Length; i++)
            {
                Near(wanted.Boxes[i], found[image][i].Bounds, $"{name}: box {i} of picture {image}");
                Assert.Equal(wanted.Scores[i], found[image][i].Score, 1e-4);
            }
        }
    }

    /// <summary>Float32 in channels-last memory, plain and in the form that serves: all but what stands on a threshold. Boxes to 0.05 pixels, scores to 1e-4.</summary>
    [Theory]
    [InlineData("fasterrcnn_mobilenet_v2_fpn")]
    [InlineData("fasterrcnn_resnet50_fpn")]
    public void Detect_Float32ChannelsLast_FindsTheSame(string name)
    {
        var expected = DetectionFixtures.Read<DetectionFixtures.NetworkCase>(name);
        using var detector = DetectionFixtures.Detector(name, expected.Classes);
        detector.UseChannelsLast();
        using var scope = new TensorScope();
        using var serving = new ServingDetector(detector);
        foreach (var found in new[] { detector.Detect(Batch(ScalarType.Float32), null, DetectionFixtures.Proposals), serving.Detect(Batch(ScalarType.Float32), new DetectionSettings(), DetectionFixtures.Proposals) })
        for (var image = 0; image < 2; image++)
        {
            var wanted = expected.Evaluation.Detections[image];
            var same = Enumerable.Range(0, wanted.Boxes.Length).Count(i => found[image].Any(d =>
                d.Label == wanted.Labels[i] && Math.Abs(d.Score - wanted.Scores[i]) <= 1e-4 && Largest(wanted.Boxes[i], d.Bounds) <= 0.05));
            Assert.True(same >= 0.97 * wanted.Boxes.Length, $"{name}, picture {image}: {same} of {wanted.Boxes.Length} boxes are the same");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Losses_OneStep_EqualTorchvision(string name)
    {
        if (name != "fasterrcnn_resnet50_fpn") SkipByDay(name); // torchvision's own, in float32, by day too
        var expected = DetectionFixtures.Read<DetectionFixtures.NetworkCase>(name);
        using var detector = DetectionFixtures.Detector(name, expected.Classes);
        var truth = Truth(expected.Classes);
        using (var noGrad = new NoGrad())
        {
            // Float32 in channels-last memory: sums of another order over up to 50 layers, and a draw may flip between equal proposals.
            using var scope = new TensorScope();
            detector.UseChannelsLast();
            Compare(new DetectionLoss(detector, DetectionFixtures.Losses).Call(Batch(ScalarType.Float32), truth, random: null), expected.Training.Losses, 1e-4);
        }
        SkipByDay(name); // float32 has been compared
        detector.To(ScalarType.Float64);
        using (var scope = new TensorScope())
        {
            var losses = new DetectionLoss(detector, DetectionFixtures.Losses).Call(Batch(ScalarType.Float64), truth, random: null);
            Compare(losses, expected.Training.Losses, 2e-6);
            losses.Total().Backward();
            var parameters = detector.NamedParameters().ToDictionary(p => p.Path, p => p.Tensor);
            // Boxes are float32 here: rounding torchvision's own proposals to it moves its gradients by up to 2e-7, noise of 1e-7 in them by 1e-6 (MobileNetV2, the first layer).
            foreach (var (path, gradient) in expected.Training.Gradients) OperatorParityTests.Near(gradient, parameters[path].Grad!, 1e-5, $"{name}: gradient of {path}");
        }
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void Create_Entry_HasTorchvisionsKeys(string name)
    {
        var expected = DetectionFixtures.Read<DetectionFixtures.NetworkCase>(name);
        using var shapes = WeightCreation.ShapesOnly();
        using var detector = DetectionFixtures.Entry(name).Create(new DetectorOptions(expected.Classes));
        var tensors = detector.NamedParameters().Concat(detector.NamedBuffers()).Where(t => t.Tensor.Type == ScalarType.Float32).ToList();
        var oracleHasMore = name == "fasterrcnn_resnet50_v2_c4"; // its ResNet has a fourth stage and a classifier
        Assert.True(oracleHasMore ? tensors.Count < expected.Keys : tensors.Count == expected.Keys, $"{tensors.Count} tensors, torchvision has {expected.Keys}");
        if (!oracleHasMore) Assert.Equal(expected.Numbers, tensors.Sum(t => t.Tensor.Elements));
        // Filled by formula from their names, every tensor with another name would show in the other tests.
    }

    [Fact]
    public void Create_Vgg16_HasTheFifthStageAndTwoWideLayers()
    {
        using var shapes = WeightCreation.ShapesOnly();
        using var detector = DetectorCatalog.Find("fasterrcnn_vgg16").Create(new DetectorOptions(3));
        var sizes = detector.NamedParameters().ToDictionary(p => p.Path, p => p.Tensor.Shape);
        Assert.Equal([512, 512, 3, 3], sizes["backbone.body.features.28.weight"]);
        Assert.Equal([4096, 25088], sizes["roi_heads.box_head.fc6.weight"]);
        Assert.Equal([60, 512, 1, 1], sizes["rpn.head.bbox_pred.weight"]); // 15 anchors a place
        Assert.Equal([16, 4096], sizes["roi_heads.box_predictor.bbox_pred.weight"]);
        Assert.DoesNotContain(sizes.Keys, k => k.Contains("classifier", StringComparison.Ordinal));
    }

    private static void SkipByDay(string name)
    {
        if (name != "fasterrcnn_mobilenet_v2_fpn" && Environment.GetEnvironmentVariable("FOVEA_NIGHTLY") is null) Assert.Skip("tens of millions of weights in float64 take half a minute; FOVEA_NIGHTLY=1 runs it");
    }

    private static DetectionBatch Batch(ScalarType type) => DetectionBatch.Of([.. DetectionFixtures.Pictures().Select(p => p.To(type))], DetectionFixtures.Input);

    /// <summary>As oracle/detection.py's targets: boxes in the pictures' own pixels, brought to the resized ones.</summary>
    private static List<TrueBox>[] Truth(int classes)
    {
        using var scope = new TensorScope();
        var batch = DetectionBatch.Of([.. DetectionFixtures.Pictures()], DetectionFixtures.Input);
        Box[][] boxes = [DetectionFixtures.Boxes("truth0", 5, 131, 97, 8), DetectionFixtures.Boxes("truth1", 3, 90, 120, 8)];
        return [.. boxes.Select((list, image) => list.Select((b, i) => new TrueBox(b.Scaled(batch.Scales[image].X, batch.Scales[image].Y), 1 + i % classes)).ToList())];
    }

    private static void Compare(DetectionLosses losses, Dictionary<string, double> expected, double tolerance)
    {
        foreach (var (key, value) in new[] { ("loss_objectness", losses.Objectness), ("loss_rpn_box_reg", losses.RegionBoxes), ("loss_classifier", losses.Classes), ("loss_box_reg", losses.Boxes) })
            Assert.True(Math.Abs(value.Item() - expected[key]) <= tolerance * Math.Max(1, expected[key]), $"{key}: {value.Item()} instead of {expected[key]}");
    }

    private static void Near(float[] expected, Box actual, string what) => Assert.True(Largest(expected, actual) <= 0.05, $"{what}: off by {Largest(expected, actual):g3} pixels");

    private static float Largest(float[] expected, Box b) => new[] { expected[0] - b.Left, expected[1] - b.Top, expected[2] - b.Right, expected[3] - b.Bottom }.Max(MathF.Abs);
}
