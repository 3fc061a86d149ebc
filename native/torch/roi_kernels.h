// The inner loops of fovea::roi_align, compiled once for each instruction set (roi_kernels.cpp).
#pragma once
#include <cstdint>

namespace fovea {

// One bilinear sample: four rows of channels and their weights, which hold the 1/count of the bin's mean.
template <class T>
struct RoiTap {
    int64_t offset[4]; // elements from the map's first
    T weight[4];
};

// `channels` of each row; rows are contiguous (channels last).
template <class T>
struct RoiKernels {
    // y[c] = Σ taps, corners weight · x[offset + c]
    void (*gather)(const T* x, const RoiTap<T>* taps, int64_t count, T* y, int64_t channels);
    // dx[offset + c] += weight · dy[c] for all taps and corners
    void (*scatter)(T* dx, const RoiTap<T>* taps, int64_t count, const T* dy, int64_t channels);
};

struct RoiKernelSet {
    RoiKernels<float> f32;
    RoiKernels<double> f64;
};

const RoiKernelSet& roi_kernels_baseline();
#if defined(__x86_64__)
const RoiKernelSet& roi_kernels_avx2();
#endif
inline const RoiKernelSet& roi_kernels() {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return roi_kernels_avx2();
#endif
    return roi_kernels_baseline();
}

} // namespace fovea
