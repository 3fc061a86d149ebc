// See roi_kernels.h. Plain loops over channels: GCC and Clang vectorise them for each instruction set.
#include "roi_kernels.h"

namespace {

using fovea::RoiTap;

template <class T>
void gather(const T* __restrict__ x, const RoiTap<T>* taps, int64_t count, T* __restrict__ y, int64_t channels) {
    for (int64_t c = 0; c < channels; c++) y[c] = 0;
    for (int64_t i = 0; i < count; i++) {
        const auto& tap = taps[i];
        const T *a = x + tap.offset[0], *b = x + tap.offset[1], *d = x + tap.offset[2], *e = x + tap.offset[3];
        const T wa = tap.weight[0], wb = tap.weight[1], wd = tap.weight[2], we = tap.weight[3];
        for (int64_t c = 0; c < channels; c++) y[c] += wa * a[c] + wb * b[c] + wd * d[c] + we * e[c];
    }
}

template <class T>
void scatter(T* __restrict__ dx, const RoiTap<T>* taps, int64_t count, const T* __restrict__ dy, int64_t channels) {
    for (int64_t i = 0; i < count; i++)
        for (int corner = 0; corner < 4; corner++) {
            // One after the other: at the map's edge two corners are the same row.
            T* row = dx + taps[i].offset[corner];
            const T w = taps[i].weight[corner];
            for (int64_t c = 0; c < channels; c++) row[c] += w * dy[c];
        }
}

const fovea::RoiKernelSet kernels = {{&gather<float>, &scatter<float>}, {&gather<double>, &scatter<double>}};

} // namespace

const fovea::RoiKernelSet& fovea::FTORCH_KERNELS() { return kernels; }
