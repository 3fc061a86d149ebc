// fovea::sync_batch_norm — batch normalisation by the statistics of the batches of all processes together (torch.nn.SyncBatchNorm), in training.
#include <torch/csrc/autograd/custom_function.h>
#include <torch/library.h>
#include "distributed.h"

namespace {

using at::Tensor;
using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

std::vector<int64_t> all_but_channels(const Tensor& x) {
    std::vector<int64_t> dims{0};
    for (int64_t d = 2; d < x.dim(); d++) dims.push_back(d);
    return dims;
}

Tensor along_channels(const Tensor& v, const Tensor& x) {
    std::vector<int64_t> shape(x.dim(), 1);
    shape[1] = v.numel();
    return v.view(shape);
}

// Half-precision inputs are computed in float32; float64 stays, so that a test can tell rounding from a mistake.
at::ScalarType computed_in(const Tensor& x) {
    return x.scalar_type() == at::kDouble ? at::kDouble : at::kFloat;
}

struct SyncBatchNorm : torch::autograd::Function<SyncBatchNorm> {
    static Tensor forward(AutogradContext* context, const Tensor& input, const Tensor& weight, const Tensor& bias, const Tensor& running_mean, const Tensor& running_var, double momentum, double eps,
                          int64_t group) {
        auto type = computed_in(input);
        auto x = input.to(type);
        auto dims = all_but_channels(x);
        auto channels = x.size(1);
        auto own = static_cast<double>(x.numel() / channels);
        // [n·mean, n·(var + mean²), n], added up in double: the variance of all is got without a second round.
        auto [var_own, mean_own] = at::var_mean(x, dims, /*unbiased=*/false);
        auto m = mean_own.to(at::kDouble), v = var_own.to(at::kDouble);
        auto sums = at::cat({m * own, (v + m * m) * own, at::full({1}, own, m.options())}).contiguous();
        fovea::all_reduce(group, sums);
        auto n = sums[2 * channels].item<double>();
        TORCH_CHECK(n > 1, "batch norm in training needs more than one value for each channel");
        auto mean = sums.narrow(0, 0, channels) / n;
        auto variance = (sums.narrow(0, channels, channels) / n - mean * mean).clamp_min(0);
        auto inverse = (variance + eps).rsqrt().to(type);
        running_mean.mul_(1 - momentum).add_(mean.to(running_mean.scalar_type()), momentum);
        running_var.mul_(1 - momentum).add_((variance * (n / (n - 1))).to(running_var.scalar_type()), momentum);
        auto centre = mean.to(type);
        auto scale = inverse * weight;
        auto y = x * along_channels(scale, x) + along_channels(bias - centre * scale, x);
        context->save_for_backward({input, weight, centre, inverse});
        context->saved_data["group"] = group;
        context->saved_data["n"] = n;
        return y.to(input.scalar_type());
    }

    static variable_list backward(AutogradContext* context, variable_list gradients) {
        auto saved = context->get_saved_variables();
        auto type = computed_in(saved[0]);
        auto x = saved[0].to(type), weight = saved[1], mean = saved[2], inverse = saved[3];
        auto n = context->saved_data["n"].toDouble();
        auto dy = gradients[0].to(type);
        auto dims = all_but_channels(x);
        auto channels = x.size(1);
        auto normal = (x - along_channels(mean, x)) * along_channels(inverse, x);
        auto d_bias = dy.sum(dims), d_weight = (dy * normal).sum(dims); // this process's: the gradients' sum adds the others'
        auto sums = at::cat({d_bias, d_weight}).to(at::kDouble).contiguous();
        fovea::all_reduce(context->saved_data["group"].toInt(), sums);
        auto means = (sums / n).to(type);
        auto dx = along_channels(weight * inverse, x) * (dy - along_channels(means.narrow(0, 0, channels), x) - normal * along_channels(means.narrow(0, channels, channels), x));
        return {dx.to(saved[0].scalar_type()), d_weight, d_bias, Tensor(), Tensor(), Tensor(), Tensor(), Tensor()};
    }
};

Tensor sync_batch_norm(const Tensor& x, const Tensor& weight, const Tensor& bias, const Tensor& running_mean, const Tensor& running_var, double momentum, double eps, int64_t group) {
    return SyncBatchNorm::apply(x, weight, bias, running_mean, running_var, momentum, eps, group);
}

} // namespace

TORCH_LIBRARY_FRAGMENT(fovea, library) {
    library.def("sync_batch_norm(Tensor x, Tensor weight, Tensor bias, Tensor(a!) running_mean, Tensor(b!) running_var, float momentum, float eps, int group) -> Tensor");
    library.impl("sync_batch_norm", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(sync_batch_norm)));
}
