// See norm_kernels.h. Compiled once for each instruction set with FTORCH_KERNELS naming it.
#include "norm_kernels.h"

namespace {

// Channels are taken in blocks whose accumulators stay in registers; rows in runs short enough for float sums, which are then added up in double.
constexpr int64_t kBlock = 32;
constexpr int64_t kRun = 64;

inline float load(const float* p) { return *p; }
inline float load(const uint16_t* p) {
    union { uint32_t bits; float value; } u = {static_cast<uint32_t>(*p) << 16};
    return u.value;
}
inline void store(float* p, float v) { *p = v; }
inline void store(uint16_t* p, float v) {
    union { float value; uint32_t bits; } u = {v};
    // To nearest, ties to even; NaN stays NaN.
    uint32_t rounded = (u.bits + 0x7FFF + ((u.bits >> 16) & 1)) >> 16;
    *p = static_cast<uint16_t>(v != v ? 0x7FC0 : rounded);
}

template <int Act>
inline float activate(float v) {
    if (Act == fovea::kNone) return v;
    v = v < 0 ? 0 : v; // written so that NaN passes
    if (Act == fovea::kRelu6) v = v > 6 ? 6 : v;
    return v;
}

// In bfloat16 a value just below 6 would be rounded to 6 and look as if it had been cut off: it takes the largest number below 6 instead.
template <class T, int Act>
inline float open_below_six(float y, float before) {
    if (Act != fovea::kRelu6 || sizeof(T) == 4) return y;
    return before < 6 && y > 5.96875f ? 5.96875f : y;
}

// The derivative is taken from the result: 0 and 6 themselves pass nothing, as in PyTorch.
template <int Act>
inline float pass(float dy, float y) {
    if (Act == fovea::kNone) return dy;
    bool open = y > 0;
    if (Act == fovea::kRelu6) open = open & (y < 6);
    return open ? dy : 0.0f;
}

template <class T, int64_t N>
inline void collect_block(const T* x, int64_t rows, int64_t stride, const float* shift, float* sums, float* squares, int64_t n) {
    const int64_t count = N ? N : n;
    float s[kBlock], q[kBlock];
    for (int64_t c = 0; c < count; c++) s[c] = q[c] = 0;
    for (int64_t r = 0; r < rows; r++, x += stride)
        for (int64_t c = 0; c < count; c++) {
            float d = load(x + c) - shift[c];
            s[c] += d;
            q[c] += d * d;
        }
    for (int64_t c = 0; c < count; c++) { sums[c] = s[c]; squares[c] = q[c]; }
}

template <class T>
void collect(const T* x, int64_t rows, int64_t channels, const float* shift, float* scratch, double* sums, double* squares) {
    for (int64_t r = 0; r < rows; r += kRun) {
        int64_t n = rows - r < kRun ? rows - r : kRun;
        const T* p = x + r * channels;
        int64_t c = 0;
        for (; c + kBlock <= channels; c += kBlock) collect_block<T, kBlock>(p + c, n, channels, shift + c, scratch + c, scratch + channels + c, kBlock);
        for (; c + 8 <= channels; c += 8) collect_block<T, 8>(p + c, n, channels, shift + c, scratch + c, scratch + channels + c, 8);
        if (c < channels) collect_block<T, 0>(p + c, n, channels, shift + c, scratch + c, scratch + channels + c, channels - c);
        for (c = 0; c < channels; c++) { sums[c] += scratch[c]; squares[c] += scratch[channels + c]; }
    }
}

template <class T, int Act, bool Residual>
void apply_as(const T* x, const T* residual, T* y, int64_t rows, int64_t channels, const float* scale, const float* offset) {
    for (int64_t r = 0; r < rows; r++) {
        const T* xr = x + r * channels;
        const T* rr = residual + (Residual ? r * channels : 0);
        T* yr = y + r * channels;
#pragma GCC ivdep
        for (int64_t c = 0; c < channels; c++) {
            float v = load(xr + c) * scale[c] + offset[c];
            if (Residual) v += load(rr + c);
            store(yr + c, open_below_six<T, Act>(activate<Act>(v), v));
        }
    }
}

template <class T>
void apply(const T* x, const T* residual, T* y, int64_t rows, int64_t channels, const float* scale, const float* offset, int activation) {
#define FTORCH_CASE(A) case A: residual ? apply_as<T, A, true>(x, residual, y, rows, channels, scale, offset) : apply_as<T, A, false>(x, nullptr, y, rows, channels, scale, offset); break;
    switch (activation) { FTORCH_CASE(fovea::kNone) FTORCH_CASE(fovea::kRelu) FTORCH_CASE(fovea::kRelu6) }
#undef FTORCH_CASE
}

template <class T, int Act, bool Write, int64_t N>
inline void reduce_block(const T* dy, const T* y, const T* x, T* masked, int64_t rows, int64_t stride, const float* mean, float* sums, float* products, int64_t n) {
    const int64_t count = N ? N : n;
    float s[kBlock], p[kBlock];
    for (int64_t c = 0; c < count; c++) s[c] = p[c] = 0;
    for (int64_t r = 0; r < rows; r++) {
        const int64_t at = r * stride;
#pragma GCC ivdep
        for (int64_t c = 0; c < count; c++) {
            float g = pass<Act>(load(dy + at + c), Act == fovea::kNone ? 0.0f : load(y + at + c));
            if (Write) store(masked + at + c, g);
            s[c] += g;
            p[c] += g * (load(x + at + c) - mean[c]);
        }
    }
    for (int64_t c = 0; c < count; c++) { sums[c] = s[c]; products[c] = p[c]; }
}

template <int64_t N> struct Width { static constexpr int64_t value = N; };

template <class T, int Act, bool Write>
void reduce_as(const T* dy, const T* y, const T* x, T* masked, int64_t rows, int64_t channels, const float* mean, float* scratch, double* sums, double* products) {
    for (int64_t r = 0; r < rows; r += kRun) {
        int64_t n = rows - r < kRun ? rows - r : kRun, at = r * channels, c = 0;
        auto block = [&](auto width, int64_t count) {
            constexpr int64_t N = decltype(width)::value;
            reduce_block<T, Act, Write, N>(dy + at + c, y + at + c, x + at + c, Write ? masked + at + c : nullptr, n, channels, mean + c, scratch + c, scratch + channels + c, count);
        };
        for (; c + kBlock <= channels; c += kBlock) block(Width<kBlock>{}, kBlock);
        for (; c + 8 <= channels; c += 8) block(Width<8>{}, 8);
        if (c < channels) block(Width<0>{}, channels - c);
        for (c = 0; c < channels; c++) { sums[c] += scratch[c]; products[c] += scratch[channels + c]; }
    }
}

template <class T>
void reduce(const T* dy, const T* y, const T* x, T* masked, int64_t rows, int64_t channels, const float* mean, int activation, float* scratch, double* sums, double* products) {
#define FTORCH_CASE(A) case A: masked ? reduce_as<T, A, true>(dy, y, x, masked, rows, channels, mean, scratch, sums, products) : reduce_as<T, A, false>(dy, y, x, masked, rows, channels, mean, scratch, sums, products); break;
    switch (activation) { FTORCH_CASE(fovea::kNone) FTORCH_CASE(fovea::kRelu) FTORCH_CASE(fovea::kRelu6) }
#undef FTORCH_CASE
}

template <class T, int Act>
void differentiate_as(const T* dy, const T* y, const T* x, T* dx, int64_t rows, int64_t channels, const float* mean, const float* factor, const float* slope, const float* offset) {
    for (int64_t r = 0; r < rows; r++) {
        const int64_t at = r * channels;
#pragma GCC ivdep
        for (int64_t c = 0; c < channels; c++) {
            float g = pass<Act>(load(dy + at + c), Act == fovea::kNone ? 0.0f : load(y + at + c));
            store(dx + at + c, g * factor[c] + (load(x + at + c) - mean[c]) * slope[c] + offset[c]);
        }
    }
}

template <class T>
void differentiate(const T* dy, const T* y, const T* x, T* dx, int64_t rows, int64_t channels, const float* mean, const float* factor, const float* slope, const float* offset, int activation) {
#define FTORCH_CASE(A) case A: differentiate_as<T, A>(dy, y, x, dx, rows, channels, mean, factor, slope, offset); break;
    switch (activation) { FTORCH_CASE(fovea::kNone) FTORCH_CASE(fovea::kRelu) FTORCH_CASE(fovea::kRelu6) }
#undef FTORCH_CASE
}

const fovea::NormKernelSet kernels = {
    {&collect<float>, &apply<float>, &reduce<float>, &differentiate<float>},
    {&collect<uint16_t>, &apply<uint16_t>, &reduce<uint16_t>, &differentiate<uint16_t>},
};

} // namespace

const fovea::NormKernelSet& fovea::FTORCH_KERNELS() { return kernels; }
