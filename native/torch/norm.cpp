// fovea::batch_norm_act — batch normalisation, an optional addition (a block's shortcut) and an activation as one operator.
//
// A network spends a third of its training step in these three, and all they do is move memory: libtorch goes over an activation sixteen times
// in forward and backward pass, this eight times. In channels-last memory on the CPU, float32 or bfloat16; anything else goes through libtorch's own operators.
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
#include "compat.h"
#include "norm_kernels.h"

namespace {

using at::Tensor;
using c10::optional;
using fovea::NormKernels;

const NormKernels<float>& kernels_of(const float*) { static const auto& k = fovea::norm_kernels().f32; return k; }
const NormKernels<uint16_t>& kernels_of(const uint16_t*) { static const auto& k = fovea::norm_kernels().bf16; return k; }

bool is_rows(const Tensor& t) {
    return (t.dim() == 4 && t.is_contiguous(at::MemoryFormat::ChannelsLast)) || (t.dim() == 2 && t.is_contiguous());
}

bool usable(const Tensor& x, const Tensor& weight, const optional<Tensor>& residual) {
    return x.device().is_cpu() && (x.scalar_type() == at::kFloat || x.scalar_type() == at::kBFloat16) && x.numel() > 0 && is_rows(x) && weight.scalar_type() == at::kFloat
        && (!residual || (is_rows(*residual) && residual->scalar_type() == x.scalar_type() && residual->sizes() == x.sizes()));
}

// Rows of few channels are joined, `join` to one, for the kernels' sake: their arrays of channels are then repeated as often.
struct Rows {
    int64_t channels, rows, join, width; // width = join · channels: length of the rows that the kernels see

    explicit Rows(const Tensor& x) : channels(x.size(1)), rows(x.numel() / channels), join(1) {
        // A multiple of the vectors' 16 lanes, where that is possible, and at least 16 vectors.
        while (join < rows && join * channels < 256) join++;
        while (join < rows && join * channels % 16 != 0 && join * channels < 8192) join++;
        width = join * channels;
    }

    std::vector<float> repeat(const float* values) const {
        std::vector<float> all(width);
        for (int64_t i = 0; i < join; i++) std::copy_n(values, channels, all.data() + i * channels);
        return all;
    }

    // Calls body(element, rows, width, part) in parallel. Parts are numbered, so that sums can be added in a fixed order whatever thread ran them; rows that are
    // left over make one shorter row, whose channels are the first of the repeated ones.
    template <class F>
    void run(const F& body) const {
        int64_t joined = rows / join, rest = rows % join;
        int64_t parts = std::max<int64_t>(1, std::min<int64_t>({at::get_num_threads(), joined, rows * channels >> 15}));
        at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
            for (int64_t part = first; part < last; part++) {
                int64_t begin = joined * part / parts, end = joined * (part + 1) / parts;
                body(begin * width, end - begin, width, part);
                if (part == parts - 1 && rest) body(joined * width, 1, rest * channels, part);
            }
        });
    }

    // Two sums for each channel. body(element, rows, width, scratch, first, second)
    template <class F>
    void sum(std::vector<double>& a, std::vector<double>& b, const F& body) const {
        int64_t parts = at::get_num_threads();
        std::vector<double> sums(parts * 2 * width);
        std::vector<float> scratch(parts * 2 * width);
        run([&](int64_t element, int64_t count, int64_t length, int64_t part) {
            double* own = sums.data() + part * 2 * width;
            body(element, count, length, scratch.data() + part * 2 * width, own, own + width);
        });
        a.assign(channels, 0);
        b.assign(channels, 0);
        for (int64_t part = 0; part < parts; part++)
            for (int64_t i = 0; i < width; i++) {
                a[i % channels] += sums[part * 2 * width + i];
                b[i % channels] += sums[(part * 2 + 1) * width + i];
            }
    }
};

template <class F>
Tensor dispatch(const Tensor& x, const F& body) {
    return x.scalar_type() == at::kFloat ? body(static_cast<float*>(nullptr)) : body(static_cast<uint16_t*>(nullptr));
}

template <class T> T* data(const Tensor& t) { return t.defined() ? static_cast<T*>(t.data_ptr()) : nullptr; }

