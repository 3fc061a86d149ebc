// See conv_kernels.h. Compiled with AVX-512 switched on; conv.cpp asks the processor before it calls.
//
// The sum over pixels runs in chunks of about 400. For a chunk, x is copied once for each tap of a kernel's row, [kw][input row][output column][64 channels], and dy in tiles [tile][pixel][6 outputs]:
// stride, padding and dilation are dealt with there, and the innermost loop reads both from end to end. That loop keeps 6 outputs × 64 channels of dw in 24 registers.
#include <algorithm>
#include <immintrin.h>
#include "conv_kernels.h"

namespace {

using fovea::ConvShape;
using fovea::kConvTile;

constexpr int64_t kLanes = 16, kBlock = 64, kPixels = 400, kMaxVectors = 4;

// How one call's work is cut up.
struct Plan {
    int64_t images, rows; // of a chunk: some rows of one image, or several whole images
    int64_t in_rows;      // input rows that those need, for each image

    explicit Plan(const ConvShape& s) {
        rows = std::min(s.out_height, std::max<int64_t>(1, (kPixels + s.out_width / 2) / s.out_width));
        int64_t parts = (s.out_height + rows - 1) / rows;
        rows = (s.out_height + parts - 1) / parts;
        images = rows == s.out_height ? std::max<int64_t>(1, kPixels / (rows * s.out_width)) : 1;
        in_rows = (rows - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1;
    }
    int64_t pixels(const ConvShape& s) const { return images * rows * s.out_width; }
    int64_t x_floats(const ConvShape& s) const { return s.kernel_w * images * in_rows * s.out_width * kBlock; }
    int64_t dy_floats(const ConvShape& s) const { return (s.out / kConvTile + 1) * (pixels(s) * kConvTile + 2); }
};

inline __mmask16 lanes(int64_t n) { return static_cast<__mmask16>(n >= kLanes ? 0xFFFF : (1u << n) - 1); }

// One input row under tap kw of every output column: [out_width][vectors · 16], `count` channels from `first` on, zero outside of the image.
void pack_row(const ConvShape& s, const float* x, int64_t image, int64_t row, int64_t kw, int64_t first, int64_t count, int64_t vectors, float* to) {
    const float* from = x + (image * s.height + row) * s.width * s.in + first;
    for (int64_t column = 0; column < s.out_width; column++, to += vectors * kLanes) {
        int64_t at = column * s.stride_w - s.pad_w + kw * s.dilation_w;
        bool inside = row >= 0 && row < s.height && at >= 0 && at < s.width;
        for (int64_t v = 0; v < vectors; v++)
            _mm512_storeu_ps(to + v * kLanes, _mm512_maskz_loadu_ps(inside ? lanes(count - v * kLanes) : 0, from + at * s.in + v * kLanes));
    }
}

// Outputs [first, last) of some pixels into tiles of 6, `stride` floats apart; a few pixels at a time, so that their memory is read once.
void pack_dy(const float* dy, int64_t outs, int64_t pixels, int64_t first, int64_t last, float* to, int64_t stride) {
    for (int64_t begin = 0; begin < pixels; begin += 8)
        for (int64_t out = first; out < last; out += kConvTile) {
            auto mask = static_cast<__mmask8>((1u << std::min(kConvTile, last - out)) - 1);
            float* tile = to + (out - first) / kConvTile * stride + begin * kConvTile;
            for (int64_t p = begin; p < std::min(pixels, begin + 8); p++, tile += kConvTile) _mm256_storeu_ps(tile, _mm256_maskz_loadu_ps(mask, dy + p * outs + out)); // two too many, which the next overwrites
        }
}

// dw[m][v] += Σ dy[p][m] · x[p][v]. x comes in runs of pixels, which start at x + offsets[run]; `last` lanes of the last vector count.
template <int M, int V>
void multiply(const float* x, const int64_t* offsets, int64_t runs, int64_t length, const float* dy, float* dw, int64_t dw_stride, int64_t last, bool add) {
    __m512 sums[M][V];
    auto mask = lanes(last);
    for (int m = 0; m < M; m++)
        for (int v = 0; v < V; v++)
            sums[m][v] = add ? _mm512_maskz_loadu_ps(v == V - 1 ? mask : 0xFFFF, dw + m * dw_stride + v * kLanes) : _mm512_setzero_ps();
    int64_t run = 0;
    do {
        const float* p = x + offsets[run];
        int64_t pixel = 0;
        do {
            __m512 values[V];
            for (int v = 0; v < V; v++) values[v] = _mm512_loadu_ps(p + v * kLanes);
            for (int m = 0; m < M; m++) {
                auto factor = _mm512_set1_ps(dy[m]);
                for (int v = 0; v < V; v++) sums[m][v] = _mm512_fmadd_ps(factor, values[v], sums[m][v]);
            }
            p += V * kLanes;
            dy += kConvTile;
        } while (++pixel < length);
    } while (++run < runs);
    for (int m = 0; m < M; m++)
        for (int v = 0; v < V; v++) _mm512_mask_storeu_ps(dw + m * dw_stride + v * kLanes, v == V - 1 ? mask : 0xFFFF, sums[m][v]);
}

typedef void (*Multiply)(const float*, const int64_t*, int64_t, int64_t, const float*, float*, int64_t, int64_t, bool);
#define FTORCH_ROW(M) {&multiply<M, 1>, &multiply<M, 2>, &multiply<M, 3>, &multiply<M, 4>}
const Multiply multiplies[kConvTile][kMaxVectors] = {FTORCH_ROW(1), FTORCH_ROW(2), FTORCH_ROW(3), FTORCH_ROW(4), FTORCH_ROW(5), FTORCH_ROW(6)};
#undef FTORCH_ROW

void weight_gradient(const ConvShape& s, const float* x, const float* dy, float* dw, int64_t first_image, int64_t last_image, int64_t first_out, int64_t last_out, void* scratch) {
    Plan plan(s);
    auto* offsets = static_cast<int64_t*>(scratch);
    auto* xs = reinterpret_cast<float*>(offsets + plan.images * plan.rows);
    auto* dys = xs + plan.x_floats(s);
    const int64_t dw_stride = s.kernel_h * s.kernel_w * s.in;
    // As many channels at a time as keep their part of dw in the second-level cache.
    const int64_t outs = last_out - first_out, most = std::max<int64_t>(1, (int64_t{512} << 10) / (outs * s.kernel_h * s.kernel_w * kBlock * 4)) * kBlock;
    for (int64_t group = 0; group < s.in; group += most) {
        bool add = false;
        for (int64_t image = first_image; image < last_image; image += plan.images)
            for (int64_t top = 0; top < s.out_height; top += plan.rows, add = true) {
                const int64_t images = std::min(plan.images, last_image - image), rows = std::min(plan.rows, s.out_height - top), tile_floats = images * rows * s.out_width * kConvTile + 2;
                for (int64_t i = 0; i < images; i++)
                    pack_dy(dy + ((image + i) * s.out_height + top) * s.out_width * s.out, s.out, rows * s.out_width, first_out, last_out, dys + i * rows * s.out_width * kConvTile, tile_floats);
                for (int64_t first = group; first < std::min(s.in, group + most); first += kBlock) {
                    const int64_t count = std::min(kBlock, s.in - first), vectors = (count + kLanes - 1) / kLanes, row_floats = s.out_width * vectors * kLanes;
                    for (int64_t kw = 0; kw < s.kernel_w; kw++)
                        for (int64_t i = 0; i < images; i++)
                            for (int64_t row = 0; row < (rows - 1) * s.stride_h + (s.kernel_h - 1) * s.dilation_h + 1; row++)
                                pack_row(s, x, image + i, top * s.stride_h - s.pad_h + row, kw, first, count, vectors, xs + ((kw * images + i) * plan.in_rows + row) * row_floats);
                    // With stride 1 the rows under a tap follow each other: an image is one run.
                    const int64_t runs = s.stride_h == 1 ? 1 : rows, length = rows / runs * s.out_width;
                    for (int64_t i = 0; i < images; i++)
                        for (int64_t run = 0; run < runs; run++) offsets[i * runs + run] = (i * plan.in_rows + run * s.stride_h) * row_floats;
                    for (int64_t kh = 0; kh < s.kernel_h; kh++)
                        for (int64_t kw = 0; kw < s.kernel_w; kw++)
                            for (int64_t out = first_out; out < last_out; out += kConvTile) {
                                auto m = std::min(kConvTile, last_out - out);
                                multiplies[m - 1][vectors - 1](xs + (kw * images * plan.in_rows + kh * s.dilation_h) * row_floats, offsets, images * runs, length, dys + (out - first_out) / kConvTile * tile_floats,
                                                               dw + out * dw_stride + (kh * s.kernel_w + kw) * s.in + first, dw_stride, count - (vectors - 1) * kLanes, add);
                            }
                }
            }
    }
}

void turn(const ConvShape& s, const float* weight, float* turned, int64_t first_in, int64_t last_in) {
    const int64_t taps = s.kernel_h * s.kernel_w;
    for (int64_t in = first_in; in < last_in; in += kLanes)
        for (int64_t tap = 0; tap < taps; tap++)
            for (int64_t out = 0; out < s.out; out += 4) {
                // Four outputs by 16 inputs: transposed within each quarter of the vectors, a quarter is then one input's four outputs.
                const float* from = weight + (out * taps + tap) * s.in + in;
                auto a = _mm512_loadu_ps(from), b = _mm512_loadu_ps(from + taps * s.in), c = _mm512_loadu_ps(from + 2 * taps * s.in), d = _mm512_loadu_ps(from + 3 * taps * s.in);
                auto ab = _mm512_castps_pd(_mm512_unpacklo_ps(a, b)), cd = _mm512_castps_pd(_mm512_unpacklo_ps(c, d));
                auto AB = _mm512_castps_pd(_mm512_unpackhi_ps(a, b)), CD = _mm512_castps_pd(_mm512_unpackhi_ps(c, d));
                const __m512 columns[4] = {_mm512_castpd_ps(_mm512_unpacklo_pd(ab, cd)), _mm512_castpd_ps(_mm512_unpackhi_pd(ab, cd)),
                                           _mm512_castpd_ps(_mm512_unpacklo_pd(AB, CD)), _mm512_castpd_ps(_mm512_unpackhi_pd(AB, CD))};
                float* to = turned + (in * taps + taps - 1 - tap) * s.out + out;
                for (int64_t i = 0; i < 4; i++) {
                    _mm_storeu_ps(to + i * taps * s.out, _mm512_castps512_ps128(columns[i]));
                    _mm_storeu_ps(to + (4 + i) * taps * s.out, _mm512_extractf32x4_ps(columns[i], 1));
                    _mm_storeu_ps(to + (8 + i) * taps * s.out, _mm512_extractf32x4_ps(columns[i], 2));
                    _mm_storeu_ps(to + (12 + i) * taps * s.out, _mm512_extractf32x4_ps(columns[i], 3));
                }
            }
}

int64_t scratch_bytes(const ConvShape& s) {
    Plan plan(s);
    return (plan.x_floats(s) + plan.dy_floats(s)) * sizeof(float) + plan.images * plan.rows * sizeof(int64_t) + 64;
}

const fovea::ConvKernels<float> kernels = {&weight_gradient, &scratch_bytes, &turn};

} // namespace

const fovea::ConvKernels<float>& fovea::FTORCH_KERNELS() { return kernels; }
