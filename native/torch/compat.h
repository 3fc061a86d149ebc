// Everything that differs between libtorch 1.13 and 2.x, in one place.
#pragma once
#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/autocast_mode.h>
#include <torch/version.h>
#include <c10/core/CPUAllocator.h>

// Set by CMake where libtorch has its distributed package with Gloo, and Gloo's headers are there (and likewise NCCL).
#if FTORCH_DISTRIBUTED
#include <torch/csrc/distributed/c10d/ProcessGroupGloo.hpp>
#ifdef USE_C10D_NCCL
#include <torch/csrc/distributed/c10d/ProcessGroupNCCL.hpp>
#endif
#endif

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

#if FTORCH_DISTRIBUTED
// Since 2.0 a process group is a set of backends, one for each kind of device; before, it was the backend.
#if FTORCH_AT_LEAST(2, 0)
using Collectives = c10d::Backend;
#else
using Collectives = c10d::ProcessGroup;
#endif
using Work = c10d::Work;

inline bool has_backend(const std::string& name) {
#ifdef USE_C10D_NCCL
    if (name == "nccl") return true;
#endif
    return name == "gloo";
}

// Gloo talks over the interface of GLOO_SOCKET_IFNAME, else over loopback where the group meets there, else over that of this machine's name.
inline c10::intrusive_ptr<Collectives> make_collectives(const std::string& backend, const c10::intrusive_ptr<c10d::Store>& store, const std::string& host, int rank, int size,
                                                        std::chrono::milliseconds timeout) {
    TORCH_CHECK(has_backend(backend), "this libfovea_torch was built without the backend '", backend, "'");
#ifdef USE_C10D_NCCL
    if (backend == "nccl") {
        auto options = c10d::ProcessGroupNCCL::Options::create();
        options->timeout = timeout;
        return c10::make_intrusive<c10d::ProcessGroupNCCL>(store, rank, size, options);
    }
#endif
    auto options = c10d::ProcessGroupGloo::Options::create(timeout);
    auto interface = std::getenv("GLOO_SOCKET_IFNAME");
    options->devices.push_back(interface && *interface ? c10d::ProcessGroupGloo::createDeviceForInterface(interface)
                               : host == "localhost" || host.rfind("127.", 0) == 0 ? c10d::ProcessGroupGloo::createDeviceForHostname("127.0.0.1")
                                                                                   : c10d::ProcessGroupGloo::createDefaultDevice());
    options->threads = 2;
    return c10::make_intrusive<c10d::ProcessGroupGloo>(store, rank, size, options);
}
#endif

} // namespace compat
