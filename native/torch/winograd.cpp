// See winograd.h.
#include <ATen/Parallel.h>
#include "compat.h"
#include "winograd.h"

namespace {

using at::Tensor;
using fovea::ConvShape;
using fovea::kWinogradPanel;

// With AVX-512, oneDNN's convolutions and conv_kernels.cpp stay in use: no such processor was at hand to compare.
const fovea::WinogradKernels* kernels() {
#if defined(__x86_64__)
    static const bool has = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && !__builtin_cpu_supports("avx512f");
    return has ? &fovea::winograd_kernels_avx2() : nullptr;
#else
    return nullptr;
#endif
}

// Threads share the outputs' panels in the gradient of the weights.
int64_t gradient_parts(const ConvShape& s) { return std::min<int64_t>(at::get_num_threads(), s.out / kWinogradPanel); }

Tensor floats(int64_t n) { return at::empty({n}, at::kFloat); }

} // namespace

bool fovea::winograd_usable(const ConvShape& s) {
    bool shape = s.kernel_h == 3 && s.kernel_w == 3 && s.stride_h == 1 && s.stride_w == 1 && s.dilation_h == 1 && s.dilation_w == 1 && s.pad_h >= 0 && s.pad_h <= 2 && s.pad_w >= 0 && s.pad_w <= 2
        && s.in % kWinogradPanel == 0 && s.out % kWinogradPanel == 0 && s.out_height > 0 && s.out_width > 0;
    // The transformed kernel must be used often enough; and no thread should wait for another with two panels to its one.
    int64_t panels = s.out / kWinogradPanel, threads = at::get_num_threads();
    return kernels() && shape && winograd_tiles(s) >= 32 && (panels % threads == 0 || panels >= 4 * threads);
}

Tensor fovea::winograd(const ConvShape& forward, const Tensor& x, const Tensor& weight, bool turned) {
    auto s = forward;
    if (turned) {
        std::swap(s.in, s.out);
        std::swap(s.height, s.out_height);
        std::swap(s.width, s.out_width);
        s.pad_h = 2 - s.pad_h;
        s.pad_w = 2 - s.pad_w;
    }
    auto y = at::empty({s.images, s.out, s.out_height, s.out_width}, x.options(), at::MemoryFormat::ChannelsLast);
    auto transformed = floats(winograd_weight_floats(s));
    auto *wp = weight.data_ptr<float>(), *tp = transformed.data_ptr<float>(), *xp = x.data_ptr<float>(), *yp = y.data_ptr<float>();
    at::parallel_for(0, s.out / kWinogradPanel, std::max<int64_t>(1, 4096 / (kWinogradPanel * s.in)), [&](int64_t first, int64_t last) {
        (turned ? kernels()->turned_weights : kernels()->weights)(forward, wp, tp, first * kWinogradPanel, last * kWinogradPanel);
    });
    // As many chunks as give every thread the same number of tiles.
    const int64_t tiles = winograd_tiles(s), threads = at::get_num_threads(), chunks = std::min(tiles, ((tiles + kWinogradTiles - 1) / kWinogradTiles + threads - 1) / threads * threads);
    auto scratch = floats(std::min(threads, chunks) * winograd_scratch_floats(s));
    auto* sp = scratch.data_ptr<float>();
    at::parallel_for(0, chunks, 1, [&](int64_t first, int64_t last) {
        auto* own = sp + at::get_thread_num() * winograd_scratch_floats(s);
        for (int64_t chunk = first; chunk < last; chunk++) kernels()->convolve(s, xp, tp, yp, tiles * chunk / chunks, tiles * (chunk + 1) / chunks, own);
    });
    return y;
}

Tensor fovea::winograd_gradient(const ConvShape& s, const Tensor& x, const Tensor& dy, const Tensor& weight) {
    auto dw = at::empty_like(weight);
    const int64_t parts = gradient_parts(s), panels = s.out / kWinogradPanel, each = winograd_gradient_floats(s, (panels + parts - 1) / parts * kWinogradPanel);
    auto scratch = floats(parts * each);
    auto *xp = x.data_ptr<float>(), *dyp = dy.data_ptr<float>(), *dwp = dw.data_ptr<float>(), *sp = scratch.data_ptr<float>();
    at::parallel_for(0, parts, 1, [&](int64_t first, int64_t last) {
        for (int64_t part = first; part < last; part++)
            kernels()->weight_gradient(s, xp, dyp, dwp, panels * part / parts * kWinogradPanel, panels * (part + 1) / parts * kWinogradPanel, sp + part * each);
    });
    return dw;
}
