// Kernels of a network that only serves: convolutions on channels-last float32 with everything around them fused, see serve.cpp.
// One source for several instruction sets; no standard library inside, so that no shared inline function is compiled for a processor that is not there.
#pragma once
#include <cstdint>

namespace fovea {

enum ServeActivation : int { kServeNone = 0, kServeRelu = 1, kServeRelu6 = 2, kServeSilu = 3, kServeHardswish = 4, kServeSigmoid = 5, kServeHardsigmoid = 6 };

// x [images, height, width, in], y [images, out_height, out_width, out]; a pixel of x is `x_step` floats from the next one, likewise y and the residual: they may be slices of wider maps.
struct ServeShape {
    int64_t images, height, width, in, x_step, out_height, out_width, out, y_step, residual_step;
    int64_t kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
    int64_t panel_in; // input channels that a panel of outputs sees: all, or those of its groups
    int64_t pixels() const { return images * out_height * out_width; }
};

// A 1×1 convolution of stride 1 whose result only a depthwise one sees: it is computed strip by strip where the depthwise one reads, and never lies in memory as a whole.
struct ServeExpansion {
    const float *packed, *bias; // packed null: there is none
    int64_t in;                 // its input channels; its outputs are the depthwise convolution's
    int activation;
};

// Rows of y are cut into strips, whose inputs lie in the cache.
struct ServeStrips { int64_t rows, count; };

// y = act(conv(pre(x)) + bias + residual); pre(x) = x·gate[image], or max(0, x·scale + offset), or x.
struct ServeArguments {
    const float *x, *packed, *bias, *residual, *gate, *scale, *offset;
    float* y;
    float* sums; // depthwise only: [images, strips, out] sums over the strip's places of y, or null
    int activation;
    ServeExpansion expansion; // depthwise only
};

struct ServeKernels {
    int64_t lanes; // floats in a vector; a panel has two vectors of outputs
    int64_t rows;  // output pixels of a tile in registers
    // A product of matrices; panels [first_panel, last_panel) for the pixels [first, last) over all images.
    void (*convolve)(const ServeShape& shape, const ServeArguments& arguments, int64_t first, int64_t last, int64_t first_panel, int64_t last_panel, float* scratch);
    // For 3×3, stride 1, by Winograd's F(2×2, 3×3): 2×2 outputs from 16 products instead of 36. `first`, `last` count such squares over all images.
    void (*winograd)(const ServeShape& shape, const ServeArguments& arguments, int64_t first, int64_t last, int64_t first_panel, int64_t last_panel, float* scratch);
    // Each channel by itself: one image, a panel's channels, strips [first, last) one after another, so that each takes over the rows that it shares with the one before.
    void (*depthwise)(const ServeShape& shape, const ServeArguments& arguments, int64_t image, int64_t panel, const ServeStrips& strips, int64_t first, int64_t last, float* scratch);
};

// Floats of scratch for each; and how many pixels or squares one piece of work should take.
constexpr int64_t kServePad = 16; // floats between rows, so that they do not meet in one cache set

inline int64_t serve_squares(const ServeShape& s, const ServeKernels& k) {
    int64_t n = (1 << 18) / (16 * (s.in + kServePad)) / k.rows * k.rows;
    return n < 4 * k.rows ? 4 * k.rows : n > 96 ? 96 : n;
}
inline int64_t serve_chunk(const ServeShape& s, const ServeKernels& k) {
    int64_t n = (1 << 16) / (s.kernel_h * s.kernel_w * s.in + kServePad) / k.rows * k.rows;
    return n < k.rows ? k.rows : n > 192 ? 192 / k.rows * k.rows : n;
}
inline int64_t serve_scratch(const ServeShape& s, const ServeKernels& k) {
    int64_t squares = serve_squares(s, k), winograd = 16 * squares * (s.in + kServePad) + 16 * squares * 4 * k.lanes, convolve = serve_chunk(s, k) * (s.kernel_h * s.kernel_w * s.in + kServePad);
    return winograd > convolve ? winograd : convolve;
}

// Floats of a row of a depthwise strip; beyond the edge there is room for the last group of places.
inline int64_t serve_strip_row(const ServeShape& s, const ServeKernels& k) { return (s.width + 2 * s.pad_w + 4 * s.stride_w) * 2 * k.lanes; }
// Depends on the shape alone, because the order of the sums follows from it.
inline ServeStrips serve_strips(const ServeShape& s, const ServeKernels& k, bool expanded) {
    int64_t cache = (expanded ? 2048 : 768) * k.lanes; // floats: for the second level, or for the first
    int64_t rows = (cache / serve_strip_row(s, k) - (s.kernel_h - 1) * s.dilation_h) / s.stride_h;
    rows = rows < 1 ? 1 : rows > s.out_height ? s.out_height : rows;
    return {rows, (s.out_height + rows - 1) / rows};
}
inline int64_t serve_strip_scratch(const ServeShape& s, const ServeKernels& k, const ServeStrips& strips) {
    return (((strips.rows - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1) * serve_strip_row(s, k)) + s.kernel_w * s.dilation_w * 2 * k.lanes;
}

const ServeKernels& serve_kernels_baseline();
#if defined(__x86_64__)
const ServeKernels& serve_kernels_avx2();
const ServeKernels& serve_kernels_avx512();
#endif

} // namespace fovea
