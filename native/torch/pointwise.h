// 1×1 convolutions of stride 1 on tensors: memory and threads around pointwise_kernels.h. Channels-last float32 in and out.
#pragma once
#include <ATen/ATen.h>

namespace fovea {

// Whether this processor has the kernels and it pays: where libtorch would ask the system's BLAS, which may be the reference one, and not oneDNN. That is with one thread and fewer than 16 images.
bool pointwise_usable(const at::Tensor& x, const at::Tensor& weight);

// x [N, in, H, W], weight [out, in, 1, 1], bias [out] or undefined.
at::Tensor pointwise(const at::Tensor& x, const at::Tensor& weight, const at::Tensor& bias);
at::Tensor pointwise_input_gradient(const at::Tensor& dy, const at::Tensor& weight);
at::Tensor pointwise_weight_gradient(const at::Tensor& x, const at::Tensor& dy, const at::Tensor& weight);

} // namespace fovea
