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
// Written so that NaN passes, and as the processor's own minimum and maximum compare.
inline V at_least(V v, float f) { return all(f) > v ? all(f) : v; }
inline V at_most(V v, float f) { return all(f) < v ? all(f) : v; }

// eˣ = 2ⁿ · 2^r with |r| ≤ ½. The polynomial is within 8e-8; r keeps a product's error of 3e-8·|x|, so that what is small beside 1 is less exact, and does not matter to a sigmoid.
inline V exponential(V x) {
    V y = at_most(at_least(x * 1.44269504f, -126), 127);
    V n = y + 12582912.f; // rounds to the nearest whole number in the low bits
    I bits = reinterpret_cast<I>(n);
    V r = y - (n - 12582912.f);
    V p = all(1.3276471519e-3f);
    p = p * r + 9.6755413307e-3f;
    p = p * r + 5.5507132750e-2f;
    p = p * r + 2.4022119724e-1f;
    p = p * r + 6.9314696706e-1f;
    p = p * r + 1.f;
    return reinterpret_cast<V>(reinterpret_cast<I>(p) + (bits << 23)); // p is near 1, so that its exponent takes n
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

template <int A> struct Constant { static constexpr int value = A; };

// Calls with the activation as a constant, so that no loop asks for it.
template <class F>
inline void by_activation(int activation, const F& call) {
    switch (activation) {
        case fovea::kServeRelu: call(Constant<fovea::kServeRelu>()); break;
        case fovea::kServeRelu6: call(Constant<fovea::kServeRelu6>()); break;
        case fovea::kServeSilu: call(Constant<fovea::kServeSilu>()); break;
        case fovea::kServeHardswish: call(Constant<fovea::kServeHardswish>()); break;
        case fovea::kServeSigmoid: call(Constant<fovea::kServeSigmoid>()); break;
        case fovea::kServeHardsigmoid: call(Constant<fovea::kServeHardsigmoid>()); break;
        default: call(Constant<fovea::kServeNone>());
    }
}

// What follows a sum: bias, residual, activation, store. n of the vector's lanes exist.
inline void finish(V v, const float* bias, const float* residual, int activation, float* y, int64_t n) {
    if (bias) v += load(bias, n);
    if (residual) v += load(residual, n);
    store(y, activate(v, activation), n);
}

} // namespace
