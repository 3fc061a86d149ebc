// Vectors of the widest registers that the source is compiled for, by GCC's and Clang's vector extension.
#pragma once
#include "serve_kernels.h"

namespace {

#if defined(__AVX512F__)
constexpr int64_t L = 16, R = 12; // lanes; rows of a tile: with two vectors of outputs each they fill the registers
#elif defined(__AVX2__)
constexpr int64_t L = 8, R = 6;
#else
constexpr int64_t L = 4, R = 6;
#endif
constexpr int64_t P = 2 * L; // outputs of a panel

typedef float V __attribute__((vector_size(L * 4)));
typedef int32_t I __attribute__((vector_size(L * 4)));

inline V load(const float* p) { V v; __builtin_memcpy(&v, p, sizeof v); return v; }
inline void store(float* p, V v) { __builtin_memcpy(p, &v, sizeof v); }
inline V all(float f) { return f - V{}; } // GCC takes this for a copy; 0 + f is an addition, because of −0
inline V load(const float* p, int64_t n) {
    if (n >= L) return load(p);
    V v = {};
    for (int64_t i = 0; i < n; i++) v[i] = p[i];
    return v;
}
inline void store(float* p, V v, int64_t n) {
    if (n >= L) { store(p, v); return; }
    for (int64_t i = 0; i < n; i++) p[i] = v[i];
}
// Written so that NaN passes.
inline V at_least(V v, float f) { return v < all(f) ? all(f) : v; }
inline V at_most(V v, float f) { return v > all(f) ? all(f) : v; }

// eˣ to the last place or two: 2ⁿ · e^r with |r| ≤ ln 2 / 2, the latter by Cephes's polynomial.
inline V exponential(V x) {
    V y = at_most(at_least(x, -87.3f), 88.3f);
    V n = y * 1.44269504f + 12582912.f; // rounds to the nearest whole number in the low bits
    I bits = reinterpret_cast<I>(n);
    n -= 12582912.f;
    V r = y - n * 0.693359375f + n * 2.12194440e-4f;
    V p = all(1.9875691500e-4f);
    p = p * r + 1.3981999507e-3f;
    p = p * r + 8.3334519073e-3f;
    p = p * r + 4.1665795894e-2f;
    p = p * r + 1.6666665459e-1f;
    p = p * r + 5.0000001201e-1f;
    p = p * r * r + r + 1.f;
    return p * reinterpret_cast<V>((bits << 23) + 0x3F800000);
}

inline V activate(V v, int activation) {
    switch (activation) {
        case fovea::kServeRelu: return at_least(v, 0);
        case fovea::kServeRelu6: return at_most(at_least(v, 0), 6);
        case fovea::kServeSilu: return v / (exponential(-v) + 1.f);
        case fovea::kServeHardswish: return v * at_most(at_least(v + 3.f, 0), 6) * (1 / 6.f);
        case fovea::kServeSigmoid: return 1.f / (exponential(-v) + 1.f);
        case fovea::kServeHardsigmoid: return at_most(at_least(v + 3.f, 0), 6) * (1 / 6.f);
        default: return v;
    }
}

// What follows a sum: bias, residual, activation, store. n of the vector's lanes exist.
inline void finish(V v, const float* bias, const float* residual, int activation, float* y, int64_t n) {
    if (bias) v += load(bias, n);
    if (residual) v += load(residual, n);
    store(y, activate(v, activation), n);
}

} // namespace
