// fovea::conv2d — libtorch's convolution, for training, with faster kernels for channels-last float32.
//
// With AVX-512 the gradients of kernels larger than 1×1, by conv_kernels.cpp; with AVX2 alone 3×3 kernels of stride 1 in both passes, by winograd_kernels.cpp. 1×1 kernels
// that libtorch would give to the system's BLAS, by pointwise_kernels.cpp. Everything else is libtorch's own.
#include <algorithm>
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
#include "compat.h"
#include "conv_kernels.h"
#include "pointwise.h"
#include "serve.h"
#include "winograd.h"

namespace {

using at::IntArrayRef;
using at::Tensor;
using c10::optional;

constexpr auto kChannelsLast = at::MemoryFormat::ChannelsLast;

// Null on processors that they are not written for.
const fovea::ConvKernels<float>* kernels() {
#if defined(__x86_64__)
    static const bool has = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl");
    return has ? &fovea::conv_kernels_avx512() : nullptr;
#else
    return nullptr;
#endif
}

bool usable(const Tensor& x, const Tensor& weight, int64_t groups) {
    return groups == 1 && x.dim() == 4 && weight.dim() == 4 && x.device().is_cpu() && weight.device().is_cpu() && x.scalar_type() == at::kFloat && weight.scalar_type() == at::kFloat
        && x.numel() > 0 && x.size(1) == weight.size(1) && x.is_contiguous(kChannelsLast) && weight.is_contiguous(kChannelsLast);
}

// conv_kernels.cpp has no 1×1 kernels, and none for a picture's few channels.
bool has_gradient(const Tensor& x, const Tensor& weight) { return kernels() && weight.size(2) * weight.size(3) > 1 && x.size(1) >= 16; }

// How the threads share the work: by images, whose gradients are then added, or by outputs. On a machine with very many threads neither may be even.
struct Shares {
    int64_t tiles, parts;
    bool by_images, even;

    explicit Shares(const fovea::ConvShape& s) : tiles((s.out + fovea::kConvTile - 1) / fovea::kConvTile), parts(at::get_num_threads()) {
        by_images = s.images % parts == 0 && s.out * s.kernel_h * s.kernel_w * s.in * parts <= 1 << 20;
        even = by_images || tiles >= 4 * parts;
    }
};

Tensor weight_gradient(const fovea::ConvShape& shape, const Shares& shares, const Tensor& x, const Tensor& dy, const Tensor& weight) {
    auto dw = at::empty_like(weight);
    auto scratch = at::empty({shares.parts, kernels()->scratch_bytes(shape) / 64 * 64 + 64}, at::kByte);
    auto others = at::empty({shares.by_images ? shares.parts - 1 : 0, dw.numel()}, at::kFloat);
    auto *xp = x.data_ptr<float>(), *dyp = dy.data_ptr<float>(), *dwp = dw.data_ptr<float>(), *op = others.data_ptr<float>();
    auto* scratch_bytes = scratch.data_ptr<uint8_t>();
    const int64_t parts = shares.parts, size = dw.numel();
    at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
        for (int64_t part = first; part < last; part++) {
            auto* own = scratch_bytes + part * scratch.size(1);
            if (shares.by_images)
                kernels()->weight_gradient(shape, xp, dyp, part == 0 ? dwp : op + (part - 1) * size, shape.images * part / parts, shape.images * (part + 1) / parts, 0, shape.out, own);
            else
                kernels()->weight_gradient(shape, xp, dyp, dwp, 0, shape.images, shares.tiles * part / parts * fovea::kConvTile,
                                           std::min(shape.out, shares.tiles * (part + 1) / parts * fovea::kConvTile), own);
        }
    });
    for (int64_t part = 0; part < others.size(0); part++)
        for (int64_t i = 0; i < size; i++) dwp[i] += op[part * size + i];
    return dw;
}

// For stride 1 the gradient of the input is a convolution of dy, too, with the kernel turned by 180° and its channels exchanged. oneDNN's forward pass is the faster one.
bool turns(const fovea::ConvShape& s) {
    return at::hasMKLDNN() && s.stride_h == 1 && s.stride_w == 1 && s.in % 16 == 0 && s.out % 16 == 0 && s.pad_h <= s.dilation_h * (s.kernel_h - 1) && s.pad_w <= s.dilation_w * (s.kernel_w - 1);
}

