// Reverse-mode differentiation and the thread-local modes around it.
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/variable.h>
#include "compat.h"
#include "guard.h"

namespace {
std::vector<at::Tensor> borrow_all(const ftorch_tensor* handles, int32_t n) {
    std::vector<at::Tensor> tensors;
    tensors.reserve(n);
    for (int32_t i = 0; i < n; i++) tensors.push_back(fovea::borrow(handles[i]));
    return tensors;
}
} // namespace

FTORCH_EXPORT ftorch_status ftorch_set_requires_grad(ftorch_tensor t, int32_t value) {
    return fovea::guarded([&] { fovea::borrow(t).set_requires_grad(value != 0); });
}

FTORCH_EXPORT ftorch_status ftorch_backward(ftorch_tensor loss, ftorch_tensor gradient, int32_t retain_graph) {
    return fovea::guarded([&] {
        std::vector<at::Tensor> gradients;
        if (gradient) gradients.push_back(fovea::borrow(gradient));
        torch::autograd::backward({fovea::borrow(loss)}, gradients, retain_graph != 0);
    });
}

FTORCH_EXPORT ftorch_status ftorch_grad(ftorch_tensor t, ftorch_tensor* out) {
    return fovea::guarded([&] {
        const auto& g = fovea::borrow(t).grad();
        *out = g.defined() ? fovea::to_handle(g) : nullptr;
    });
}

FTORCH_EXPORT ftorch_status ftorch_set_grad(const ftorch_tensor* tensors, int32_t n, ftorch_tensor gradient) {
    return fovea::guarded([&] {
        for (int32_t i = 0; i < n; i++) fovea::borrow(tensors[i]).mutable_grad() = gradient ? fovea::borrow(gradient) : at::Tensor();
    });
}

FTORCH_EXPORT ftorch_status ftorch_gradients(const ftorch_tensor* outputs, int32_t n_outputs, const ftorch_tensor* inputs, int32_t n_inputs,
                                             int32_t retain_graph, int32_t create_graph, ftorch_tensor* out) {
    return fovea::guarded([&] {
        auto gradients = torch::autograd::grad(borrow_all(outputs, n_outputs), borrow_all(inputs, n_inputs), {}, retain_graph != 0, create_graph != 0, true);
        for (int32_t i = 0; i < n_inputs; i++) out[i] = gradients[i].defined() ? fovea::to_handle(gradients[i]) : nullptr;
    });
}

FTORCH_EXPORT int32_t ftorch_grad_mode(int32_t enabled) {
    auto before = c10::GradMode::is_enabled();
    if (enabled >= 0) c10::GradMode::set_enabled(enabled != 0);
    return before;
}

FTORCH_EXPORT ftorch_status ftorch_autocast(int32_t enabled, int32_t dtype, int32_t cuda, int32_t* before) {
    return fovea::guarded([&] {
        *before = compat::autocast_enabled(cuda != 0);
        compat::set_autocast(cuda != 0, enabled != 0, static_cast<at::ScalarType>(dtype));
        // libtorch keeps the cast copies of weights while autocast is nested; leaving the outermost level drops them.
        if (enabled && !*before) at::autocast::increment_nesting();
        if (!enabled && *before && at::autocast::decrement_nesting() == 0) at::autocast::clear_cache();
    });
}
