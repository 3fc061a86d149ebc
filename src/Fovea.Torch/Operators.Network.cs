namespace Fovea.Torch;

internal static partial class Operators
{
    // convolution, linear
    internal static readonly Operator Conv2d = new("fovea::conv2d"), Linear = new("linear");

    // normalisation
    internal static readonly Operator BatchNorm = new("batch_norm"), LayerNorm = new("layer_norm"), GroupNorm = new("group_norm"),
        BatchNormActivation = new("fovea::batch_norm_act"), // Fovea's own, native/torch/norm.cpp
        SyncBatchNorm = new("fovea::sync_batch_norm"); // native/torch/sync_norm.cpp

    // activation
    internal static readonly Operator Relu = new("relu"), ReluInPlace = new("relu_"), Hardtanh = new("hardtanh"), HardtanhInPlace = new("hardtanh_"),
        LeakyRelu = new("leaky_relu"), Elu = new("elu"), Hardswish = new("hardswish"), HardswishInPlace = new("hardswish_"), Hardsigmoid = new("hardsigmoid"),
        Silu = new("silu"), SiluInPlace = new("silu_"), Gelu = new("gelu"), Sigmoid = new("sigmoid"), Tanh = new("tanh"), Softplus = new("softplus"), LogSigmoid = new("log_sigmoid"),
        Softmax = new("softmax", "int"), LogSoftmax = new("log_softmax", "int"), Dropout = new("dropout"), FeatureDropout = new("feature_dropout");

    // pooling, resizing
    internal static readonly Operator MaxPool2d = new("max_pool2d"), AvgPool2d = new("avg_pool2d"), AdaptiveAvgPool2d = new("adaptive_avg_pool2d"),
        AdaptiveMaxPool2d = new("adaptive_max_pool2d"), UpsampleBilinear2d = new("upsample_bilinear2d"), UpsampleNearest2d = new("upsample_nearest2d"),
        ConstantPad = new("constant_pad_nd"), ReflectionPad2d = new("reflection_pad2d"), ReplicationPad2d = new("replication_pad2d"), OneHot = new("one_hot");

    // regions
    internal static readonly Operator RoiAlign = new("fovea::roi_align"); // native/torch/roi_align.cpp

    // losses
    internal static readonly Operator CrossEntropy = new("cross_entropy_loss"), NllLoss = new("nll_loss_nd"), BinaryCrossEntropyWithLogits = new("binary_cross_entropy_with_logits"),
        BinaryCrossEntropy = new("binary_cross_entropy"), MseLoss = new("mse_loss"), L1Loss = new("l1_loss"), SmoothL1Loss = new("smooth_l1_loss"), HuberLoss = new("huber_loss");

    // initialisation
    internal static readonly Operator Erf = new("erf"), ErfInvInPlace = new("erfinv_"), ClampInPlace = new("clamp_"), AddInPlaceScalar = new("add_", "Scalar");
}
