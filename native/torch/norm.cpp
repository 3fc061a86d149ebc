// fovea::batch_norm_act — batch normalisation, an optional addition (a block's shortcut) and an activation as one operator.
//
// A network spends a third of its training step in these three, and all they do is move memory: libtorch reads an activation nine times and writes it four times
// over forward and backward, this six and two. In channels-last memory on the CPU, float32 or bfloat16; anything else goes through libtorch's own operators.
#include <ATen/Parallel.h>
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
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

// Calls body(begin row, end row, part) in parallel; parts are numbered so that sums can be added in a fixed order whatever thread ran them.
template <class F>
void for_rows(int64_t rows, int64_t channels, const F& body) {
    int64_t parts = std::min<int64_t>(at::get_num_threads(), std::max<int64_t>(1, rows * channels / (1 << 15)));
    int64_t step = (rows + parts - 1) / parts;
    at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
        for (int64_t part = first; part < last; part++)
            if (part * step < rows) body(part * step, std::min(rows, (part + 1) * step), part);
    });
}

// Two sums for each channel over all rows.
template <class F>
void sum_rows(int64_t rows, int64_t channels, std::vector<double>& a, std::vector<double>& b, const F& body) {
    int64_t parts = at::get_num_threads();
    std::vector<double> sums(parts * 2 * channels);
    std::vector<float> scratch(parts * 2 * channels);
    for_rows(rows, channels, [&](int64_t begin, int64_t end, int64_t part) {
        double* own = sums.data() + part * 2 * channels;
        body(begin, end, scratch.data() + part * 2 * channels, own, own + channels);
    });
    a.assign(channels, 0);
    b.assign(channels, 0);
    for (int64_t part = 0; part < parts; part++)
        for (int64_t c = 0; c < channels; c++) {
            a[c] += sums[part * 2 * channels + c];
            b[c] += sums[(part * 2 + 1) * channels + c];
        }
}

template <class F>
Tensor dispatch(const Tensor& x, const F& body) {
    return x.scalar_type() == at::kFloat ? body(static_cast<float*>(nullptr)) : body(static_cast<uint16_t*>(nullptr));
}

template <class T> T* data(const Tensor& t) { return t.defined() ? static_cast<T*>(t.data_ptr()) : nullptr; }

Tensor normalise(const Tensor& x, const Tensor& residual, const float* scale, const float* offset, int64_t activation) {
    auto channels = x.size(1), rows = x.numel() / channels;
    auto y = at::empty_like(x);
    return dispatch(x, [&](auto* tag) {
        using T = std::remove_pointer_t<decltype(tag)>;
        auto* xp = data<T>(x); auto* rp = data<T>(residual); auto* yp = data<T>(y);
        for_rows(rows, channels, [&](int64_t begin, int64_t end, int64_t) {
            auto at = begin * channels;
            kernels_of(xp).apply(xp + at, rp ? rp + at : nullptr, yp + at, end - begin, channels, scale, offset, static_cast<int>(activation));
        });
        return y;
    });
}

