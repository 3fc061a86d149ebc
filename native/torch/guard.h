// Nothing thrown in C++ may reach managed code: every export's body runs inside `guarded`.
#pragma once
#include <c10/util/Exception.h>
#include <ATen/ATen.h>
#include <string>
#include "fovea_torch.h"

namespace fovea {

void set_error(const char* message) noexcept;

template <class F>
ftorch_status guarded(F&& body) noexcept {
    try {
        body();
        return 0;
    } catch (const c10::Error& e) {
        set_error(e.what_without_backtrace());
    } catch (const std::exception& e) {
        set_error(e.what());
    } catch (...) {
        set_error("an exception of an unknown type in libtorch");
    }
    return 1;
}

void count_handle(int delta) noexcept;

// A handle is the TensorImpl itself: one atomic increment, no extra allocation.
inline ftorch_tensor to_handle(at::Tensor t) {
    count_handle(1);
    return t.unsafeReleaseIntrusivePtr().release();
}
inline at::Tensor borrow(ftorch_tensor h) {
    TORCH_CHECK(h != nullptr, "a tensor that was disposed");
    return at::Tensor(c10::intrusive_ptr<c10::TensorImpl, c10::UndefinedTensorImpl>::reclaim_copy(static_cast<c10::TensorImpl*>(h)));
}
inline int32_t copy_text(const std::string& text, char* buffer, int32_t capacity) {
    if (capacity > 0) {
        auto n = std::min<size_t>(text.size(), static_cast<size_t>(capacity) - 1);
        std::copy_n(text.data(), n, buffer);
        buffer[n] = 0;
    }
    return static_cast<int32_t>(text.size());
}

} // namespace fovea
