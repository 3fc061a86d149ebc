// See winograd_kernels.h. Compiled with AVX2 switched on; winograd.cpp asks the processor before it calls.
//
// With d a tile's 4×4 input pixels, g the kernel and y its 2×2 output pixels: y = Aᵀ[(G g Gᵀ) ⊙ (Bᵀ d B)]A, summed over the input channels, which makes a matrix product of each of the 16 places.
// The gradient of g is the adjoint: Gᵀ[Σ (A dy Aᵀ) ⊙ (Bᵀ d B)]G.
//
// Every transformed array is [16 places][channels / 16][rows][16 channels], rows being tiles or the other channels: the products read and write it from end to end.
#include "winograd_kernels.h"

namespace {

using fovea::ConvShape;
using fovea::kWinogradTiles;

constexpr int64_t kLanes = 8, kPanel = fovea::kWinogradPanel, kVectors = kPanel / kLanes, kPlaces = 16;
typedef float Floats __attribute__((vector_size(4 * kLanes)));

inline Floats load(const float* p) { Floats v; __builtin_memcpy(&v, p, sizeof v); return v; }
inline void store(float* p, Floats v) { __builtin_memcpy(p, &v, sizeof v); }
inline int64_t least(int64_t a, int64_t b) { return a < b ? a : b; }

// Where the pixels of a tile lie, −1 outside of the image. Rows and columns begin at 2·tile − pad.
template <int Side>
void locate(const ConvShape& s, int64_t tile, int64_t height, int64_t width, int64_t channels, int64_t pad_h, int64_t pad_w, int64_t* at) {
    const int64_t across = (s.out_width + 1) / 2, down = (s.out_height + 1) / 2;
    const int64_t image = tile / (across * down), top = tile / across % down * 2 - pad_h, left = tile % across * 2 - pad_w;
    for (int64_t i = 0; i < Side; i++)
        for (int64_t j = 0; j < Side; j++) {
            bool inside = top + i >= 0 && top + i < height && left + j >= 0 && left + j < width;
            at[i * Side + j] = inside ? ((image * height + top + i) * width + left + j) * channels : -1;
        }
}

// Bᵀ d B of the tiles [first, last).
void transform_input(const ConvShape& s, const float* x, int64_t first, int64_t last, float* to) {
    const int64_t rows = last - first, place = rows * s.in;
    for (int64_t tile = first; tile < last; tile++) {
        int64_t at[16];
        locate<4>(s, tile, s.height, s.width, s.in, s.pad_h, s.pad_w, at);
        for (int64_t c = 0; c < s.in; c += kLanes) {
            Floats t[4][4];
            for (int j = 0; j < 4; j++) {
                Floats d[4];
                for (int i = 0; i < 4; i++) d[i] = at[i * 4 + j] < 0 ? Floats{} : load(x + at[i * 4 + j] + c);
                t[0][j] = d[0] - d[2]; t[1][j] = d[1] + d[2]; t[2][j] = d[2] - d[1]; t[3][j] = d[1] - d[3];
            }
            float* own = to + (c / kPanel * rows + tile - first) * kPanel + c % kPanel;
            for (int i = 0; i < 4; i++) {
                store(own + (i * 4 + 0) * place, t[i][0] - t[i][2]);
                store(own + (i * 4 + 1) * place, t[i][1] + t[i][2]);
                store(own + (i * 4 + 2) * place, t[i][2] - t[i][1]);
                store(own + (i * 4 + 3) * place, t[i][1] - t[i][3]);
            }
        }
    }
}

// A dy Aᵀ of the tiles [first, last), outputs [first_out, last_out).
void transform_gradient(const ConvShape& s, const float* dy, int64_t first, int64_t last, int64_t first_out, int64_t last_out, float* to) {
    const int64_t rows = last - first, place = rows * (last_out - first_out);
    for (int64_t tile = first; tile < last; tile++) {
        int64_t at[4];
        locate<2>(s, tile, s.out_height, s.out_width, s.out, 0, 0, at);
        for (int64_t c = first_out; c < last_out; c += kLanes) {
            Floats t[4][2];
            for (int j = 0; j < 2; j++) {
                auto a = at[j] < 0 ? Floats{} : load(dy + at[j] + c), b = at[2 + j] < 0 ? Floats{} : load(dy + at[2 + j] + c);
                t[0][j] = a; t[1][j] = a + b; t[2][j] = a - b; t[3][j] = -b;
            }
            const int64_t own = c - first_out;
            float* p = to + (own / kPanel * rows + tile - first) * kPanel + own % kPanel;
            for (int i = 0; i < 4; i++) {
                store(p + (i * 4 + 0) * place, t[i][0]);
                store(p + (i * 4 + 1) * place, t[i][0] + t[i][1]);
                store(p + (i * 4 + 2) * place, t[i][0] - t[i][1]);
                store(p + (i * 4 + 3) * place, -t[i][1]);
            }
        }
    }
}

// Aᵀ m A of the tiles [first, last).
void transform_output(const ConvShape& s, const float* from, int64_t first, int64_t last, float* y) {
    const int64_t rows = last - first, place = rows * s.out;
    for (int64_t tile = first; tile < last; tile++) {
        int64_t at[4];
        locate<2>(s, tile, s.out_height, s.out_width, s.out, 0, 0, at);
        for (int64_t c = 0; c < s.out; c += kLanes) {
            const float* m = from + (c / kPanel * rows + tile - first) * kPanel + c % kPanel;
            Floats t[2][4];
            for (int j = 0; j < 4; j++) {
                auto a = load(m + j * place), b = load(m + (4 + j) * place), d = load(m + (8 + j) * place), e = load(m + (12 + j) * place);
                t[0][j] = a + b + d;
                t[1][j] = b - d - e;
            }
            for (int i = 0; i < 2; i++) {
                if (at[i * 2] >= 0) store(y + at[i * 2] + c, t[i][0] + t[i][1] + t[i][2]);
                if (at[i * 2 + 1] >= 0) store(y + at[i * 2 + 1] + c, t[i][1] - t[i][2] - t[i][3]);
            }
        }
    }
}

// G g Gᵀ of one pair of channels, or of a vector of them; tap(kh, kw) gives g.
template <class F>
inline void transform_kernel(const F& tap, Floats* to) {
    Floats t[4][3];
    for (int j = 0; j < 3; j++) {
        auto a = tap(0, j), b = tap(1, j), c = tap(2, j), sum = (a + c) * 0.5f, half = b * 0.5f;
        t[0][j] = a; t[1][j] = sum + half; t[2][j] = sum - half; t[3][j] = c;
    }
    for (int i = 0; i < 4; i++) {
        auto sum = (t[i][0] + t[i][2]) * 0.5f, half = t[i][1] * 0.5f;
        to[i * 4] = t[i][0]; to[i * 4 + 1] = sum + half; to[i * 4 + 2] = sum - half; to[i * 4 + 3] = t[i][2];
    }
}

inline void transpose(Floats* v) {
    static_assert(kLanes == 8, "written for eight lanes");
    typedef int32_t Order __attribute__((vector_size(32)));
    constexpr Order low = {0, 8, 1, 9, 4, 12, 5, 13}, high = {2, 10, 3, 11, 6, 14, 7, 15}, first = {0, 1, 8, 9, 4, 5, 12, 13}, second = {2, 3, 10, 11, 6, 7, 14, 15},
                    front = {0, 1, 2, 3, 8, 9, 10, 11}, back = {4, 5, 6, 7, 12, 13, 14, 15};
    Floats a[8], b[8];
    for (int i = 0; i < 8; i += 2) { a[i] = __builtin_shuffle(v[i], v[i + 1], low); a[i + 1] = __builtin_shuffle(v[i], v[i + 1], high); }
    for (int i = 0; i < 8; i += 4)
        for (int k = 0; k < 2; k++) { b[i + 2 * k] = __builtin_shuffle(a[i + k], a[i + 2 + k], first); b[i + 2 * k + 1] = __builtin_shuffle(a[i + k], a[i + 2 + k], second); }
    for (int k = 0; k < 4; k++) { v[k] = __builtin_shuffle(b[k], b[4 + k], front); v[4 + k] = __builtin_shuffle(b[k], b[4 + k], back); }
}

// [place][out / 16][in][16 outputs]
void weights(const ConvShape& s, const float* weight, float* transformed, int64_t first, int64_t last) {
    const int64_t place = s.in * s.out;
    for (int64_t out = first; out < last; out += kLanes)
        for (int64_t in = 0; in < s.in; in += kLanes) {
            Floats all[kLanes][kPlaces];
            for (int64_t o = 0; o < kLanes; o++) transform_kernel([&](int64_t kh, int64_t kw) { return load(weight + ((out + o) * 9 + kh * 3 + kw) * s.in + in); }, all[o]);
            for (int64_t p = 0; p < kPlaces; p++) {
                Floats v[kLanes];
                for (int o = 0; o < kLanes; o++) v[o] = all[o][p];
                transpose(v);
                float* to = transformed + p * place + (out / kPanel * s.in + in) * kPanel + out % kPanel;
                for (int i = 0; i < kLanes; i++) store(to + i * kPanel, v[i]);
            }
        }
}

// [place][in / 16][out][16 inputs], turned
void turned_weights(const ConvShape& s, const float* weight, float* transformed, int64_t first, int64_t last) {
    const int64_t place = s.in * s.out;
    for (int64_t in = first; in < last; in += kLanes)
        for (int64_t out = 0; out < s.out; out++) {
            Floats all[kPlaces];
            transform_kernel([&](int64_t kh, int64_t kw) { return load(weight + (out * 9 + 8 - kh * 3 - kw) * s.in + in); }, all);
            float* to = transformed + (in / kPanel * s.out + out) * kPanel + in % kPanel;
            for (int64_t p = 0; p < kPlaces; p++) store(to + p * place, all[p]);
        }
}

// c[Rows][16] = Σₖ a[k][Rows] · b[k][16], for k in panels of 16 of a: a's rows are kPanel apart, its panels `panel`.
template <int Rows>
void multiply(const float* a, int64_t panel, const float* b, int64_t channels, float* c) {
    Floats sums[Rows][kVectors] = {};
    for (int64_t k = 0; k < channels; k += kPanel, a += panel)
        for (int64_t i = 0; i < kPanel; i++, b += kPanel) {
            Floats values[kVectors];
            for (int v = 0; v < kVectors; v++) values[v] = load(b + v * kLanes);
            for (int r = 0; r < Rows; r++)
                for (int v = 0; v < kVectors; v++) sums[r][v] += a[r * kPanel + i] * values[v];
        }
    for (int r = 0; r < Rows; r++)
        for (int v = 0; v < kVectors; v++) store(c + r * kPanel + v * kLanes, sums[r][v]);
}

typedef void (*Multiply)(const float*, int64_t, const float*, int64_t, float*);
const Multiply multiplies[] = {nullptr, &multiply<1>, &multiply<2>, &multiply<3>, &multiply<4>, &multiply<5>, &multiply<6>};

void convolve(const ConvShape& s, const float* x, const float* transformed, float* y, int64_t first, int64_t last, float* scratch) {
    const int64_t rows = last - first;
    float *inputs = scratch, *products = scratch + kPlaces * rows * s.in;
    transform_input(s, x, first, last, inputs);
    for (int64_t place = 0; place < kPlaces; place++)
        for (int64_t out = 0; out < s.out; out += kPanel)
            for (int64_t row = 0; row < rows; row += 6)
                multiplies[least(6, rows - row)](inputs + place * rows * s.in + row * kPanel, rows * kPanel, transformed + place * s.in * s.out + out * s.in, s.in,
                                                 products + place * rows * s.out + out * rows + row * kPanel);
    transform_output(s, products, first, last, y);
}

// c[4][16] (+)= Σ over tiles of a[tile][4] · b[tile][16]
inline void accumulate(const float* a, const float* b, int64_t tiles, float* c, bool add) {
    Floats sums[4][kVectors];
    for (int r = 0; r < 4; r++)
        for (int v = 0; v < kVectors; v++) sums[r][v] = add ? load(c + r * kPanel + v * kLanes) : Floats{};
    for (int64_t t = 0; t < tiles; t++, a += kPanel, b += kPanel) {
        Floats values[kVectors];
        for (int v = 0; v < kVectors; v++) values[v] = load(b + v * kLanes);
        for (int r = 0; r < 4; r++)
            for (int v = 0; v < kVectors; v++) sums[r][v] += a[r] * values[v];
    }
    for (int r = 0; r < 4; r++)
        for (int v = 0; v < kVectors; v++) store(c + r * kPanel + v * kLanes, sums[r][v]);
}

void weight_gradient(const ConvShape& s, const float* x, const float* dy, float* dw, int64_t first, int64_t last, float* scratch) {
    const int64_t outs = last - first, tiles = fovea::winograd_tiles(s), place_floats = s.in * outs;
    float *inputs = scratch, *gradients = inputs + kPlaces * kWinogradTiles * s.in, *sums = gradients + kPlaces * kWinogradTiles * outs; // sums [place][in / 16][out][16 inputs]
    for (int64_t begin = 0; begin < tiles; begin += kWinogradTiles) {
        const int64_t end = least(tiles, begin + kWinogradTiles), rows = end - begin;
        transform_input(s, x, begin, end, inputs);
        transform_gradient(s, dy, begin, end, first, last, gradients);
        for (int64_t place = 0; place < kPlaces; place++)
            for (int64_t in = 0; in < s.in; in += kPanel)
                for (int64_t out = 0; out < outs; out += 4)
                    accumulate(gradients + place * rows * outs + out / kPanel * rows * kPanel + out % kPanel, inputs + (place * s.in + in) * rows, rows,
                               sums + place * place_floats + (in / kPanel * outs + out) * kPanel, begin > 0);
    }
    // Gᵀ u G
    for (int64_t in = 0; in < s.in; in += kLanes)
        for (int64_t out = 0; out < outs; out++) {
            const float* from = sums + (in / kPanel * outs + out) * kPanel + in % kPanel;
            Floats t[3][4];
            for (int j = 0; j < 4; j++) {
                auto a = load(from + j * place_floats), b = load(from + (4 + j) * place_floats), c = load(from + (8 + j) * place_floats), d = load(from + (12 + j) * place_floats);
                auto sum = (b + c) * 0.5f;
                t[0][j] = a + sum; t[1][j] = (b - c) * 0.5f; t[2][j] = sum + d;
            }
            float* to = dw + (first + out) * 9 * s.in + in;
            for (int i = 0; i < 3; i++) {
                auto sum = (t[i][1] + t[i][2]) * 0.5f;
                store(to + (i * 3 + 0) * s.in, t[i][0] + sum);
                store(to + (i * 3 + 1) * s.in, (t[i][1] - t[i][2]) * 0.5f);
                store(to + (i * 3 + 2) * s.in, sum + t[i][3]);
            }
        }
}

const fovea::WinogradKernels kernels = {&weights, &turned_weights, &convolve, &weight_gradient};

} // namespace

const fovea::WinogradKernels& fovea::FTORCH_KERNELS() { return kernels; }
