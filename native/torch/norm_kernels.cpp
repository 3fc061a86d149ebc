// See norm_kernels.h. Compiled once for each instruction set with FTORCH_KERNELS naming it.
//
// Written by GCC's and Clang's vector extension: the loops of plain C are vectorised for some of these types and instruction sets and not for others, a tenfold difference.
// A vector is as long as a register. Longer ones compile, too, but GCC 12 takes the choices between two of them apart into single numbers, seven times slower.
#include "norm_kernels.h"

namespace {

#if defined(__AVX512F__)
constexpr int64_t kLanes = 16;
#elif defined(__AVX__)
constexpr int64_t kLanes = 8;
#else
constexpr int64_t kLanes = 4;
#endif
constexpr int64_t kRun = 64;  // rows, few enough for float sums, which are then added up in double
constexpr int64_t kRows = 4;  // that are gone over together, so that the numbers of a channel are fetched once for all of them

typedef float Floats __attribute__((vector_size(4 * kLanes)));
typedef int32_t Masks __attribute__((vector_size(4 * kLanes)));
typedef uint32_t Words __attribute__((vector_size(4 * kLanes)));
typedef uint16_t Halves __attribute__((vector_size(2 * kLanes)));

// A vector, and its one-lane form for the channels that are left over.
struct Wide {
    typedef Floats Value;
    static constexpr int64_t lanes = kLanes;
    static inline Floats load(const float* p) { Floats v; __builtin_memcpy(&v, p, sizeof v); return v; }
    static inline Floats load(const uint16_t* p) {
        Halves h;
        __builtin_memcpy(&h, p, sizeof h);
        return reinterpret_cast<Floats>(__builtin_convertvector(h, Words) << 16);
    }
    static inline void store(float* p, Floats v) { __builtin_memcpy(p, &v, sizeof v); }
    static inline void store(uint16_t* p, Floats v) {
        // To nearest, ties to even; NaN stays NaN.
        Words bits = reinterpret_cast<Words>(v);
        bits = (bits + 0x7FFF + ((bits >> 16) & 1)) >> 16;
        Masks ordinary = v == v;
        Words quiet = {};
        quiet += 0x7FC0;
        Halves h = __builtin_convertvector(ordinary ? bits : quiet, Halves);
        __builtin_memcpy(p, &h, sizeof h);
    }
    // Loaded whole before it is masked: a masked load would wait for its mask, and the memory behind it with it (measured: a third slower).
    static inline Floats loaded(Floats v) {
#ifdef __AVX512F__
        asm("" : "+v"(v));
#endif
        return v;
    }
    static inline Floats all(float v) { Floats r = {}; return r + v; }
    static inline Floats where(Masks m, Floats a, Floats b) { return m ? a : b; }
    static inline Masks both(Masks a, Masks b) { return a & b; }
};

struct Single {
    typedef float Value;
    static constexpr int64_t lanes = 1;
    static inline float load(const float* p) { return *p; }
    static inline float load(const uint16_t* p) {
        union { uint32_t bits; float value; } u = {static_cast<uint32_t>(*p) << 16};
        return u.value;
    }
    static inline void store(float* p, float v) { *p = v; }
    static inline void store(uint16_t* p, float v) {
        union { float value; uint32_t bits; } u = {v};
        *p = v == v ? static_cast<uint16_t>((u.bits + 0x7FFF + ((u.bits >> 16) & 1)) >> 16) : 0x7FC0;
    }
    static inline float loaded(float v) { return v; }
    static inline float all(float v) { return v; }
    static inline float where(bool m, float a, float b) { return m ? a : b; }
    static inline bool both(bool a, bool b) { return a && b; }
};

template <class V, class T, int Act>
inline typename V::Value activate(typename V::Value v) {
    if (Act == fovea::kNone) return v;
    auto zero = V::all(0), y = V::where(v < zero, zero, v); // written so that NaN passes
    if (Act != fovea::kRelu6) return y;
    auto six = V::all(6), below = V::all(5.96875f);
    // In bfloat16 a value just below 6 would be rounded to 6 and look as if it had been cut off: it takes the largest number below 6 instead.
    if (sizeof(T) == 2) y = V::where(V::both(y > below, y < six), below, y);
    return V::where(y > six, six, y);
}

// What passes back through the activation. Of the result, 0 and 6 themselves pass nothing, as in PyTorch.
template <class V, int Act>
inline typename V::Value pass(typename V::Value g, typename V::Value result) {
    if (Act == fovea::kNone) return g;
    auto zero = V::all(0);
    if (Act == fovea::kRelu6) return V::where(V::both(result > zero, result < V::all(6)), g, zero);
    return V::where(result > zero, g, zero);
}

// Calls body(V, c) for all channels, by vectors and the last few singly.
template <class F>
inline void each_channel(int64_t channels, const F& body) {
    int64_t c = 0;
    for (; c + kLanes <= channels; c += kLanes) body(Wide(), c);
    for (; c < channels; c++) body(Single(), c);
}

// Calls body(first, count) for all rows, a few at a time; count is a constant of the type.
template <int N> struct Count { static constexpr int value = N; };
template <class F>
inline void each_rows(int64_t begin, int64_t end, const F& body) {
    for (; begin + kRows <= end; begin += kRows) body(begin, Count<kRows>());
    for (; begin < end; begin++) body(begin, Count<1>());
}

// For every element: prepare(V, c) fetches what belongs to the channels, and gives what is called with a row.
template <class F>
inline void each_element(int64_t rows, int64_t channels, const F& prepare) {
    each_rows(0, rows, [&](int64_t r, auto count) {
        each_channel(channels, [&](auto kind, int64_t c) {
            auto element = prepare(kind, c);
            for (int i = 0; i < decltype(count)::value; i++) element(r + i);
        });
    });
}

// Adds up two values of each element by channel: what prepare(V, c) gives is called with (r, a, b) and adds to a and b.
template <class F>
inline void sum_rows(int64_t rows, int64_t channels, float* scratch, double* first, double* second, const F& prepare) {
    float* __restrict s = scratch;
    float* __restrict q = scratch + channels;
    for (int64_t begin = 0; begin < rows; begin += kRun) {
        for (int64_t c = 0; c < 2 * channels; c++) scratch[c] = 0;
        each_rows(begin, begin + kRun < rows ? begin + kRun : rows, [&](int64_t r, auto count) {
            each_channel(channels, [&](auto kind, int64_t c) {
                typedef decltype(kind) V;
                auto element = prepare(kind, c);
                auto a = V::load(s + c), b = V::load(q + c);
                for (int i = 0; i < decltype(count)::value; i++) element(r + i, a, b);
                V::store(s + c, a);
                V::store(q + c, b);
            });
        });
        for (int64_t c = 0; c < channels; c++) { first[c] += s[c]; second[c] += q[c]; }
    }
}

template <class T>
void collect(const T* x, int64_t rows, int64_t channels, const float* shift, float* scratch, double* sums, double* squares) {
    sum_rows(rows, channels, scratch, sums, squares, [=](auto kind, int64_t c) {
        typedef decltype(kind) V;
        auto from = V::load(shift + c);
        return [=](int64_t r, auto& a, auto& b) {
            auto d = V::load(x + r * channels + c) - from;
            a += d;
            b += d * d;
        };
    });
}

template <class T, int Act, bool Residual>
void apply_as(const T* x, const T* residual, T* y, int64_t rows, int64_t channels, const float* scale, const float* offset) {
    each_element(rows, channels, [=](auto kind, int64_t c) {
        typedef decltype(kind) V;
        auto factor = V::load(scale + c), base = V::load(offset + c);
        return [=](int64_t r) {
            const int64_t at = r * channels + c;
            auto v = V::load(x + at) * factor + base;
            if (Residual) v += V::load(residual + at);
            V::store(y + at, activate<V, T, Act>(v));
        };
    });
}

template <class T, int Act, bool Residual>
void reduce_as(const T* dy, const T* y, const T* x, T* masked, int64_t rows, int64_t channels, const float* mean, const float* scale, const float* offset, float* scratch, double* sums, double* products) {
    sum_rows(rows, channels, scratch, sums, products, [=](auto kind, int64_t c) {
        typedef decltype(kind) V;
        auto middle = V::load(mean + c), factor = V::load(scale + c), base = V::load(offset + c);
        return [=](int64_t r, auto& a, auto& b) {
            const int64_t at = r * channels + c;
            auto value = V::load(x + at);
            auto g = pass<V, Act>(V::loaded(V::load(dy + at)), Residual ? V::load(y + at) : value * factor + base);
            if (Residual) V::store(masked + at, g);
            a += g;
            b += g * (value - middle);
        };
    });
}

template <class T, int Act>
void differentiate_as(const T* dy, const T* x, T* dx, int64_t rows, int64_t channels, const float* mean, const float* scale, const float* offset, const float* slope, const float* constant) {
    each_element(rows, channels, [=](auto kind, int64_t c) {
        typedef decltype(kind) V;
        auto factor = V::load(scale + c), base = V::load(offset + c), middle = V::load(mean + c), incline = V::load(slope + c), level = V::load(constant + c);
        return [=](int64_t r) {
            const int64_t at = r * channels + c;
            auto value = V::load(x + at);
            auto g = pass<V, Act>(V::loaded(V::load(dy + at)), value * factor + base);
            V::store(dx + at, g * factor + (value - middle) * incline + level);
        };
    });
}

#define FTORCH_EACH_ACTIVATION switch (activation) { FTORCH_CASE(fovea::kNone) FTORCH_CASE(fovea::kRelu) FTORCH_CASE(fovea::kRelu6) }

template <class T>
void apply(const T* x, const T* residual, T* y, int64_t rows, int64_t channels, const float* scale, const float* offset, int activation) {
#define FTORCH_CASE(A) case A: residual ? apply_as<T, A, true>(x, residual, y, rows, channels, scale, offset) : apply_as<T, A, false>(x, x, y, rows, channels, scale, offset); break;
    FTORCH_EACH_ACTIVATION
#undef FTORCH_CASE
}

template <class T>
void reduce(const T* dy, const T* y, const T* x, T* masked, int64_t rows, int64_t channels, const float* mean, const float* scale, const float* offset, int activation,
            float* scratch, double* sums, double* products) {
#define FTORCH_CASE(A) case A: y ? reduce_as<T, A, true>(dy, y, x, masked, rows, channels, mean, scale, offset, scratch, sums, products) \
                                 : reduce_as<T, A, false>(dy, x, x, masked, rows, channels, mean, scale, offset, scratch, sums, products); break;
    FTORCH_EACH_ACTIVATION
#undef FTORCH_CASE
}

template <class T>
void differentiate(const T* dy, const T* x, T* dx, int64_t rows, int64_t channels, const float* mean, const float* scale, const float* offset, const float* slope, const float* constant,
                   int activation) {
#define FTORCH_CASE(A) case A: differentiate_as<T, A>(dy, x, dx, rows, channels, mean, scale, offset, slope, constant); break;
    FTORCH_EACH_ACTIVATION
#undef FTORCH_CASE
}

const fovea::NormKernelSet kernels = {
    {&collect<float>, &apply<float>, &reduce<float>, &differentiate<float>},
    {&collect<uint16_t>, &apply<uint16_t>, &reduce<uint16_t>, &differentiate<uint16_t>},
};

} // namespace

const fovea::NormKernelSet& fovea::FTORCH_KERNELS() { return kernels; }
