// Convolutions of 3×3 kernels with stride 1 on channels-last float32 by Winograd's F(2×2, 3×3) (Lavin and Gray, arXiv:1509.09308): 16 products for four output pixels where the plain sum takes 36,
// and the same for the gradients of the input and of the weights. Its additions cost about one more bit of the result than the plain sum does.
//
// A tile is 2×2 output pixels. Tiles are numbered by image, row, column; threads share them (or the outputs, for the weights' gradient), and the result does not depend on how.
#pragma once
#include "conv_kernels.h"

namespace fovea {

struct WinogradKernels {
    // weight [out, 3, 3, in] → transformed, for the forward pass by its outputs [first, last), for the gradient of the input (the kernel turned by 180°, its channels exchanged) by its inputs [first, last).
    void (*weights)(const ConvShape& shape, const float* weight, float* transformed, int64_t first, int64_t last);
    void (*turned_weights)(const ConvShape& shape, const float* weight, float* transformed, int64_t first, int64_t last);
    // The convolution itself for the tiles [first, last), at most kWinogradTiles of them; `shape` is that of the convolution which is computed.
    void (*convolve)(const ConvShape& shape, const float* x, const float* transformed, float* y, int64_t first, int64_t last, float* scratch);
    // dw for the outputs [first, last), from all tiles.
    void (*weight_gradient)(const ConvShape& shape, const float* x, const float* dy, float* dw, int64_t first, int64_t last, float* scratch);
};

constexpr int64_t kWinogradPanel = 16; // channel counts and ranges of channels are multiples
constexpr int64_t kWinogradTiles = 64;

// 16 coefficients for each pair of channels; scratch for one thread.
inline int64_t winograd_weight_floats(const ConvShape& s) { return 16 * s.in * s.out; }
inline int64_t winograd_scratch_floats(const ConvShape& s) { return 16 * kWinogradTiles * (s.in + s.out); }
inline int64_t winograd_gradient_floats(const ConvShape& s, int64_t outs) { return 16 * kWinogradTiles * (s.in + outs) + 16 * s.in * outs; }
inline int64_t winograd_tiles(const ConvShape& s) { return s.images * ((s.out_height + 1) / 2) * ((s.out_width + 1) / 2); }

#if defined(__x86_64__)
const WinogradKernels& winograd_kernels_avx2();
#endif

} // namespace fovea
