// fovea::sgd_ — the step of torch.optim.SGD in one pass: each weight, gradient and momentum is read once, each weight and momentum written once.
// Step by step with libtorch's _foreach operators it is eleven passes.
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <torch/library.h>
#include "compat.h"

namespace {

using at::Tensor;

bool same_memory(const Tensor& a, const Tensor& b) {
    return b.device().is_cpu() && b.scalar_type() == at::kFloat && b.sizes() == a.sizes() && b.strides() == a.strides();
}

// Unlike torch.optim, a first step does not copy the gradient into the momentum: it adds it to zeros, which is the same.
void sgd_(at::TensorList parameters, at::TensorList gradients, at::TensorList momenta, double rate, double momentum, double decay, bool nesterov) {
    TORCH_CHECK(gradients.size() == parameters.size() && (momenta.empty() || momenta.size() == parameters.size()), "sgd_: ", parameters.size(), " parameters, ", gradients.size(), " gradients, ", momenta.size(), " momenta");
    for (size_t i = 0; i < parameters.size(); i++) {
        const Tensor &p = parameters[i], &g = gradients[i], m = momenta.empty() ? Tensor() : momenta[i];
        if (same_memory(p, p) && p.is_non_overlapping_and_dense() && same_memory(p, g) && (!m.defined() || same_memory(p, m))) {
            auto *pp = p.data_ptr<float>(), *mp = m.defined() ? m.data_ptr<float>() : nullptr;
            const auto* gp = g.data_ptr<float>();
            auto r = static_cast<float>(rate), mu = static_cast<float>(momentum), d = static_cast<float>(decay);
            at::parallel_for(0, p.numel(), 1 << 15, [=](int64_t first, int64_t last) {
                for (int64_t k = first; k < last; k++) {
                    float step = gp[k] + d * pp[k];
                    if (mp) {
                        mp[k] = mu * mp[k] + step;
                        step = nesterov ? step + mu * mp[k] : mp[k];
                    }
                    pp[k] -= r * step;
                }
            });
            continue;
        }
        auto step = decay == 0 ? g : at::add(g, p, decay);
        if (m.defined()) {
            m.mul_(momentum).add_(step);
            step = nesterov ? at::add(step, m, momentum) : m;
        }
        p.add_(step, -rate);
    }
}

} // namespace

TORCH_LIBRARY_FRAGMENT(fovea, library) {
    library.def("sgd_(Tensor(a!)[] parameters, Tensor[] gradients, Tensor(b!)[] momenta, float rate, float momentum, float decay, bool nesterov) -> ()");
    library.impl("sgd_", torch::dispatch(c10::DispatchKey::CompositeImplicitAutograd, TORCH_FN(sgd_)));
}
