// When 1×1 convolutions of stride 1 are trained by kernels of our own, and the gradient by their weights; the products are the serving kernels' (serve.h). Channels-last float32 in and out.
#pragma once
#include <ATen/ATen.h>

namespace fovea {

// Whether this processor has the kernels and it pays: where libtorch would ask the system's BLAS, which may be the reference one, and not oneDNN. That is with one thread and fewer than 16 images.
bool pointwise_usable(const at::Tensor& x, const at::Tensor& weight);

// Of weight [out, in, 1, 1], from x [N, in, H, W] and dy [N, out, H, W].
at::Tensor pointwise_weight_gradient(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& weight);

} // namespace fovea