Tensor input_gradient(const fovea::ConvShape& s, const Tensor& dy, const Tensor& weight) {
    auto turned = at::empty({s.in, s.out, s.kernel_h, s.kernel_w}, weight.options(), kChannelsLast);
    at::parallel_for(0, s.in / 16, 1 + (1 << 16) / (16 * s.out * s.kernel_h * s.kernel_w), [&](int64_t first, int64_t last) {
        kernels()->turn(s, weight.data_ptr<float>(), turned.data_ptr<float>(), first * 16, last * 16);
    });
    return at::mkldnn_convolution(dy, turned, {}, {s.dilation_h * (s.kernel_h - 1) - s.pad_h, s.dilation_w * (s.kernel_w - 1) - s.pad_w}, {1, 1}, {s.dilation_h, s.dilation_w}, 1);
}

fovea::ConvShape shape_of(const Tensor& x, const Tensor& weight, IntArrayRef stride, IntArrayRef padding, IntArrayRef dilation) {
    auto size = [&](int64_t i) { return (x.size(2 + i) + 2 * padding[i] - dilation[i] * (weight.size(2 + i) - 1) - 1) / stride[i] + 1; };
    return {x.size(0), x.size(2), x.size(3), x.size(1), size(0), size(1), weight.size(0), weight.size(2), weight.size(3), stride[0], stride[1], padding[0], padding[1], dilation[0], dilation[1]};
}

// Both passes by Winograd's kernels.
struct Winograd : torch::autograd::Function<Winograd> {
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight, const optional<Tensor>& bias, IntArrayRef padding) {
        context->save_for_backward({x, weight});
        context->saved_data["padding"] = padding;
        context->saved_data["bias"] = bias.has_value() && bias->defined();
        auto y = fovea::winograd(shape_of(x, weight, {1, 1}, padding, {1, 1}), x, weight, false);
        return bias.has_value() && bias->defined() ? y.add_(bias->view({1, -1, 1, 1})) : y;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto &x = saved[0], &weight = saved[1];
        auto padding = context->saved_data["padding"].toIntVector();
        bool bias = context->saved_data["bias"].toBool(), dx = context->needs_input_grad(0), dw = context->needs_input_grad(1);
        auto dy = gradients[0].contiguous(kChannelsLast);
        // Where a gradient is to be differentiated again, libtorch's operator has to compute it.
        if (at::GradMode::is_enabled()) {
            const int64_t bias_sizes[] = {weight.size(0)};
            auto all = at::convolution_backward(dy, x, weight, at::OptionalIntArrayRef(bias_sizes), {1, 1}, padding, {1, 1}, false, {0, 0}, 1, {dx, dw, bias});
            return {std::get<0>(all), std::get<1>(all), std::get<2>(all), Tensor()};
        }
        auto shape = shape_of(x, weight, {1, 1}, padding, {1, 1});
        return {dx ? fovea::winograd(shape, dy, weight, true) : Tensor(), dw ? fovea::winograd_gradient(shape, x, dy, weight) : Tensor(), bias ? dy.sum({0, 2, 3}) : Tensor(), Tensor()};
    }
};

// 1×1 kernels of stride 1 in both passes.
struct Pointwise : torch::autograd::Function<Pointwise> {
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight, const optional<Tensor>& bias) {
        context->save_for_backward({x, weight});
        context->saved_data["bias"] = bias.has_value() && bias->defined();
        return fovea::product(x, weight, bias);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto &x = saved[0], &weight = saved[1];
        bool bias = context->saved_data["bias"].toBool(), dx = context->needs_input_grad(0), dw = context->needs_input_grad(1);
        auto dy = gradients[0].contiguous(kChannelsLast);
        // Where a gradient is to be differentiated again, libtorch's operator has to compute it.
        if (at::GradMode::is_enabled()) {
            const int64_t bias_sizes[] = {weight.size(0)};
            auto all = at::convolution_backward(dy, x, weight, at::OptionalIntArrayRef(bias_sizes), {1, 1}, {0, 0}, {1, 1}, false, {0, 0}, 1, {dx, dw, bias});
            return {std::get<0>(all), std::get<1>(all), std::get<2>(all)};
        }
        return {dx ? fovea::product(dy, weight.transpose(0, 1), {}) : Tensor(), dw ? fovea::pointwise_weight_gradient(x, dy, weight) : Tensor(), bias ? dy.sum({0, 2, 3}) : Tensor()};
    }
};

