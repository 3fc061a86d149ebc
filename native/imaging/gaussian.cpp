// cv::GaussianBlur of 8-bit pixels to the same bytes, several times faster where sigma is wide.
//
// OpenCV works with integer weights that sum to 256 and rounds once, at the end: (sum_y w_y sum_x w_x p + 2^15) >> 16. Whole numbers may be
// added in any order, so that
//   - the vertical pass goes first and stays in 16 bits (at most 255*256),
//   - a sum follows from the sum `lag` pixels before: only taps whose weight differs from that of the tap `lag` further on are looked at. A wide
//     blur's weights are small numbers that recur; with sigma 30 that leaves 54 of 181 taps,
//   - these changes come in pairs of opposite sign, and those of one size are added before they are multiplied,
//   - the horizontal pass takes eight rows at a time, one in each lane, so that it may lean on the pixels to its left, too.
// The weights themselves are OpenCV's: they are read off the blur of a single bright line.
#include "bridge.h"

#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

#define FIMG_INLINE inline __attribute__((always_inline))

namespace {
typedef uint16_t Shorts16 __attribute__((vector_size(32)));
typedef uint32_t Words8 __attribute__((vector_size(32)));
typedef uint8_t Bytes16 __attribute__((vector_size(16)));

constexpr int kColumns = 64;    // values of a row in registers at a time
constexpr int kVectors = kColumns / 16;
constexpr int kStep = 4;        // pixels of the horizontal pass at a time
constexpr int kLanes = 8;       // rows side by side in the horizontal pass
constexpr int kLeastRadius = 8; // below, OpenCV's own is as good
constexpr int kMostLag = 8;
constexpr int kBand = 64;       // rows whose column sums are kept at a time; a multiple of kLanes

// What the sum at i + lag has more of than the sum at i: `change` times (value at plus - value at minus), offsets from i.
struct Pair {
    int plus, minus;
};

struct Group {
    int change;
    std::vector<Pair> pairs;
};

struct Kernel {
    double sigma = 0;
    int radius = 0, lag = 0;
    std::vector<int> weights;  // 2*radius+1
    std::vector<Group> groups;
};

// One value of each of kLanes rows. (A vector type as a template's argument would lose its alignment.)
struct alignas(32) Lanes {
    Words8 v;
};

// The taps at which a kernel and itself `lag` further on differ: weights[k - lag] - weights[k], for k from -radius to radius + lag.
std::vector<int> changes(const Kernel& kernel, int lag) {
    int taps = static_cast<int>(kernel.weights.size());
    std::vector<int> result(taps + lag);
    for (int i = 0; i < taps + lag; i++) result[i] = (i >= lag ? kernel.weights[i - lag] : 0) - (i < taps ? kernel.weights[i] : 0);
    return result;
}

// False where the weights cannot be read off exactly (narrow kernels).
bool read_kernel(double sigma, Kernel& kernel) {
    kernel = Kernel();
    int radius = (cvRound(sigma * 6 + 1) | 1) / 2, centre = 2 * radius + 1;
    if (radius < kLeastRadius) return false;
    cv::Mat line = cv::Mat::zeros(1, 2 * centre + 1, CV_8U), blurred;
    line.at<uint8_t>(0, centre) = 255;
    cv::GaussianBlur(line, blurred, cv::Size(0, 0), sigma);
    const uint8_t* w = blurred.ptr<uint8_t>() + centre;  // round(w*255/256) is w below 128
    int sum = 0;
    for (int k = -radius; k <= radius; k++) {
        if (w[k] != w[-k] || w[k] >= 128) return false;
        kernel.weights.push_back(w[k]);
        sum += w[k];
    }
    if (sum != 256) return false;
    kernel.radius = radius;
    std::vector<int> best;
    size_t fewest = SIZE_MAX;
    for (int lag = 1; lag <= kMostLag; lag++) {
        std::vector<int> change = changes(kernel, lag);
        size_t count = change.size() - std::count(change.begin(), change.end(), 0);
        if (count < fewest) fewest = count, best = change, kernel.lag = lag;
    }
    // The kernel is symmetric, so that each change has its opposite in the mirrored place.
    int last = static_cast<int>(best.size()) - 1;
    for (int i = 0; i <= last; i++) {
        if (best[i] <= 0) continue;
        auto group = std::find_if(kernel.groups.begin(), kernel.groups.end(), [&](const Group& g) { return g.change == best[i]; });
        if (group == kernel.groups.end()) group = kernel.groups.insert(group, Group{best[i], {}});
        group->pairs.push_back(Pair{i - radius, last - i - radius});
    }
    kernel.sigma = sigma;
    return true;
}

FIMG_INLINE void widen(const uint8_t* from, Shorts16& to) {
    Bytes16 bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    to = __builtin_convertvector(bytes, Shorts16);
}

// Sums of columns: sums[y - top][i] = sum of weights[k] * rows[y + k][i] for y from top to bottom; rows[0] stands for the picture's first row, `radius` more lie
// before and after. The sums of `lag` rows above the top lie before. At least kColumns values a row.
FIMG_INLINE void vertical(const uint8_t* const* rows, const Kernel& kernel, int count, int top, int bottom, uint16_t* sums) {
    for (int start = 0; start < count; start += kColumns) {
        int x = std::min(start, count - kColumns);  // the last ones overlap those before
        uint16_t* to = sums + x;
        for (int y = top; y < bottom; y++, to += count) {
            Shorts16 sum[kVectors] = {}, a, b;
            if (y < kernel.lag) {
                for (int k = -kernel.radius; k <= kernel.radius; k++) {
                    for (int j = 0; j < kVectors; j++) {
                        widen(rows[y + k] + x + 16 * j, a);
                        sum[j] += a * static_cast<uint16_t>(kernel.weights[k + kernel.radius]);
                    }
                }
            } else {
                const uint8_t* const* from = rows + y - kernel.lag;
                std::memcpy(sum, to - static_cast<size_t>(kernel.lag) * count, sizeof sum);
                for (const Group& group : kernel.groups) {
                    Shorts16 part[kVectors] = {};
                    for (const Pair& pair : group.pairs) {
                        for (int j = 0; j < kVectors; j++) {
                            widen(from[pair.plus] + x + 16 * j, a);
                            widen(from[pair.minus] + x + 16 * j, b);
                            part[j] += a - b;
                        }
                    }
                    for (int j = 0; j < kVectors; j++) sum[j] += part[j] * static_cast<uint16_t>(group.change);
                }
            }
            std::memcpy(to, sum, sizeof sum);
        }
    }
}

// line: the sums of one channel of kLanes rows side by side; before the first of the `width` lie `radius` and kMostLag more, behind the last `radius` and kStep.
// What the kMostLag and kStep hold does not matter. to: kLanes rows of the result, `stride` bytes each, which are written up to kStep beyond the width.
FIMG_INLINE void horizontal(const Lanes* line, const Kernel& kernel, int width, int stride, uint8_t* to) {
    // sums[i] belongs to pixel x - lag + i.
    Words8 sums[kMostLag + kStep] = {};
    for (int i = 0; i < kernel.lag; i++) {
        sums[i] += 0x8000u;
        for (int k = -kernel.radius; k <= kernel.radius; k++) sums[i] += line[i - kernel.lag + k].v * static_cast<uint32_t>(kernel.weights[k + kernel.radius]);
    }
    for (int x = 0; x < width; x += kStep) {
        const Lanes* from = line + x - kernel.lag;
        Words8 change[kStep] = {};
        for (const Group& group : kernel.groups) {
            Words8 part[kStep] = {};
            for (const Pair& pair : group.pairs)
                for (int j = 0; j < kStep; j++) part[j] += from[pair.plus + j].v - from[pair.minus + j].v;
            for (int j = 0; j < kStep; j++) change[j] += part[j] * static_cast<uint32_t>(group.change);
        }
        Words8 quads = {};
        for (int j = 0; j < kStep; j++) {
            sums[kernel.lag + j] = sums[j] + change[j];
            quads |= sums[kernel.lag + j] >> 16 << 8 * j;
        }
        for (int i = 0; i < kernel.lag; i++) sums[i] = sums[kStep + i];
        for (int lane = 0; lane < kLanes; lane++) {
            uint32_t four = quads[lane];
            std::memcpy(to + static_cast<size_t>(lane) * stride + x, &four, sizeof four);
        }
    }
}

// What a thread works in; fresh memory would cost as much as the work.
struct Scratch {
    Kernel kernel;
    std::vector<const uint8_t*> rows;
    std::vector<uint16_t> sums;
    std::vector<Lanes> line;
    std::vector<uint8_t> blurred;
};

FIMG_INLINE void blur_with(const PixelView& source, const PixelView& destination, Scratch& scratch) {
    const Kernel& kernel = scratch.kernel;
    int width = source.width, height = source.height, channels = source.channels, count = width * channels, radius = kernel.radius;
    scratch.rows.resize(height + 2 * radius);
    for (int y = 0; y < height + 2 * radius; y++)
        scratch.rows[y] = source.data + static_cast<size_t>(cv::borderInterpolate(y - radius, height, cv::BORDER_REFLECT_101)) * count;
    int stride = width + kStep, plane = kLanes * stride;
    scratch.line.resize(width + 2 * radius + kMostLag + kStep);
    scratch.blurred.resize(static_cast<size_t>(plane) * channels);
    scratch.sums.resize(static_cast<size_t>(count) * (kMostLag + 2 * kBand));
    Lanes* line = scratch.line.data() + kMostLag + radius;
    uint16_t* sums = scratch.sums.data() + static_cast<size_t>(count) * kMostLag;
    for (int top = 0, bottom; top < height; top = bottom) {
        bottom = height - top < 2 * kBand ? height : top + kBand;  // the last band takes what would be too little for one of its own
        vertical(scratch.rows.data() + radius, kernel, count, top, bottom, sums);
        for (int start = top; start < bottom; start += kLanes) {
            int y = std::min(start, bottom - kLanes);
            for (int c = 0; c < channels; c++) {
                const uint16_t* from = sums + static_cast<size_t>(y - top) * count + c;
                for (int x = 0; x < width; x++)
                    for (int lane = 0; lane < kLanes; lane++) line[x].v[lane] = from[static_cast<size_t>(lane) * count + x * channels];
                for (int k = 1; k <= radius; k++) {
                    line[-k] = line[cv::borderInterpolate(-k, width, cv::BORDER_REFLECT_101)];
                    line[width - 1 + k] = line[cv::borderInterpolate(width - 1 + k, width, cv::BORDER_REFLECT_101)];
                }
                horizontal(line, kernel, width, stride, scratch.blurred.data() + static_cast<size_t>(c) * plane);
            }
            cv::Mat planes[4], out(kLanes, width, CV_8UC(channels), destination.data + static_cast<size_t>(y) * count);
            for (int c = 0; c < channels; c++) planes[c] = cv::Mat(kLanes, width, CV_8U, scratch.blurred.data() + static_cast<size_t>(c) * plane, stride);
            cv::merge(planes, channels, out);
        }
        size_t kept = static_cast<size_t>(count) * kernel.lag;
        std::memcpy(sums - kept, sums + static_cast<size_t>(count) * (bottom - top) - kept, kept * sizeof *sums);
    }
}

// The same code for each instruction set; everything it calls is inlined.
#if defined(__x86_64__)
__attribute__((target("avx512bw"))) void blur_avx512(const PixelView& s, const PixelView& d, Scratch& k) { blur_with(s, d, k); }
__attribute__((target("avx2"))) void blur_avx2(const PixelView& s, const PixelView& d, Scratch& k) { blur_with(s, d, k); }
#endif

void blur(const PixelView& source, const PixelView& destination, Scratch& scratch) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw")) return blur_avx512(source, destination, scratch);
    if (__builtin_cpu_supports("avx2")) return blur_avx2(source, destination, scratch);
#endif
    blur_with(source, destination, scratch);
}
}  // namespace

// The kernel's size follows from sigma as OpenCV does it for 8 bits: 2*round(3*sigma)+1. Border: reflect 101.
FIMG_EXPORT int32_t fimg_gaussian_blur(PixelView source, PixelView destination, double sigma) {
    return guard([&] {
        source.mat();
        destination.mat();
        thread_local Scratch scratch;
        bool fits = source.width * source.channels >= kColumns && source.height >= kLanes && source.data != destination.data;
        if (fits && (scratch.kernel.sigma == sigma || read_kernel(sigma, scratch.kernel))) {
            if (source.width != destination.width || source.height != destination.height || source.channels != destination.channels)
                throw std::logic_error("the result has another shape than its destination");
            blur(source, destination, scratch);
        } else {
            into(destination, [&](cv::Mat& out) { cv::GaussianBlur(source.mat(), out, cv::Size(0, 0), sigma); });
        }
    });
}
