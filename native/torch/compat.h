// Everything that differs between libtorch 1.13 and 2.x, in one place.
#pragma once
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <torch/version.h>
#include <c10/core/CPUAllocator.h>

#define FTORCH_AT_LEAST(major, minor) (TORCH_VERSION_MAJOR > (major) || (TORCH_VERSION_MAJOR == (major) && TORCH_VERSION_MINOR >= (minor)))

#if AT_PARALLEL_OPENMP && !defined(_OPENMP)
#error "at::parallel_for would run on one thread: compile with OpenMP"
#endif

namespace compat {

inline bool autocast_enabled(bool cuda) {
#if FTORCH_AT_LEAST(2, 4)
    return at::autocast::is_autocast_enabled(cuda ? at::kCUDA : at::kCPU);
#else
    return cuda ? at::autocast::is_enabled() : at::autocast::is_cpu_enabled();
#endif
}

inline void set_autocast(bool cuda, bool enabled, at::ScalarType dtype) {
#if FTORCH_AT_LEAST(2, 4)
    at::autocast::set_autocast_enabled(cuda ? at::kCUDA : at::kCPU, enabled);
    if (enabled) at::autocast::set_autocast_dtype(cuda ? at::kCUDA : at::kCPU, dtype);
#else
    if (cuda) {
        at::autocast::set_enabled(enabled);
        if (enabled) at::autocast::set_autocast_gpu_dtype(dtype);
    } else {
        at::autocast::set_cpu_enabled(enabled);
        if (enabled) at::autocast::set_autocast_cpu_dtype(dtype);
    }
#endif
}

// c10::Allocator::allocate lost its const in 2.3, which also made copy_data pure.
#if FTORCH_AT_LEAST(2, 3)
#define FTORCH_ALLOCATE_CONST
#define FTORCH_ALLOCATOR_COPY_DATA \
    void copy_data(void* dest, const void* src, std::size_t count) const override { default_copy_data(dest, src, count); }
#else
#define FTORCH_ALLOCATE_CONST const
#define FTORCH_ALLOCATOR_COPY_DATA
#endif

} // namespace compat
