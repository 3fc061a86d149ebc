// What training takes from the serving kernels.
#pragma once
#include <ATen/ATen.h>

namespace fovea {

// 1×1 convolution of stride 1: x [N, in, H, W] channels-last float32, weight [out, in, 1, 1] of any strides, bias [out] or nothing. Records nothing for a way back.
at::Tensor product(const at::Tensor& x, const at::Tensor& weight, const c10::optional<at::Tensor>& bias);

} // namespace fovea
