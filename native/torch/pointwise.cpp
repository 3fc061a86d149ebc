// See pointwise.h.
#include <ATen/Parallel.h>
#include "compat.h"
#include "pointwise.h"
#include "pointwise_kernels.h"

namespace {

using at::Tensor;

const fovea::PointwiseKernels* kernels() {
#if defined(__x86_64__)
    static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma");
    return has ? &fovea::pointwise_kernels_avx2() : nullptr;
#else
    return nullptr;
#endif
}

int64_t rows_of(const Tensor& x) { return x.size(0) * x.size(2) * x.size(3); }

} // namespace

bool fovea::pointwise_usable(const Tensor& x, const Tensor& weight) {
    bool shape = weight.size(2) == 1 && weight.size(3) == 1 && weight.size(1) % 8 == 0;
    return shape && kernels() && at::get_num_threads() == 1 && x.size(0) < 16;
}

Tensor fovea::pointwise_weight_gradient(const Tensor& x, const Tensor& dy, const Tensor& weight) {
    const int64_t in = weight.size(1), out = weight.size(0), rows = rows_of(x), parts = std::min<int64_t>(at::get_num_threads(), (out + 5) / 6);
    auto dw = at::empty_like(weight);
    auto *xp = x.data_ptr<float>(), *dyp = dy.data_ptr<float>(), *dwp = dw.data_ptr<float>();
    at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) { kernels()->outer(dyp, xp, dwp, rows, out, in, out * first / parts, out * last / parts); });
    return dw;
}
