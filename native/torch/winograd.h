// Winograd's convolution on tensors: memory and threads around winograd_kernels.h.
#pragma once
#include <ATen/ATen.h>
#include "winograd_kernels.h"

namespace fovea {

// Whether this processor has the kernels, they take the shape, and it pays.
bool winograd_usable(const ConvShape& shape);

// The forward pass; or, turned, the gradient of the input from that of the output, which x is then. `shape` is the forward convolution's. Channels-last float32 in and out.
at::Tensor winograd(const ConvShape& shape, const at::Tensor& x, const at::Tensor& weight, bool turned);
at::Tensor winograd_gradient(const ConvShape& shape, const at::Tensor& x, const at::Tensor& dy, const at::Tensor& weight);

} // namespace fovea
