// A caching allocator for large CPU tensors.
//
// glibc returns blocks above 32 MiB to the kernel at every free, so each training step pays a page fault, with its zeroing, for every 4 KiB of every activation.
// Large blocks are kept here in size classes instead and handed out again, also for somewhat smaller tensors; they are aligned to 2 MiB so that the kernel can back them with huge pages.
// Small blocks stay with malloc. The cache is bounded by a share of the machine's memory.
#include <ATen/core/grad_mode.h>
#include <c10/core/CPUAllocator.h>
#include <cstdlib>
#include <malloc.h>
#include <map>
#include <mutex>
#include <new>
#include <sys/mman.h>
#include <unistd.h>
#include <unordered_map>
#include <vector>
#include "compat.h"
#include "guard.h"

int64_t ftorch_live_handles();

namespace {

constexpr size_t kLarge = size_t{1} << 20;
constexpr size_t kHuge = size_t{2} << 20;
constexpr size_t kAlign = 64;
// A free block of at most so many times the size is taken. Where nothing is kept for a way back, a block is soon free again, and a large one does for a small map.
constexpr size_t kLoose = 2, kLooseWithoutGradient = 16;

// Eight classes to the octave: at most 12.5 % is wasted, and a network's tensors meet again in the same class.
size_t size_class(size_t n) {
    size_t octave = kLarge;
    while (octave * 2 <= n) octave *= 2;
    size_t step = octave / 8;
    return (n + step - 1) / step * step;
}

struct Cache {
    std::mutex mutex;
    std::map<size_t, std::vector<void*>> free_blocks;   // class -> blocks
    std::unordered_map<void*, size_t> sizes;            // block in use -> class
    int64_t in_use = 0, cached = 0, peak = 0, allocations = 0, hits = 0;
    int64_t limit = static_cast<int64_t>(sysconf(_SC_PHYS_PAGES)) * sysconf(_SC_PAGESIZE) / 4;

    void* take(size_t n) {
        auto size = size_class(n);
        std::lock_guard<std::mutex> lock(mutex);
        allocations++;
        void* block = nullptr;
        size_t most = (at::GradMode::is_enabled() ? kLoose : kLooseWithoutGradient) * size;
        // A larger block serves as well, within bounds: maps of many sizes, as a pyramid's, need not each keep a block of their own.
        auto it = free_blocks.lower_bound(size);
        while (it != free_blocks.end() && it->second.empty() && it->first <= most) ++it;
        if (it != free_blocks.end() && !it->second.empty() && it->first <= most) {
            size = it->first;
            block = it->second.back();
            it->second.pop_back();
            cached -= static_cast<int64_t>(size);
            hits++;
        } else {
            block = map(size);
            if (!block) { release_locked(); block = map(size); }
            if (!block) return nullptr;
        }
        sizes.emplace(block, size);
        in_use += static_cast<int64_t>(size);
        peak = std::max(peak, in_use);
        return block;
    }

    static void* map(size_t size) {
        void* block = nullptr;
        if (posix_memalign(&block, kHuge, size) != 0) return nullptr;
        madvise(block, size, MADV_HUGEPAGE);
        return block;
    }

    // False: the block is not one of these.
    bool give(void* block) {
        std::lock_guard<std::mutex> lock(mutex);
        auto it = sizes.find(block);
        if (it == sizes.end()) return false;
        auto size = it->second;
        sizes.erase(it);
        in_use -= static_cast<int64_t>(size);
        if (cached + static_cast<int64_t>(size) > limit) { std::free(block); return true; }
        free_blocks[size].push_back(block);
        cached += static_cast<int64_t>(size);
        return true;
    }

    void release_locked() {
        for (auto& entry : free_blocks)
            for (void* block : entry.second) std::free(block);
        free_blocks.clear();
        cached = 0;
        malloc_trim(0); // else the heap would keep what is below its threshold
    }
};

// Never destroyed: tensors held by statics may outlive every destructor.
Cache& cache() {
    static auto* instance = new Cache();
    return *instance;
}

// One deleter for both kinds, because oneDNN's scratch memory comes and goes through raw_allocate, which keeps no deleter of its own.
void release(void* p) {
    if (!p) return;
    bool maybe_large = reinterpret_cast<uintptr_t>(p) % kHuge == 0;
    if (!maybe_large || !cache().give(p)) std::free(p);
}

struct CachingAllocator final : c10::Allocator {
    at::DataPtr allocate(size_t n) FTORCH_ALLOCATE_CONST override {
        if (n >= kLarge) {
            void* p = cache().take(n);
            TORCH_CHECK(p, "not enough memory: a tensor of ", n, " bytes. Use a smaller batch or image size");
            return {p, p, &release, c10::Device(c10::DeviceType::CPU)};
        }
        void* p = nullptr;
        if (n) {
            TORCH_CHECK(posix_memalign(&p, kAlign, n) == 0, "not enough memory: a tensor of ", n, " bytes");
        }
        return {p, p, &release, c10::Device(c10::DeviceType::CPU)};
    }
    c10::DeleterFnPtr raw_deleter() const override { return &release; }
    FTORCH_ALLOCATOR_COPY_DATA
};

struct Install {
    Install() {
        if (std::getenv("FOVEA_NO_CACHE")) return; // for comparing, and for valgrind
        static CachingAllocator allocator;
        c10::SetCPUAllocator(&allocator, 1);
        // oneDNN's scratch memory goes through malloc: keep it mapped, too.
        mallopt(M_MMAP_THRESHOLD, 32 << 20);
        mallopt(M_TRIM_THRESHOLD, 256 << 20);
    }
} install;

} // namespace

FTORCH_EXPORT void ftorch_memory(ftorch_memory_stats* stats) {
    auto& c = cache();
    std::lock_guard<std::mutex> lock(c.mutex);
    *stats = {c.in_use, c.cached, c.peak, c.allocations, c.hits, ftorch_live_handles()};
}

FTORCH_EXPORT void ftorch_memory_release_cache() {
    auto& c = cache();
    std::lock_guard<std::mutex> lock(c.mutex);
    c.release_locked();
}
