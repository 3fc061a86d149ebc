// See pointwise_kernels.h. Compiled with AVX2 switched on; pointwise.cpp asks the processor before it calls.
#include "pointwise_kernels.h"

namespace {

constexpr int64_t kLanes = 8, kPanel = 2 * kLanes, kRows = 6; // 6 rows × 2 vectors of sums fill the registers
typedef float Floats __attribute__((vector_size(4 * kLanes)));

inline Floats load(const float* p) { Floats v; __builtin_memcpy(&v, p, sizeof v); return v; }
inline void store(float* p, Floats v) { __builtin_memcpy(p, &v, sizeof v); }
inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// c[Outs][8 · Vectors] (+)= Σ over rows.
template <int Outs, int Vectors>
void accumulate(const float* a, const float* b, float* c, int64_t rows, int64_t m, int64_t n, bool add) {
    Floats s[Outs][Vectors];
    for (int o = 0; o < Outs; o++)
        for (int v = 0; v < Vectors; v++) s[o][v] = add ? load(c + o * n + v * kLanes) : Floats{};
    for (int64_t row = 0; row < rows; row++, a += m, b += n) {
        Floats values[Vectors];
        for (int v = 0; v < Vectors; v++) values[v] = load(b + v * kLanes);
        for (int o = 0; o < Outs; o++)
            for (int v = 0; v < Vectors; v++) s[o][v] += a[o] * values[v];
    }
    for (int o = 0; o < Outs; o++)
        for (int v = 0; v < Vectors; v++) store(c + o * n + v * kLanes, s[o][v]);
}

typedef void (*Accumulate)(const float*, const float*, float*, int64_t, int64_t, int64_t, bool);
const Accumulate accumulates[2][7] = {
    {nullptr, &accumulate<1, 1>, &accumulate<2, 1>, &accumulate<3, 1>, &accumulate<4, 1>, &accumulate<5, 1>, &accumulate<6, 1>},
    {nullptr, &accumulate<1, 2>, &accumulate<2, 2>, &accumulate<3, 2>, &accumulate<4, 2>, &accumulate<5, 2>, &accumulate<6, 2>},
};

void outer(const float* a, const float* b, float* c, int64_t rows, int64_t m, int64_t n, int64_t first, int64_t last) {
    const int64_t fits = 65536 / (m + n), block = fits < 32 ? 32 : fits; // rows of both that stay in the second-level cache
    for (int64_t begin = 0; begin < rows; begin += block) {
        const int64_t count = least(block, rows - begin);
        for (int64_t in = 0; in < n; in += kPanel)
            for (int64_t out = first; out < last; out += kRows)
                accumulates[n - in >= kPanel][least(kRows, last - out)](a + begin * m + out, b + begin * n + in, c + out * n + in, count, m, n, begin > 0);
    }
}

const fovea::PointwiseKernels kernels = {&outer};

} // namespace

const fovea::PointwiseKernels& fovea::FTORCH_KERNELS() { return kernels; }
