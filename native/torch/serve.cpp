// fovea::serve_* — a network's convolutions when it only serves: float32, channels-last, CPU. Batch norm is folded into the weights, which are packed once for the processor's vectors;
// activation, residual, and what comes before (a pre-activation norm, squeeze and excitation's gate) happen in the same pass. serve_kernels.cpp computes.
//
// Every output is summed in an order of its own that neither threads nor batch change, so that an image's answer is the same to the bit whoever asks beside it.
#include <ATen/Parallel.h>
#include <atomic>
#include <torch/library.h>
#include <vector>
#include "compat.h"
#include "serve.h"
#include "serve_kernels.h"

namespace {

using at::IntArrayRef;
using at::Tensor;
using c10::optional;
using fovea::ServeArguments;
using fovea::ServeKernels;
using fovea::ServeShape;

enum Method : int64_t { kProduct = 0, kWinograd = 1, kDepthwise = 2 };

const ServeKernels& kernels() {
#if defined(__x86_64__)
    static const auto& chosen = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl") ? fovea::serve_kernels_avx512()
        : __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") ? fovea::serve_kernels_avx2() : fovea::serve_kernels_baseline();
    return chosen;
#else
    return fovea::serve_kernels_baseline();
#endif
}

int64_t panels_of(int64_t outputs) { return (outputs + 2 * kernels().lanes - 1) / (2 * kernels().lanes); }

// Input channels that a panel needs; 0 where groups and panels do not fit into each other.
int64_t panel_inputs(int64_t in, int64_t out, int64_t groups) {
    if (groups == 1) return in;
    int64_t width = out / groups, panel = 2 * kernels().lanes;
    if (in != out) return 0;
    return panel % width == 0 && in % panel == 0 ? panel : width % panel == 0 ? width : 0;
}

// How a convolution is best computed here; −1: not by these kernels.
int64_t method_of(int64_t in, int64_t out, IntArrayRef kernel, IntArrayRef stride, IntArrayRef dilation, int64_t groups) {
    if (groups > 1 && groups == in && out == in) return kDepthwise;
    bool square = groups == 1 && kernel[0] == 3 && kernel[1] == 3 && stride[0] == 1 && stride[1] == 1 && dilation[0] == 1 && dilation[1] == 1;
    if (square && in % kernels().lanes == 0 && in >= 16 && out >= 16) return kWinograd;
    return panel_inputs(in, out, groups) > 0 ? kProduct : -1;
}

// [panels][taps][inputs][outputs of a panel]; Winograd: [16][panels][inputs][…]; depthwise: [panels][taps][channels of a panel].
// `scale` (float64, by output) is a folded norm's. Weights are read where they lie: dense layers may hold gigabytes, and a copy of each would be a network's peak of memory.
Tensor serve_pack(const Tensor& given, int64_t groups, int64_t method, const optional<Tensor>& scale) {
    at::NoGradGuard no_grad;
    auto weight = given.detach().to(at::kCPU, at::kFloat);
    if (weight.dim() == 2) weight = weight.unsqueeze(2).unsqueeze(3);
    TORCH_CHECK(weight.dim() == 4, "serve_pack: weights ", given.sizes());
    int64_t out = weight.size(0), own = weight.size(1), columns = weight.size(3), taps = weight.size(2) * columns, in = own * groups, width = 2 * kernels().lanes, panels = panels_of(out);
    auto factors = scale ? scale->to(at::kCPU, at::kDouble).contiguous() : Tensor();
    TORCH_CHECK(!scale || factors.numel() == out, "serve_pack: ", scale ? scale->numel() : 0, " factors for ", out, " outputs");
    const float* base = weight.data_ptr<float>();
    const double* factor = scale ? factors.data_ptr<double>() : nullptr;
    const int64_t output_step = weight.stride(0), input_step = weight.stride(1);
    std::vector<int64_t> tap(taps);
    for (int64_t t = 0; t < taps; t++) tap[t] = t / columns * weight.stride(2) + t % columns * weight.stride(3);
    auto w = [&](int64_t o, int64_t i, int64_t t) { return base[o * output_step + i * input_step + tap[t]] * (factor ? factor[o] : 1.0); };
    if (method == kDepthwise) {
        TORCH_CHECK(own == 1 && groups == out, "serve_pack: weights ", given.sizes(), " are not depthwise");
        auto packed = at::zeros({panels * taps * width}, at::kFloat);
        auto* p = packed.data_ptr<float>();
        for (int64_t o = 0; o < out; o++)
            for (int64_t t = 0; t < taps; t++) p[(o / width * taps + t) * width + o % width] = static_cast<float>(w(o, 0, t));
        return packed;
    }
    if (method == kWinograd) {
        TORCH_CHECK(groups == 1 && taps == 9, "serve_pack: weights ", given.sizes(), " are not 3×3");
        const double g[4][3] = {{1, 0, 0}, {.5, .5, .5}, {.5, -.5, .5}, {0, 0, 1}};
        auto packed = at::zeros({16 * panels * in * width}, at::kFloat);
        auto* p = packed.data_ptr<float>();
        at::parallel_for(0, out, 16, [&](int64_t first, int64_t last) {
            for (int64_t o = first; o < last; o++)
                for (int64_t i = 0; i < in; i++)
                    for (int64_t r = 0; r < 4; r++)
                        for (int64_t c = 0; c < 4; c++) {
                            double sum = 0;
                            for (int64_t h = 0; h < 3; h++)
                                for (int64_t k = 0; k < 3; k++) sum += g[r][h] * w(o, i, h * 3 + k) * g[c][k];
                            p[(((r * 4 + c) * panels + o / width) * in + i) * width + o % width] = static_cast<float>(sum);
                        }
        });
        return packed;
    }
    int64_t inputs = panel_inputs(in, out, groups);
    TORCH_CHECK(method == kProduct && inputs > 0, "serve_pack: ", groups, " groups of weights ", given.sizes(), " have no place here");
    auto packed = at::zeros({panels * taps * inputs * width}, at::kFloat);
    auto* p = packed.data_ptr<float>();
    for (int64_t o = 0; o < out; o++) {
        int64_t group = o / (out / groups), first = groups == 1 ? 0 : group * own - o / width * width / inputs * inputs; // where the group's inputs lie among the panel's
        for (int64_t t = 0; t < taps; t++) {
            auto* to = p + ((o / width * taps + t) * inputs + first) * width + o % width;
            const float* from = base + o * output_step + tap[t];
            if (factor) for (int64_t i = 0; i < own; i++) to[i * width] = static_cast<float>(from[i * input_step] * factor[o]);
            else for (int64_t i = 0; i < own; i++) to[i * width] = from[i * input_step]; // a training packs its weights at every step
        }
    }
    return packed;
}

// Floats from one pixel to the next in channels-last memory or a slice of its channels; 0: it is laid out otherwise.
int64_t pixel_step(const Tensor& t) {
    if (!t.device().is_cpu() || t.scalar_type() != at::kFloat || (t.dim() != 4 && t.dim() != 2)) return 0;
    if (t.dim() == 2) return t.size(1) > 1 && t.stride(1) != 1 ? 0 : t.size(0) > 1 ? t.stride(0) : t.size(1);
    int64_t n = t.size(0), c = t.size(1), h = t.size(2), w = t.size(3);
    int64_t step = w > 1 ? t.stride(3) : h > 1 ? t.stride(2) : n > 1 ? t.stride(0) : c;
    if ((c > 1 && t.stride(1) != 1) || step < c || (h > 1 && t.stride(2) != w * step) || (n > 1 && t.stride(0) != h * w * step)) return 0;
    return step;
}

Tensor rows_of(const Tensor& t) {
    return pixel_step(t) ? t : t.dim() == 4 ? t.to(at::kFloat).contiguous(at::MemoryFormat::ChannelsLast) : t.to(at::kFloat).contiguous();
}

// Threads take pieces as they get free: a thread that the system halts for a while does not hold up the others' share.
// `work`: multiply-adds of all; where they take less time than waking a thread does, this one does them alone.
template <class F>
void share(int64_t pieces, int64_t work, int64_t scratch_floats, const F& body) {
    std::atomic<int64_t> next{0};
    int64_t threads = work < (1 << 18) ? 1 : std::min<int64_t>(at::get_num_threads(), pieces);
    at::parallel_for(0, threads, 1, [&](int64_t first, int64_t last) {
        auto scratch = at::empty({(last - first > 0 ? scratch_floats : 0) + 16}, at::kFloat);
        auto* p = reinterpret_cast<float*>((reinterpret_cast<uintptr_t>(scratch.data_ptr<float>()) + 63) / 64 * 64);
        for (int64_t piece = next++; piece < pieces; piece = next++) body(piece, p);
    });
}

const float* data(const optional<Tensor>& t) { return t && t->defined() ? t->data_ptr<float>() : nullptr; }

// A 1×1 convolution before a depthwise one, packed, and what it does to its sums.
struct Expansion {
    const optional<Tensor>&packed, &bias;
    int64_t activation;
};

// geometry: outputs, kernel, stride, padding, dilation (each height, width), groups, method
struct Prepared {
    ServeShape shape{};
    ServeArguments arguments{};
    Tensor x, residual, y;
    int64_t method;