Tensor normalise(const Rows& rows, const Tensor& x, const Tensor& residual, const float* channel_scale, const float* channel_offset, int64_t activation) {
    auto y = at::empty_like(x);
    auto scale = rows.repeat(channel_scale), offset = rows.repeat(channel_offset);
    return dispatch(x, [&](auto* tag) {
        using T = std::remove_pointer_t<decltype(tag)>;
        auto *xp = data<T>(x), *rp = data<T>(residual), *yp = data<T>(y);
        rows.run([&](int64_t at, int64_t count, int64_t width, int64_t) {
            kernels_of(xp).apply(xp + at, rp ? rp + at : nullptr, yp + at, count, width, scale.data(), offset.data(), static_cast<int>(activation));
        });
        return y;
    });
}

struct BatchNormAct : torch::autograd::Function<BatchNormAct> {
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias, const optional<Tensor>& residual,
                          const Tensor& running_mean, const Tensor& running_var, bool training, double momentum, double eps, int64_t activation) {
        Rows rows(x);
        auto channels = rows.channels;
        auto count = static_cast<double>(rows.rows);
        // What the backward pass needs of each channel: mean, 1/σ, scale, offset.
        auto statistics = at::empty({4, channels}, at::TensorOptions().dtype(at::kFloat));
        auto *mean = statistics.data_ptr<float>(), *inverse = mean + channels, *scale = inverse + channels, *offset = scale + channels;
        std::vector<double> sums, squares;
        std::vector<float> first(channels);
        if (training) dispatch(x, [&](auto* tag) {
            using T = std::remove_pointer_t<decltype(tag)>;
            auto* xp = data<T>(x);
            // Deviations from the first row, not squares of the values: no cancellation where the mean is far from zero.
            auto row = x.as_strided({channels}, {1}).to(at::kFloat);
            std::copy_n(row.template data_ptr<float>(), channels, first.data());
            auto shift = rows.repeat(first.data());
            rows.sum(sums, squares, [&](int64_t at, int64_t n, int64_t width, float* scratch, double* s, double* q) {
                kernels_of(xp).collect(xp + at, n, width, shift.data(), scratch, s, q);
            });
            return Tensor();
        });
        auto *w = weight.data_ptr<float>(), *b = bias.data_ptr<float>(), *rm = running_mean.data_ptr<float>(), *rv = running_var.data_ptr<float>();
        for (int64_t c = 0; c < channels; c++) {
            double deviation = training ? sums[c] / count : 0, variance = training ? std::max(0.0, squares[c] / count - deviation * deviation) : rv[c];
            mean[c] = training ? static_cast<float>(first[c] + deviation) : rm[c];
            inverse[c] = static_cast<float>(1 / std::sqrt(variance + eps));
            scale[c] = inverse[c] * w[c];
            offset[c] = b[c] - mean[c] * scale[c];
            if (!training) continue;
            rm[c] = static_cast<float>(momentum * mean[c] + (1 - momentum) * rm[c]);
            rv[c] = static_cast<float>(momentum * (variance * count / (count - 1)) + (1 - momentum) * rv[c]);
        }
        auto y = normalise(rows, x, residual ? *residual : Tensor(), scale, offset, activation);
        // Without a shortcut the activation's state follows from x.
        context->save_for_backward({x, weight, statistics, residual && activation != fovea::kNone ? y : Tensor()});
        context->saved_data["activation"] = activation;
        context->saved_data["residual"] = residual.has_value();
        context->saved_data["training"] = training;
        return y;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto &x = saved[0], &weight = saved[1], &statistics = saved[2], &y = saved[3];
        auto activation = static_cast<int>(context->saved_data["activation"].toInt());
        bool residual = context->saved_data["residual"].toBool(), training = context->saved_data["training"].toBool();
        Rows rows(x);
        auto channels = rows.channels;
        auto dy = gradients[0].to(x.scalar_type()).contiguous(x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
        // The shortcut's gradient is the masked one itself; without an activation it is the incoming one.
        auto masked = y.defined() ? at::empty_like(x) : dy;
        auto d_weight = at::empty_like(weight), d_bias = at::empty_like(weight), dx = at::empty_like(x);
        const auto *channel_mean = statistics.data_ptr<float>(), *inverse = channel_mean + channels;
        auto mean = rows.repeat(channel_mean), scale = rows.repeat(inverse + channels), offset = rows.repeat(inverse + 2 * channels);
        dispatch(x, [&](auto* tag) {
            using T = std::remove_pointer_t<decltype(tag)>;
            auto *xp = data<T>(x), *yp = data<T>(y), *dyp = data<T>(dy), *mp = data<T>(masked), *dxp = data<T>(dx);
            std::vector<double> sums, products;
            rows.sum(sums, products, [&](int64_t at, int64_t n, int64_t width, float* scratch, double* s, double* p) {
                kernels_of(xp).reduce(dyp + at, yp ? yp + at : nullptr, xp + at, mp + at, n, width, mean.data(), scale.data(), offset.data(), activation, scratch, s, p);
            });
            std::vector<float> channel_slope(channels), channel_constant(channels);
            auto *dw = d_weight.template data_ptr<float>(), *db = d_bias.template data_ptr<float>();
            for (int64_t c = 0; c < channels; c++) {
                dw[c] = static_cast<float>(products[c] * inverse[c]);
                db[c] = static_cast<float>(sums[c]);
                if (!training) continue; // running statistics are constants; the batch's own depend on x
                double k = static_cast<double>(scale[c]) / static_cast<double>(rows.rows);
                channel_slope[c] = static_cast<float>(-k * inverse[c] * inverse[c] * products[c]);
                channel_constant[c] = static_cast<float>(-k * sums[c]);
            }
            auto slope = rows.repeat(channel_slope.data()), constant = rows.repeat(channel_constant.data());
            rows.run([&](int64_t at, int64_t n, int64_t width, int64_t) {
                kernels_of(xp).differentiate(mp + at, xp + at, dxp + at, n, width, mean.data(), scale.data(), offset.data(), slope.data(), constant.data(),
                                             yp ? static_cast<int>(fovea::kNone) : activation);
            });
            return Tensor();
        });
        return {dx, d_weight, d_bias, residual ? masked : Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
    }
};

Tensor activate(Tensor y, int64_t activation) {
    if (activation == fovea::kRelu) return at::relu_(y);
    if (activation == fovea::kRelu6) return y.scalar_type() == at::kBFloat16 ? at::clamp(y, 0, 6) : at::hardtanh_(y, 0, 6);
    return y;
}

Tensor batch_norm_act(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& running_mean, const Tensor& running_var, bool training, double momentum, double eps,
                      int64_t activation, const optional<Tensor>& residual) {
    TORCH_CHECK(activation >= fovea::kNone && activation <= fovea::kRelu6, "batch_norm_act: activation ", activation, " is not known");
    TORCH_CHECK(x.dim() >= 2 && weight.dim() == 1 && weight.size(0) == x.size(1) && bias.sizes() == weight.sizes() && running_mean.sizes() == weight.sizes() && running_var.sizes() == weight.sizes(),
                "batch_norm_act: weight ", weight.sizes(), " and input ", x.sizes(), " do not agree on the channels");
    bool floats = weight.scalar_type() == at::kFloat && bias.scalar_type() == at::kFloat && running_mean.scalar_type() == at::kFloat && running_var.scalar_type() == at::kFloat;
    bool contiguous = weight.is_contiguous() && bias.is_contiguous() && running_mean.is_contiguous() && running_var.is_contiguous();
    if (floats && contiguous && usable(x, weight, residual)) {
        TORCH_CHECK(!training || x.numel() > x.size(1), "batch norm in training needs more than one value for each channel, the input is ", x.sizes());
        return BatchNormAct::apply(x, weight, bias, residual, running_mean, running_var, training, momentum, eps, activation);
    }
    auto y = at::batch_norm(x, weight, bias, running_mean, running_var, training, momentum, eps, true);
    return activate(residual ? at::add(y, *residual) : y, activation);
}

} // namespace

TORCH_LIBRARY(fovea, library) {
    library.def("batch_norm_act(Tensor x, Tensor weight, Tensor bias, Tensor running_mean, Tensor running_var, bool training, float momentum, float eps, int activation, Tensor? residual=None) -> Tensor");
    library.impl("batch_norm_act", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(batch_norm_act)));
}
