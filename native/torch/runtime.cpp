// Versions, errors, random state, threads.
#include <ATen/Context.h>
#include <ATen/CPUGeneratorImpl.h>
#include <ATen/Parallel.h>
#include <atomic>
#include <mutex>
#include "compat.h"
#include "guard.h"

namespace {
thread_local std::string last_error;
std::atomic<int64_t> live_handles{0};
} // namespace

void fovea::set_error(const char* message) noexcept {
    try { last_error = message; } catch (...) { last_error.clear(); }
}
void fovea::count_handle(int delta) noexcept { live_handles.fetch_add(delta, std::memory_order_relaxed); }
int64_t ftorch_live_handles() { return live_handles.load(std::memory_order_relaxed); }

FTORCH_EXPORT int32_t ftorch_abi_version() { return FTORCH_ABI; }
FTORCH_EXPORT int32_t ftorch_last_error(char* buffer, int32_t capacity) { return fovea::copy_text(last_error, buffer, capacity); }
FTORCH_EXPORT int32_t ftorch_library_version(char* buffer, int32_t capacity) { return fovea::copy_text(TORCH_VERSION, buffer, capacity); }

FTORCH_EXPORT ftorch_status ftorch_seed(uint64_t seed) {
    return fovea::guarded([&] { at::manual_seed(seed); });
}

FTORCH_EXPORT ftorch_status ftorch_rng_state(ftorch_tensor* out) {
    return fovea::guarded([&] {
        auto generator = at::detail::getDefaultCPUGenerator();
        std::lock_guard<std::mutex> lock(generator.mutex());
        *out = fovea::to_handle(generator.get_state());
    });
}

FTORCH_EXPORT ftorch_status ftorch_set_rng_state(ftorch_tensor state) {
    return fovea::guarded([&] {
        auto generator = at::detail::getDefaultCPUGenerator();
        std::lock_guard<std::mutex> lock(generator.mutex());
        generator.set_state(fovea::borrow(state));
    });
}

FTORCH_EXPORT int32_t ftorch_threads(int32_t n) {
    if (n > 0) at::set_num_threads(n);
    return at::get_num_threads();
}

FTORCH_EXPORT int32_t ftorch_cuda_devices() {
    int32_t n = 0;
    fovea::guarded([&] { n = at::hasCUDA() ? static_cast<int32_t>(at::detail::getCUDAHooks().getNumGPUs()) : 0; });
    return n;
}

FTORCH_EXPORT ftorch_status ftorch_flush_denormal(int32_t on) {
    return fovea::guarded([&] { at::globalContext().setFlushDenormal(on != 0); });
}

FTORCH_EXPORT ftorch_status ftorch_deterministic(int32_t on) {
    return fovea::guarded([&] { at::globalContext().setDeterministicAlgorithms(on != 0, true); });
}