    Prepared(const Tensor& input, const Tensor& packed, IntArrayRef g, const optional<Tensor>& bias, int64_t activation, const Expansion& expansion, const optional<Tensor>& shortcut, const optional<Tensor>& out) {
        TORCH_CHECK(g.size() == 11 && (input.dim() == 4 || input.dim() == 2) && packed.scalar_type() == at::kFloat, "serve_conv: input ", input.sizes(), ", geometry of ", g.size(), " numbers");
        x = rows_of(input);
        bool flat = x.dim() == 2;
        auto& s = shape;
        s.images = x.size(0); s.in = x.size(1); s.height = flat ? 1 : x.size(2); s.width = flat ? 1 : x.size(3); s.out = g[0];
        s.kernel_h = g[1]; s.kernel_w = g[2]; s.stride_h = g[3]; s.stride_w = g[4]; s.pad_h = g[5]; s.pad_w = g[6]; s.dilation_h = g[7]; s.dilation_w = g[8];
        method = g[10];
        s.out_height = (s.height + 2 * s.pad_h - s.dilation_h * (s.kernel_h - 1) - 1) / s.stride_h + 1;
        s.out_width = (s.width + 2 * s.pad_w - s.dilation_w * (s.kernel_w - 1) - 1) / s.stride_w + 1;
        TORCH_CHECK(s.height + 2 * s.pad_h >= s.dilation_h * (s.kernel_h - 1) + 1 && s.width + 2 * s.pad_w >= s.dilation_w * (s.kernel_w - 1) + 1, "serve_conv: the kernel is larger than the input ", input.sizes());
        s.x_step = pixel_step(x);
        if (expansion.packed) {
            TORCH_CHECK(method == kDepthwise && expansion.packed->numel() == panels_of(s.out) * s.in * 2 * kernels().lanes && (!expansion.bias || expansion.bias->numel() == s.out),
                        "serve_conv: the weights before a depthwise convolution of ", s.out, " channels do not fit an input of ", s.in);
            arguments.expansion = {data(expansion.packed), data(expansion.bias), s.in, static_cast<int>(expansion.activation)};
            s.in = s.out;
        }
        TORCH_CHECK(method != kDepthwise || s.in == s.out, "serve_conv: a depthwise convolution of ", s.out, " channels on an input of ", s.in);
        s.panel_in = method == kDepthwise ? 1 : panel_inputs(s.in, s.out, g[9]);
        int64_t taps = s.kernel_h * s.kernel_w, width = 2 * kernels().lanes;
        int64_t expected = method == kDepthwise ? panels_of(s.out) * width * taps : panels_of(s.out) * (method == kWinograd ? 16 : taps) * s.panel_in * width;
        TORCH_CHECK(packed.numel() == expected, "serve_conv: the packed weights do not fit an input of ", s.in, " channels");
        y = out ? *out : flat ? at::empty({s.images, s.out}, x.options()) : at::empty({s.images, s.out, s.out_height, s.out_width}, x.options(), at::MemoryFormat::ChannelsLast);
        s.y_step = pixel_step(y);
        TORCH_CHECK(s.y_step && y.size(1) == s.out && y.numel() == s.pixels() * s.out, "serve_conv: a result of ", s.out, "×", s.out_height, "×", s.out_width, " does not fit ", y.sizes());
        if (shortcut) {
            residual = rows_of(*shortcut);
            TORCH_CHECK(residual.sizes() == y.sizes(), "serve_conv: shortcut ", residual.sizes(), " and result ", y.sizes());
            s.residual_step = pixel_step(residual);
        }
        arguments.x = x.data_ptr<float>(); arguments.packed = packed.data_ptr<float>(); arguments.bias = data(bias); arguments.residual = residual.defined() ? residual.data_ptr<float>() : nullptr;
        arguments.y = y.data_ptr<float>(); arguments.activation = static_cast<int>(activation);
        TORCH_CHECK(!bias || bias->numel() == s.out, "serve_conv: bias of ", bias ? bias->numel() : 0, " for ", s.out, " outputs");
    }
};

// Work is cut into pieces of pixels and panels: enough of them for the threads, large enough that what a piece prepares is used often.
void run_products(const Prepared& p) {
    const auto& k = kernels();
    const auto& s = p.shape;
    bool winograd = p.method == kWinograd;
    int64_t units = winograd ? s.images * ((s.out_height + 1) / 2) * ((s.out_width + 1) / 2) : s.pixels(), panels = panels_of(s.out), threads = at::get_num_threads();
    int64_t most = winograd ? fovea::serve_squares(s, k) : fovea::serve_chunk(s, k);
    int64_t pieces = (units + most - 1) / most, cuts = 1;
    if (pieces % threads && pieces < 8 * threads) pieces = (pieces + threads - 1) / threads * threads;
    int64_t size = (((units + pieces - 1) / pieces) + k.rows - 1) / k.rows * k.rows;
    pieces = (units + size - 1) / size;
    while (pieces * cuts < threads && cuts * 2 <= panels) cuts *= 2;
    // A panel's weights should stay in the cache while many pixels pass; where the weights are large, a piece takes as many pixels as there are.
    share(pieces * cuts, s.pixels() * s.out * (winograd ? 4 : s.kernel_h * s.kernel_w) * s.panel_in, fovea::serve_scratch(s, k), [&](int64_t piece, float* scratch) {
        int64_t cut = piece % cuts, first = piece / cuts * size, last = std::min(units, first + size);
        int64_t first_panel = panels * cut / cuts, last_panel = panels * (cut + 1) / cuts;
        (winograd ? k.winograd : k.convolve)(s, p.arguments, first, last, first_panel, last_panel, scratch);
    });
}

void run_depthwise(const Prepared& p, const fovea::ServeStrips& strips) {
    const auto& s = p.shape;
    int64_t panels = panels_of(s.out), runs = s.images * panels, threads = at::get_num_threads();
    // A strip takes over rows from the one before it if one thread does both; so few cuts, if enough for the threads.
    int64_t cuts = std::min(strips.count, runs >= 4 * threads ? 1 : (4 * threads + runs - 1) / runs);
    int64_t work = s.pixels() * s.out * s.kernel_h * s.kernel_w + (p.arguments.expansion.packed ? s.images * s.height * s.width * s.out * p.arguments.expansion.in : 0);
    share(runs * cuts, work, fovea::serve_strip_scratch(s, kernels(), strips), [&](int64_t piece, float* memory) {
        int64_t panel = piece % panels, cut = piece / panels % cuts, image = piece / panels / cuts;
        kernels().depthwise(s, p.arguments, image, panel, strips, strips.count * cut / cuts, strips.count * (cut + 1) / cuts, memory);
    });
}

Tensor serve_conv(const Tensor& x, const Tensor& packed, IntArrayRef geometry, const optional<Tensor>& bias, int64_t activation, const optional<Tensor>& residual, const optional<Tensor>& gate,
                  const optional<Tensor>& scale, const optional<Tensor>& offset, const optional<Tensor>& out, const optional<Tensor>& expansion, const optional<Tensor>& expansion_bias, int64_t expansion_activation) {
    at::NoGradGuard no_grad;
    Prepared p(x, packed, geometry, bias, activation, {expansion, expansion_bias, expansion_activation}, residual, out);
    if (p.y.numel() == 0) return p.y;
    if (p.method == kDepthwise) {
        run_depthwise(p, fovea::serve_strips(p.shape, kernels(), expansion.has_value()));
        return p.y;
    }
    auto gates = gate ? gate->contiguous() : Tensor();
    TORCH_CHECK(!gate || (p.method == kProduct && gates.numel() == p.shape.images * p.shape.in), "serve_conv: a gate of another shape or method");
    TORCH_CHECK(!scale || (p.method == kProduct && scale->numel() == p.shape.in && offset && offset->numel() == p.shape.in), "serve_conv: a norm of another shape or method");
    p.arguments.gate = gate ? gates.data_ptr<float>() : nullptr;
    p.arguments.scale = data(scale);
    p.arguments.offset = data(offset);
    run_products(p);
    return p.y;
}

// Also gives the mean of each channel over the plane.
std::tuple<Tensor, Tensor> serve_depthwise_mean(const Tensor& x, const Tensor& packed, IntArrayRef geometry, const optional<Tensor>& bias, int64_t activation, const optional<Tensor>& expansion,
                                                 const optional<Tensor>& expansion_bias, int64_t expansion_activation) {
    at::NoGradGuard no_grad;
    Prepared p(x, packed, geometry, bias, activation, {expansion, expansion_bias, expansion_activation}, {}, {});
    TORCH_CHECK(p.method == kDepthwise, "serve_depthwise_mean: not a depthwise convolution");
    const auto& s = p.shape;
    if (p.y.numel() == 0) return {p.y, at::empty({s.images, s.out}, x.options())};
    auto strips = fovea::serve_strips(s, kernels(), expansion.has_value());
    auto sums = at::empty({s.images, strips.count, s.out}, at::kFloat);
    p.arguments.sums = sums.data_ptr<float>();
    run_depthwise(p, strips);
    return {p.y, at::sum(sums, 1).div_(static_cast<double>(s.out_height * s.out_width))};
}

// Room for a map of x's batch, to be filled in parts.
Tensor serve_room(const Tensor& x, int64_t channels, int64_t height, int64_t width) {
    return at::empty({x.size(0), channels, height, width}, at::TensorOptions().dtype(at::kFloat).memory_format(at::MemoryFormat::ChannelsLast));
}

} // namespace