struct Conv2d : torch::autograd::Function<Conv2d> {
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight, const optional<Tensor>& bias, IntArrayRef stride, IntArrayRef padding, IntArrayRef dilation) {
        context->save_for_backward({x, weight});
        context->saved_data["stride"] = stride;
        context->saved_data["padding"] = padding;
        context->saved_data["dilation"] = dilation;
        context->saved_data["bias"] = bias.has_value() && bias->defined();
        return at::conv2d(x, weight, bias, stride, padding, dilation, 1);
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto &x = saved[0], &weight = saved[1];
        auto stride = context->saved_data["stride"].toIntVector(), padding = context->saved_data["padding"].toIntVector(), dilation = context->saved_data["dilation"].toIntVector();
        bool bias = context->saved_data["bias"].toBool();
        auto dy = gradients[0].contiguous(kChannelsLast);
        auto shape = shape_of(x, weight, stride, padding, dilation);
        Shares shares(shape);
        // Where a gradient is to be differentiated again, libtorch's operator has to compute it.
        bool plain = at::GradMode::is_enabled() || !shares.even, dx = context->needs_input_grad(0), turn = dx && !plain && turns(shape);
        const int64_t bias_sizes[] = {weight.size(0)};
        auto rest = at::convolution_backward(dy, x, weight, at::OptionalIntArrayRef(bias_sizes), stride, padding, dilation, false, {0, 0}, 1, {dx && !turn, plain, bias});
        return {turn ? input_gradient(shape, dy, weight) : std::get<0>(rest), plain ? std::get<1>(rest) : weight_gradient(shape, shares, x, dy, weight), std::get<2>(rest), Tensor(), Tensor(), Tensor()};
    }
};

Tensor conv2d(const Tensor& x, const Tensor& weight, const optional<Tensor>& bias, IntArrayRef stride, IntArrayRef padding, IntArrayRef dilation, int64_t groups) {
    auto are = [](IntArrayRef list, int64_t value) { return std::all_of(list.begin(), list.end(), [&](int64_t v) { return v == value; }); };
    if (!compat::autocast_enabled(false) && usable(x, weight, groups) && are(stride, 1) && are(padding, 0) && fovea::pointwise_usable(x, weight)) return Pointwise::apply(x, weight, bias);
    if (at::GradMode::is_enabled() && weight.requires_grad() && !compat::autocast_enabled(false) && usable(x, weight, groups)) {
        // libtorch takes one number for both directions, too.
        int64_t sizes[3][2];
        const IntArrayRef lists[] = {stride, padding, dilation};
        for (int i = 0; i < 3; i++) std::tie(sizes[i][0], sizes[i][1]) = std::make_pair(lists[i][0], lists[i].back());
        if (fovea::winograd_usable(shape_of(x, weight, sizes[0], sizes[1], sizes[2]))) return Winograd::apply(x, weight, bias, IntArrayRef(sizes[1]));
        if (has_gradient(x, weight)) return Conv2d::apply(x, weight, bias, IntArrayRef(sizes[0]), IntArrayRef(sizes[1]), IntArrayRef(sizes[2]));
    }
    return at::conv2d(x, weight, bias, stride, padding, dilation, groups);
}

} // namespace

TORCH_LIBRARY_FRAGMENT(fovea, library) {
    library.def("conv2d(Tensor x, Tensor weight, Tensor? bias=None, int[2] stride=1, int[2] padding=0, int[2] dilation=1, int groups=1) -> Tensor");
    library.impl("conv2d", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(conv2d)));
}
