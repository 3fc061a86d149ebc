// The gradient of 1×1 convolutions by their weights, float32: what libtorch leaves to the system's BLAS, which may be the plain reference one. An output's sum has one order, whatever the number of threads.
#pragma once
#include <cstdint>

namespace fovea {

struct PointwiseKernels {
    // c[first … last, n] = Σ over rows of a[row, m]ᵀ · b[row, n]; n is a multiple of 8.
    void (*outer)(const float* a, const float* b, float* c, int64_t rows, int64_t m, int64_t n, int64_t first, int64_t last);
};

#if defined(__x86_64__)
const PointwiseKernels& pointwise_kernels_avx2();
#endif

} // namespace fovea