Tensor fovea::product(const Tensor& x, const Tensor& weight, const optional<Tensor>& bias) {
    return serve_conv(x, serve_pack(weight, 1, kProduct, {}), {weight.size(0), 1, 1, 1, 1, 0, 0, 1, 1, 1, kProduct}, bias, 0, {}, {}, {}, {}, {}, {}, {}, 0);
}

TORCH_LIBRARY_FRAGMENT(fovea, library) {
    library.def("serve_method(int inputs, int outputs, int[] kernel, int[] stride, int[] dilation, int groups) -> int", TORCH_FN(method_of));
    library.def("serve_pack(Tensor weight, int groups, int method, Tensor? scale=None) -> Tensor");
    library.impl("serve_pack", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(serve_pack)));
    library.def("serve_conv(Tensor x, Tensor packed, int[] geometry, Tensor? bias=None, int activation=0, Tensor? residual=None, Tensor? gate=None, Tensor? scale=None, Tensor? offset=None, Tensor? out=None, "
                "Tensor? expansion=None, Tensor? expansion_bias=None, int expansion_activation=0) -> Tensor");
    library.impl("serve_conv", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(serve_conv)));
    library.def("serve_room(Tensor x, int channels, int height, int width) -> Tensor", TORCH_FN(serve_room));
    library.def("serve_depthwise_mean(Tensor x, Tensor packed, int[] geometry, Tensor? bias=None, int activation=0, "
                "Tensor? expansion=None, Tensor? expansion_bias=None, int expansion_activation=0) -> (Tensor, Tensor)");
    library.impl("serve_depthwise_mean", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(serve_depthwise_mean)));
}
