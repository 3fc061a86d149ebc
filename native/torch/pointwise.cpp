// See pointwise.h.
#include <ATen/Parallel.h>
#include "compat.h"
#include "pointwise.h"
#include "pointwise_kernels.h"

namespace {

using at::Tensor;
using fovea::kPointwisePanel;

const fovea::PointwiseKernels* kernels() {
#if defined(__x86_64__)
    static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return has ? &fovea::pointwise_kernels_avx2() : nullptr;
#else
    return nullptr;
#endif
}

int64_t rows_of(const Tensor& x) { return x.size(0) * x.size(2) * x.size(3); }

// b[k][n] with the given steps between its elements, as panels.
Tensor pack(const float* b, int64_t k, int64_t n, int64_t k_step, int64_t n_step) {
    const int64_t panels = (n + kPointwisePanel - 1) / kPointwisePanel;
    auto packed = at::empty({panels * k * kPointwisePanel}, at::kFloat);
    auto* to = packed.data_ptr<float>();
    at::parallel_for(0, panels, 1 + (1 << 14) / (k * kPointwisePanel), [&](int64_t first, int64_t last) {
        for (int64_t panel = first; panel < last; panel++)
            for (int64_t o = 0; o < kPointwisePanel; o++) {
                const int64_t out = panel * kPointwisePanel + o;
                float* own = to + panel * k * kPointwisePanel + o;
                for (int64_t i = 0; i < k; i++) own[i * kPointwisePanel] = out < n ? b[i * k_step + out * n_step] : 0;
            }
    });
    return packed;
}

void multiply(const float* a, const Tensor& packed, const float* bias, float* y, int64_t rows, int64_t k, int64_t n) {
    auto* b = packed.data_ptr<float>();
    const int64_t threads = at::get_num_threads(), parts = std::max<int64_t>(1, std::min(threads, rows * k * n >> 15));
    at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
        const int64_t begin = rows * first / parts, end = rows * last / parts;
        kernels()->multiply(a + begin * k, b, bias, y + begin * n, end - begin, k, n);
    });
}

} // namespace

bool fovea::pointwise_usable(const Tensor& x, const Tensor& weight) {
    bool shape = weight.size(2) == 1 && weight.size(3) == 1 && weight.size(1) % 8 == 0;
    return shape && kernels() && at::get_num_threads() == 1 && x.size(0) < 16;
}

Tensor fovea::pointwise(const Tensor& x, const Tensor& weight, const Tensor& bias) {
    const int64_t in = weight.size(1), out = weight.size(0);
    auto y = at::empty({x.size(0), out, x.size(2), x.size(3)}, x.options(), at::MemoryFormat::ChannelsLast);
    auto packed = pack(weight.data_ptr<float>(), in, out, 1, in);
    multiply(x.data_ptr<float>(), packed, bias.defined() ? bias.data_ptr<float>() : nullptr, y.data_ptr<float>(), rows_of(x), in, out);
    return y;
}

Tensor fovea::pointwise_input_gradient(const Tensor& dy, const Tensor& weight) {
    const int64_t in = weight.size(1), out = weight.size(0);
    auto dx = at::empty({dy.size(0), in, dy.size(2), dy.size(3)}, dy.options(), at::MemoryFormat::ChannelsLast);
    auto packed = pack(weight.data_ptr<float>(), out, in, in, 1);
    multiply(dy.data_ptr<float>(), packed, nullptr, dx.data_ptr<float>(), rows_of(dy), out, in);
    return dx;
}

Tensor fovea::pointwise_weight_gradient(const Tensor& x, const Tensor& dy, const Tensor& weight) {
    const int64_t in = weight.size(1), out = weight.size(0), rows = rows_of(x), parts = std::min<int64_t>(at::get_num_threads(), (out + 5) / 6);
    auto dw = at::empty_like(weight);
    auto *xp = x.data_ptr<float>(), *dyp = dy.data_ptr<float>(), *dwp = dw.data_ptr<float>();
    at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) { kernels()->outer(dyp, xp, dwp, rows, out, in, out * first / parts, out * last / parts); });
    return dw;
}