struct BatchNormAct : torch::autograd::Function<BatchNormAct> {
    static Tensor forward(torch::autograd::AutogradContext* context, const Tensor& x, const Tensor& weight, const Tensor& bias, const optional<Tensor>& residual,
                          const Tensor& running_mean, const Tensor& running_var, bool training, double momentum, double eps, int64_t activation) {
        auto channels = x.size(1), rows = x.numel() / channels;
        auto floats = at::TensorOptions().dtype(at::kFloat);
        auto mean = at::empty({channels}, floats), inverse = at::empty({channels}, floats);
        std::vector<double> sums, squares;
        std::vector<float> shift(channels);
        if (training) dispatch(x, [&](auto* tag) {
            using T = std::remove_pointer_t<decltype(tag)>;
            auto* xp = data<T>(x);
            // Deviations from the first row, not squares of the values: no cancellation where the mean is far from zero.
            auto first = x.as_strided({channels}, {1}).to(at::kFloat);
            std::copy_n(first.template data_ptr<float>(), channels, shift.data());
            sum_rows(rows, channels, sums, squares, [&](int64_t begin, int64_t end, float* scratch, double* s, double* q) {
                kernels_of(xp).collect(xp + begin * channels, end - begin, channels, shift.data(), scratch, s, q);
            });
            return Tensor();
        });
        std::vector<float> scale(channels), offset(channels);
        auto* w = weight.data_ptr<float>(); auto* b = bias.data_ptr<float>();
        auto* m = mean.data_ptr<float>(); auto* inv = inverse.data_ptr<float>();
        auto* rm = running_mean.data_ptr<float>(); auto* rv = running_var.data_ptr<float>();
        for (int64_t c = 0; c < channels; c++) {
            double deviation = training ? sums[c] / rows : 0, variance = training ? std::max(0.0, squares[c] / rows - deviation * deviation) : rv[c];
            m[c] = training ? static_cast<float>(shift[c] + deviation) : rm[c];
            inv[c] = static_cast<float>(1 / std::sqrt(variance + eps));
            scale[c] = inv[c] * w[c];
            offset[c] = b[c] - m[c] * scale[c];
            if (!training) continue;
            rm[c] = static_cast<float>(momentum * m[c] + (1 - momentum) * rm[c]);
            rv[c] = static_cast<float>(momentum * (variance * rows / (rows - 1)) + (1 - momentum) * rv[c]);
        }
        auto y = normalise(x, residual ? *residual : Tensor(), scale.data(), offset.data(), activation);
        context->save_for_backward({x, weight, mean, inverse, activation == fovea::kNone ? Tensor() : y});
        context->saved_data["activation"] = activation;
        context->saved_data["residual"] = residual.has_value();
        context->saved_data["training"] = training;
        return y;
    }

    static torch::autograd::variable_list backward(torch::autograd::AutogradContext* context, torch::autograd::variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto &x = saved[0], &weight = saved[1], &mean = saved[2], &inverse = saved[3], &y = saved[4];
        auto activation = static_cast<int>(context->saved_data["activation"].toInt());
        auto channels = x.size(1), rows = x.numel() / channels;
        auto dy = gradients[0].to(x.scalar_type()).contiguous(x.dim() == 4 ? at::MemoryFormat::ChannelsLast : at::MemoryFormat::Contiguous);
        // The shortcut's gradient is the masked one itself; without an activation it is the incoming one.
        bool residual = context->saved_data["residual"].toBool(), training = context->saved_data["training"].toBool();
        bool write = residual && activation != fovea::kNone;
        auto masked = write ? at::empty_like(x) : Tensor();
        auto d_weight = at::empty_like(weight), d_bias = at::empty_like(weight), dx = at::empty_like(x);
        std::vector<double> sums, products;
        std::vector<float> factor(channels), slope(channels), offset(channels);
        auto* m = mean.data_ptr<float>();
        dispatch(x, [&](auto* tag) {
            using T = std::remove_pointer_t<decltype(tag)>;
            auto *xp = data<T>(x), *yp = data<T>(y), *dyp = data<T>(dy), *mp = data<T>(masked), *dxp = data<T>(dx);
            if (!yp) yp = xp; // never read without an activation
            sum_rows(rows, channels, sums, products, [&](int64_t begin, int64_t end, float* scratch, double* s, double* p) {
                auto at = begin * channels;
                kernels_of(xp).reduce(dyp + at, yp + at, xp + at, mp ? mp + at : nullptr, end - begin, channels, m, activation, scratch, s, p);
            });
            auto* w = weight.data_ptr<float>(); auto* inv = inverse.data_ptr<float>();
            for (int64_t c = 0; c < channels; c++) {
                d_weight.data_ptr<float>()[c] = static_cast<float>(products[c] * inv[c]);
                d_bias.data_ptr<float>()[c] = static_cast<float>(sums[c]);
                double k = static_cast<double>(inv[c]) * w[c];
                factor[c] = static_cast<float>(k);
                // Running statistics are constants; the batch's own depend on x.
                slope[c] = training ? static_cast<float>(-k * inv[c] * inv[c] * products[c] / rows) : 0;
                offset[c] = training ? static_cast<float>(-k * sums[c] / rows) : 0;
            }
            for_rows(rows, channels, [&](int64_t begin, int64_t end, int64_t) {
                auto at = begin * channels;
                kernels_of(xp).differentiate(mp ? mp + at : dyp + at, yp + at, xp + at, dxp + at, end - begin, channels, m, factor.data(), slope.data(), offset.data(),
                                             mp ? fovea::kNone : activation);
            });
            return Tensor();
        });
        return {dx, d_weight, d_bias, write ? masked : residual ? dy : Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
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
