// Batch normalisation of rows [M, C] (an image batch in channels-last memory: M = N·H·W) together with what follows it: an optional addition and an activation.
// One source, compiled for several instruction sets; no standard library inside, so that no shared inline function is compiled for a processor that is not there.
#pragma once
#include <cstdint>

namespace fovea {

enum Activation : int { kNone = 0, kRelu = 1, kRelu6 = 2 };

// T is float or uint16_t (the bits of bfloat16). Arrays of floats and doubles have one entry for each channel; `scratch` has two.
// Rows are long (norm.cpp joins short ones), so that the sums of one channel are far enough apart in time to wait in memory.
template <class T>
struct NormKernels {
    // sums[c] += Σ (x − shift), squares[c] += Σ (x − shift)²
    void (*collect)(const T* x, int64_t rows, int64_t channels, const float* shift, float* scratch, double* sums, double* squares);
    // y = act(x·scale + offset + residual); residual may be null.
    void (*apply)(const T* x, const T* residual, T* y, int64_t rows, int64_t channels, const float* scale, const float* offset, int activation);
    // g = dy where the activation was open: by x·scale + offset, or by y where that is given (a residual was added); then g is also written to `masked`.
    // sums[c] += Σ g, products[c] += Σ g·(x − mean)
    void (*reduce)(const T* dy, const T* y, const T* x, T* masked, int64_t rows, int64_t channels, const float* mean, const float* scale, const float* offset, int activation,
                   float* scratch, double* sums, double* products);
    // dx = g·scale + (x − mean)·slope + constant, g by x·scale + offset as above
    void (*differentiate)(const T* dy, const T* x, T* dx, int64_t rows, int64_t channels, const float* mean, const float* scale, const float* offset, const float* slope, const float* constant,
                          int activation);
};

struct NormKernelSet {
    NormKernels<float> f32;
    NormKernels<uint16_t> bf16;
};

const NormKernelSet& norm_kernels_baseline();
#if defined(__x86_64__)
const NormKernelSet& norm_kernels_avx2();
const NormKernelSet& norm_kernels_avx512();
#endif
inline const NormKernelSet& norm_kernels() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vl")) return norm_kernels_avx512();
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return norm_kernels_avx2();
#endif
    return norm_kernels_baseline();
}

} // namespace fovea
