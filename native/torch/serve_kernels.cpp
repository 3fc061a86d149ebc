// See serve_kernels.h. Compiled once for each instruction set with FTORCH_KERNELS naming it.
#include "serve_vector.h"

namespace {

using fovea::ServeArguments;
using fovea::ServeShape;

struct Tile { V v[R][2]; };

// rows × two vectors: Σ over `taps` runs of `depth` inputs. Rows of a are `a_row` apart, runs `a_run`; b holds a panel's P outputs for one input after another. `done` takes each row's sums from the registers.
template <int Rows, class Done>
inline __attribute__((always_inline)) void multiply(const float* a, int64_t a_row, int64_t a_run, int64_t taps, int64_t depth, const float* b, const Done& done) {
    V s[Rows][2] = {};
    for (int64_t tap = 0; tap < taps; tap++) {
        const float* p = a + tap * a_run;
#pragma GCC unroll 2
        for (int64_t i = 0; i < depth; i++, b += P) {
            V b0 = load(b), b1 = load(b + L);
#pragma GCC unroll 12
            for (int r = 0; r < Rows; r++) {
                V x = all(p[r * a_row + i]);
                s[r][0] += x * b0;
                s[r][1] += x * b1;
            }
        }
    }
#pragma GCC unroll 12
    for (int r = 0; r < Rows; r++) done(r, s[r][0], s[r][1]);
}

template <int Rows>
__attribute__((noinline)) void multiply_rows(const float* a, int64_t a_row, int64_t a_run, int64_t taps, int64_t depth, const float* b, Tile& tile) {
    multiply<Rows>(a, a_row, a_run, taps, depth, b, [&](int r, V left, V right) __attribute__((always_inline)) { tile.v[r][0] = left; tile.v[r][1] = right; });
}

void multiply(int64_t rows, const float* a, int64_t a_row, int64_t a_run, int64_t taps, int64_t depth, const float* b, Tile& tile) {
    switch (rows) {
        case 1: multiply_rows<1>(a, a_row, a_run, taps, depth, b, tile); break;
        case 2: multiply_rows<2>(a, a_row, a_run, taps, depth, b, tile); break;
        case 3: multiply_rows<3>(a, a_row, a_run, taps, depth, b, tile); break;
        case 4: multiply_rows<4>(a, a_row, a_run, taps, depth, b, tile); break;
        case 5: multiply_rows<5>(a, a_row, a_run, taps, depth, b, tile); break;
#if defined(__AVX512F__)
        case 6: multiply_rows<6>(a, a_row, a_run, taps, depth, b, tile); break;
        case 7: multiply_rows<7>(a, a_row, a_run, taps, depth, b, tile); break;
        case 8: multiply_rows<8>(a, a_row, a_run, taps, depth, b, tile); break;
        case 9: multiply_rows<9>(a, a_row, a_run, taps, depth, b, tile); break;
        case 10: multiply_rows<10>(a, a_row, a_run, taps, depth, b, tile); break;
        case 11: multiply_rows<11>(a, a_row, a_run, taps, depth, b, tile); break;
#endif
        default: multiply_rows<R>(a, a_row, a_run, taps, depth, b, tile);
    }
}

// n inputs of one pixel, through what comes before the convolution.
inline void prepare(const ServeArguments& arguments, const float* x, float* to, int64_t n, const float* gate) {
    int64_t i = 0;
    if (gate) {
        for (; i + L <= n; i += L) store(to + i, load(x + i) * load(gate + i));
        for (; i < n; i++) to[i] = x[i] * gate[i];
    } else if (arguments.scale) {
        for (; i + L <= n; i += L) store(to + i, at_least(load(x + i) * load(arguments.scale + i) + load(arguments.offset + i), 0));
        for (; i < n; i++) { float v = x[i] * arguments.scale[i] + arguments.offset[i]; to[i] = v < 0 ? 0 : v; }
    } else {
        for (; i + L <= n; i += L) store(to + i, load(x + i));
        for (; i < n; i++) to[i] = x[i];
    }
}

// The inputs of one output pixel, tap by tap; zeros where the kernel reaches over the edge.
void gather(const ServeShape& s, const ServeArguments& arguments, int64_t pixel, float* to) {
    int64_t image = pixel / (s.out_height * s.out_width), place = pixel % (s.out_height * s.out_width);
    int64_t top = place / s.out_width * s.stride_h - s.pad_h, left = place % s.out_width * s.stride_w - s.pad_w;
    const float* x = arguments.x + image * s.height * s.width * s.x_step;
    const float* gate = arguments.gate ? arguments.gate + image * s.in : nullptr;
    bool dense = s.x_step == s.in && s.dilation_w == 1 && !gate && !arguments.scale && left >= 0 && left + s.kernel_w <= s.width;
    for (int64_t h = 0; h < s.kernel_h; h++) {
        int64_t row = top + h * s.dilation_h;
        if (dense && row >= 0 && row < s.height) {
            prepare(arguments, x + (row * s.width + left) * s.in, to, s.kernel_w * s.in, nullptr);
            to += s.kernel_w * s.in;
            continue;
        }
        for (int64_t w = 0; w < s.kernel_w; w++, to += s.in) {
            int64_t column = left + w * s.dilation_w;
            if (row < 0 || row >= s.height || column < 0 || column >= s.width) for (int64_t i = 0; i < s.in; i++) to[i] = 0;
            else prepare(arguments, x + (row * s.width + column) * s.x_step, to, s.in, gate);
        }
    }
}

template <int Activation>
void convolve_of(const ServeShape& s, const ServeArguments& arguments, int64_t first, int64_t last, int64_t first_panel, int64_t last_panel, float* scratch) {
    bool direct = s.kernel_h == 1 && s.kernel_w == 1 && s.stride_h == 1 && s.stride_w == 1 && s.pad_h == 0 && s.pad_w == 0 && !arguments.gate && !arguments.scale;
    bool dense = s.panel_in == s.in;
    int64_t taps = s.kernel_h * s.kernel_w, length = taps * s.in, row = direct ? s.x_step : length + fovea::kServePad, chunk = fovea::serve_chunk(s, {L, R});
    for (int64_t begin = first; begin < last; begin += chunk) {
        int64_t end = begin + chunk < last ? begin + chunk : last;
        if (!direct) for (int64_t p = begin; p < end; p++) gather(s, arguments, p, scratch + (p - begin) * row);
        const float* a = direct ? arguments.x + begin * s.x_step : scratch;
        for (int64_t panel = first_panel; panel < last_panel; panel++) {
            int64_t out = panel * P, n = s.out - out < P ? s.out - out : P, offset = dense ? 0 : out / s.panel_in * s.panel_in;
            const float *b = arguments.packed + panel * taps * s.panel_in * P, *bias = arguments.bias ? arguments.bias + out : nullptr;
            V bias0 = bias ? load(bias, n) : V{}, bias1 = bias && n > L ? load(bias + L, n - L) : V{};
            for (int64_t p = begin; p < end; p += R) {
                int64_t rows = end - p < R ? end - p : R;
                const float* from = a + (p - begin) * row + offset;
                if (rows == R && n == P) {
                    multiply<R>(from, row, s.in, dense ? 1 : taps, dense ? length : s.panel_in, b, [&](int r, V left, V right) __attribute__((always_inline)) {
                        left += bias0;
                        right += bias1;
                        if (arguments.residual) {
                            const float* residual = arguments.residual + (p + r) * s.residual_step + out;
                            left += load(residual);
                            right += load(residual + L);
                        }
                        float* y = arguments.y + (p + r) * s.y_step + out;
                        store(y, activate(left, Activation));
                        store(y + L, activate(right, Activation));
                    });
                    continue;
                }
                Tile tile;
                multiply(rows, from, row, s.in, dense ? 1 : taps, dense ? length : s.panel_in, b, tile);
                for (int64_t r = 0; r < rows; r++) {
                    float* y = arguments.y + (p + r) * s.y_step + out;
                    const float* residual = arguments.residual ? arguments.residual + (p + r) * s.residual_step + out : nullptr;
                    finish(tile.v[r][0], bias, residual, Activation, y, n);
                    if (n > L) finish(tile.v[r][1], bias ? bias + L : nullptr, residual ? residual + L : nullptr, Activation, y + L, n - L);
                }
            }
        }
    }
}

void convolve(const ServeShape& s, const ServeArguments& arguments, int64_t first, int64_t last, int64_t first_panel, int64_t last_panel, float* scratch) {
    by_activation(arguments.activation, [&](auto activation) { convolve_of<activation.value>(s, arguments, first, last, first_panel, last_panel, scratch); });
}

struct Square { int64_t image, row, column; };

inline Square square(const ServeShape& s, int64_t index) {
    int64_t across = (s.out_width + 1) / 2, down = (s.out_height + 1) / 2;
    return {index / (across * down), index / across % down * 2, index % across * 2};
}

// Bᵀ d B of a 4×4 square of inputs, for all channels; element i of the 16 goes to to + i · plane.
void transform_input(const ServeShape& s, const float* x, const Square& at, float* to, int64_t plane) {
    static const float zeros[L] = {};
    const float* from[4][4];
    int64_t step[4][4];
    for (int64_t h = 0; h < 4; h++)
        for (int64_t w = 0; w < 4; w++) {
            int64_t row = at.row - s.pad_h + h, column = at.column - s.pad_w + w;
            bool inside = row >= 0 && row < s.height && column >= 0 && column < s.width;
            from[h][w] = inside ? x + ((at.image * s.height + row) * s.width + column) * s.x_step : zeros;
            step[h][w] = inside ? 1 : 0;
        }
    for (int64_t c = 0; c < s.in; c += L) {
        V t[4][4];
#pragma GCC unroll 4
        for (int w = 0; w < 4; w++) {
            V d0 = load(from[0][w] + step[0][w] * c), d1 = load(from[1][w] + step[1][w] * c), d2 = load(from[2][w] + step[2][w] * c), d3 = load(from[3][w] + step[3][w] * c);
            t[0][w] = d0 - d2;
            t[1][w] = d1 + d2;
            t[2][w] = d2 - d1;
            t[3][w] = d1 - d3;
        }
#pragma GCC unroll 4
        for (int h = 0; h < 4; h++) {
            float* p = to + 4 * h * plane + c;
            store(p, t[h][0] - t[h][2]);
            store(p + plane, t[h][1] + t[h][2]);
            store(p + 2 * plane, t[h][2] - t[h][1]);
            store(p + 3 * plane, t[h][1] - t[h][3]);
        }
    }
}

// Aᵀ m A: a square's 16 products to its 2×2 outputs, for up to 2·P channels from `out`.
void transform_output(const ServeShape& s, const ServeArguments& arguments, const float* m, int64_t plane, const Square& at, int64_t out, int64_t channels) {
    for (int64_t c = 0; c < channels; c += L) {
        V t[2][4];
#pragma GCC unroll 4
        for (int w = 0; w < 4; w++) {
            V m0 = load(m + w * plane + c), m1 = load(m + (4 + w) * plane + c), m2 = load(m + (8 + w) * plane + c), m3 = load(m + (12 + w) * plane + c);
            t[0][w] = m0 + m1 + m2;
            t[1][w] = m1 - m2 - m3;
        }
        for (int64_t h = 0; h < 2 && at.row + h < s.out_height; h++) {
            int64_t pixel = (at.image * s.out_height + at.row + h) * s.out_width + at.column;
            V v[2] = {t[h][0] + t[h][1] + t[h][2], t[h][1] - t[h][2] - t[h][3]};
            for (int64_t w = 0; w < 2 && at.column + w < s.out_width; w++)
                finish(v[w], arguments.bias ? arguments.bias + out + c : nullptr, arguments.residual ? arguments.residual + (pixel + w) * s.residual_step + out + c : nullptr, arguments.activation,
                       arguments.y + (pixel + w) * s.y_step + out + c, channels - c);
        }
    }
}

void winograd(const ServeShape& s, const ServeArguments& arguments, int64_t first, int64_t last, int64_t first_panel, int64_t last_panel, float* scratch) {
    int64_t squares = fovea::serve_squares(s, {L, R}), row = s.in + fovea::kServePad, plane = squares * row, out_plane = squares * 2 * P, panels = (s.out + P - 1) / P;
    float* products = scratch + 16 * plane;
    for (int64_t begin = first; begin < last; begin += squares) {
        int64_t count = last - begin < squares ? last - begin : squares;
        for (int64_t i = 0; i < count; i++) transform_input(s, arguments.x, square(s, begin + i), scratch + i * row, plane);
        for (int64_t panel = first_panel; panel < last_panel; panel += 2) {
            int64_t some = last_panel - panel < 2 ? 1 : 2;
            for (int64_t element = 0; element < 16; element++)
                for (int64_t j = 0; j < some; j++) {
                    const float* b = arguments.packed + (element * panels + panel + j) * s.in * P;
                    for (int64_t i = 0; i < count; i += R) {
                        int64_t rows = count - i < R ? count - i : R;
                        Tile tile;
                        multiply(rows, scratch + element * plane + i * row, row, 0, 1, s.in, b, tile);
                        for (int64_t r = 0; r < rows; r++) {
                            float* p = products + element * out_plane + (i + r) * 2 * P + j * P;
                            store(p, tile.v[r][0]);
                            store(p + L, tile.v[r][1]);
                        }
                    }
                }
            int64_t out = panel * P, channels = s.out - out < some * P ? s.out - out : some * P;
            for (int64_t i = 0; i < count; i++) transform_output(s, arguments, products + i * 2 * P, out_plane, square(s, begin + i), out, channels);
        }
    }
}

// Rows [first, last) of a depthwise convolution's input, P channels of one panel, as the 1×1 convolution before it gives them: into a padded strip, row after row of `strip_row` floats.
template <int Activation>
void expand(const ServeShape& s, const ServeArguments& arguments, int64_t image, int64_t panel, int64_t first, int64_t last, float* strip, int64_t strip_row) {
    const auto& e = arguments.expansion;
    int64_t out = panel * P, n = s.out - out < P ? s.out - out : P, end = last * s.width, column = 0;
    const float *x = arguments.x + image * s.height * s.width * s.x_step, *b = e.packed + panel * e.in * P;
    V bias0 = e.bias ? load(e.bias + out, n) : V{}, bias1 = e.bias && n > L ? load(e.bias + out + L, n - L) : V{};
    float* to = strip + s.pad_w * P;
    auto put = [&](V left, V right) __attribute__((always_inline)) {
        store(to, activate(left + bias0, Activation));
        store(to + L, activate(right + bias1, Activation));
        to += P;
        if (++column == s.width) { column = 0; to += strip_row - s.width * P; }
    };
    int64_t p = first * s.width;
    for (; p + R <= end; p += R) multiply<R>(x + p * s.x_step, s.x_step, 0, 1, e.in, b, [&](int, V left, V right) __attribute__((always_inline)) { put(left, right); });
    if (p < end) {
        Tile tile;
        multiply(end - p, x + p * s.x_step, s.x_step, 0, 1, e.in, b, tile);
        for (int64_t r = 0; r < end - p; r++) put(tile.v[r][0], tile.v[r][1]);
    }
}

// The same where the input lies in memory.
void copy(const ServeShape& s, const ServeArguments& arguments, int64_t image, int64_t panel, int64_t first, int64_t last, float* strip, int64_t strip_row) {
    int64_t n = s.out - panel * P < P ? s.out - panel * P : P;
    for (int64_t row = first; row < last; row++, strip += strip_row) {
        const float* x = arguments.x + (image * s.height + row) * s.width * s.x_step + panel * P;
        float* to = strip + s.pad_w * P;
        for (int64_t w = 0; w < s.width; w++, to += P, x += s.x_step) {
            if (n == P) { store(to, load(x)); store(to + L, load(x + L)); }
            else for (int64_t i = 0; i < P; i++) to[i] = i < n ? x[i] : 0;
        }
    }
}

constexpr int kPlaces = 4; // outputs of a row that are summed together

// L channels of kPlaces outputs in a row, from a padded strip, for kernels known to the compiler: each input is read once for all outputs that it goes into.
template <int K, int S>
inline __attribute__((always_inline)) void filter(const float* x, int64_t x_row, const float* w, V* sums) {
    V s[kPlaces] = {};
    for (int h = 0; h < K; h++, x += x_row, w += K * P) {
        V weight[K];
#pragma GCC unroll 8
        for (int j = 0; j < K; j++) weight[j] = load(w + j * P);
#pragma GCC unroll 16
        for (int i = 0; i < (kPlaces - 1) * S + K; i++) {
            V input = load(x + i * P);
#pragma GCC unroll 8
            for (int place = 0; place < kPlaces; place++)
                if (i >= place * S && i < place * S + K) s[place] += weight[i - place * S] * input;
        }
    }
#pragma GCC unroll 8
    for (int place = 0; place < kPlaces; place++) sums[place] = s[place];
}

// The same for any kernel.
inline void filter(const ServeShape& s, const float* x, int64_t x_row, const float* w, V* sums) {
    for (int i = 0; i < kPlaces; i++) sums[i] = V{};
    for (int64_t h = 0; h < s.kernel_h; h++)
        for (int64_t j = 0; j < s.kernel_w; j++)
            for (int i = 0; i < kPlaces; i++) sums[i] += load(w + (h * s.kernel_w + j) * P) * load(x + h * s.dilation_h * x_row + (j * s.dilation_w + i * s.stride_w) * P);
}

// One row of y for a panel's channels; adds up what it writes. K and S are 0 for kernels that the compiler does not know.
template <int K, int S, int Activation>
void filter_row(const ServeShape& s, const ServeArguments& arguments, const float* x, int64_t x_row, int64_t first, int64_t channels, int64_t pixel, V* total) {
    const float *w = arguments.packed + first * s.kernel_h * s.kernel_w, *bias = arguments.bias ? arguments.bias + first : nullptr; // [panels, kernel, P]
    float* y = arguments.y + pixel * s.y_step + first;
    const float* residual = arguments.residual ? arguments.residual + pixel * s.residual_step + first : nullptr;
    V bias_of[2] = {bias ? load(bias, channels) : V{}, bias && channels > L ? load(bias + L, channels - L) : V{}}, all[2] = {total[0], total[1]};
    for (int64_t column = 0; column < s.out_width; column += kPlaces, x += kPlaces * s.stride_w * P) {
        V v[2][kPlaces];
#pragma GCC unroll 2
        for (int half = 0; half < 2; half++) {
            if constexpr (K > 0) filter<K, S>(x + half * L, x_row, w + half * L, v[half]);
            else filter(s, x + half * L, x_row, w + half * L, v[half]);
        }
        if (channels == P && !residual && column + kPlaces <= s.out_width) {
#pragma GCC unroll 8
            for (int i = 0; i < kPlaces; i++, y += s.y_step)
#pragma GCC unroll 2
                for (int half = 0; half < 2; half++) {
                    V sum = activate(v[half][i] + bias_of[half], Activation);
                    all[half] += sum;
                    store(y + half * L, sum);
                }
            continue;
        }
        for (int i = 0; i < kPlaces && column + i < s.out_width; i++, y += s.y_step)
            for (int half = 0; half < 2 && half * L < channels; half++) {
                V sum = v[half][i] + bias_of[half];
                if (residual) sum += load(residual + (column + i) * s.residual_step + half * L, channels - half * L);
                sum = activate(sum, Activation);
                all[half] += sum;
                store(y + half * L, sum, channels - half * L);
            }
    }
    total[0] = all[0];
    total[1] = all[1];
}

template <int K, int S>
void depthwise_of(const ServeShape& s, const ServeArguments& arguments, int64_t image, int64_t panel, const fovea::ServeStrips& strips, int64_t first_strip, int64_t last_strip, float* scratch) {
    int64_t first = panel * P, channels = s.out - first < P ? s.out - first : P;
    int64_t extent = (s.kernel_h - 1) * s.dilation_h + 1, row_floats = fovea::serve_strip_row(s, {L, R}), kept = 0;
    auto clear = [&](int64_t from, int64_t to) { if (from < to) __builtin_memset(scratch + from * row_floats, 0, (to - from) * row_floats * sizeof(float)); };
    clear(0, (strips.rows - 1) * s.stride_h + extent);
    for (int64_t strip = first_strip; strip < last_strip; strip++) {
        int64_t first_row = strip * strips.rows, last_row = first_row + strips.rows < s.out_height ? first_row + strips.rows : s.out_height;
        int64_t top = first_row * s.stride_h - s.pad_h, bottom = top + (last_row - 1 - first_row) * s.stride_h + extent; // rows of x that the strip holds; those outside of x are zeros
        int64_t from = top + kept > 0 ? top + kept : 0, to = bottom < s.height ? bottom : s.height;
        if (from < to) {
            float* rows = scratch + (from - top) * row_floats;
            if (arguments.expansion.packed) by_activation(arguments.expansion.activation, [&](auto activation) { expand<activation.value>(s, arguments, image, panel, from, to, rows, row_floats); });
            else copy(s, arguments, image, panel, from, to, rows, row_floats);
        }
        clear(to - top > kept ? to - top : kept, bottom - top);
        V total[2] = {};
        by_activation(arguments.activation, [&](auto activation) {
            for (int64_t row = first_row; row < last_row; row++)
                filter_row<K, S, activation.value>(s, arguments, scratch + (row - first_row) * s.stride_h * row_floats, row_floats, first, channels, (image * s.out_height + row) * s.out_width, total);
        });
        if (arguments.sums)
            for (int64_t c = 0; c < channels; c += L) store(arguments.sums + (image * strips.count + strip) * s.out + first + c, total[c / L], channels - c);
        kept = extent > s.stride_h ? extent - s.stride_h : 0; // the next strip begins with these
        if (strip + 1 < last_strip) __builtin_memmove(scratch, scratch + strips.rows * s.stride_h * row_floats, kept * row_floats * sizeof(float));
    }
}

void depthwise(const ServeShape& s, const ServeArguments& arguments, int64_t image, int64_t panel, const fovea::ServeStrips& strips, int64_t first_strip, int64_t last_strip, float* scratch) {
    bool plain = s.kernel_h == s.kernel_w && s.stride_h == s.stride_w && s.dilation_h == 1 && s.dilation_w == 1;
    auto run = !plain ? depthwise_of<0, 0>
        : s.kernel_h == 3 && s.stride_h == 1 ? depthwise_of<3, 1> : s.kernel_h == 3 && s.stride_h == 2 ? depthwise_of<3, 2>
        : s.kernel_h == 5 && s.stride_h == 1 ? depthwise_of<5, 1> : s.kernel_h == 5 && s.stride_h == 2 ? depthwise_of<5, 2> : depthwise_of<0, 0>;
    run(s, arguments, image, panel, strips, first_strip, last_strip, scratch);
}

} // namespace

namespace fovea {
const ServeKernels& FTORCH_KERNELS() {
    static constexpr ServeKernels kernels = {L, R, convolve, winograd, depthwise};
    return kernels;
}
} // namespace fovea
