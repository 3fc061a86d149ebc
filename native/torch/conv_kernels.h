// The weights' gradient of a convolution on channels-last memory, for AVX-512: dw[o, kh, kw, i] = Σ over output pixels of dy[p, o] · x[pixel of p under the tap (kh, kw), i].
// It is a matrix product over the pixels. oneDNN 2.6 reaches half of the processor's speed here, and four fifths in the forward pass.
#pragma once
#include <cstdint>

namespace fovea {

// x [images, height, width, in], dy [images, out_height, out_width, out], dw [out, kernel_h, kernel_w, in], all dense in this order.
struct ConvShape {
    int64_t images, height, width, in, out_height, out_width, out, kernel_h, kernel_w, stride_h, stride_w, pad_h, pad_w, dilation_h, dilation_w;
};

// T is float or uint16_t (the bits of bfloat16).
template <class T>
struct ConvKernels {
    // Gradient by the images [first_image, last_image) for the outputs [first_out, last_out), written to their part of dw. `scratch` has scratch_bytes(shape).
    void (*weight_gradient)(const ConvShape& shape, const T* x, const T* dy, float* dw, int64_t first_image, int64_t last_image, int64_t first_out, int64_t last_out, void* scratch);
    int64_t (*scratch_bytes)(const ConvShape& shape);
    // The kernel turned by 180° with its channels exchanged, turned[i, −kh, −kw, o] = weight[o, kh, kw, i], for the inputs [first_in, last_in); both channel counts and the range are multiples of 16.
    void (*turn)(const ConvShape& shape, const T* weight, T* turned, int64_t first_in, int64_t last_in);
};

constexpr int64_t kConvTile = 6; // outputs that one pass over the pixels takes; ranges of outputs should be multiples

#if defined(__x86_64__)
const ConvKernels<float>& conv_kernels_avx512();
#endif

} // namespace fovea
