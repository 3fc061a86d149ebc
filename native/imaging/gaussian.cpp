// cv::GaussianBlur of 8-bit pixels to the same bytes, several times faster where sigma is wide.
//
// OpenCV works with integer weights that sum to 256 and rounds once, at the end: (sum_y w_y sum_x w_x p + 2^15) >> 16. Whole numbers may be
// added in any order, so that
//   - the vertical pass goes first and stays in 16 bits (at most 255*256),
//   - taps of one weight are added before they are multiplied (the weights of a wide blur are small numbers that recur, and many are 0).
// The weights themselves are OpenCV's: they are read off the blur of a single bright line.
#include "bridge.h"

#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <cstring>
#include <vector>

#define FIMG_INLINE inline __attribute__((always_inline))

namespace {
typedef uint8_t Bytes32 __attribute__((vector_size(32)));
typedef uint16_t Shorts16 __attribute__((vector_size(32)));
typedef uint16_t Shorts32 __attribute__((vector_size(64)));
typedef uint32_t Words16 __attribute__((vector_size(64)));
typedef uint8_t Bytes16 __attribute__((vector_size(16)));

constexpr int kChunk = 64;      // values in registers at a time
constexpr int kLeastRadius = 8; // below, OpenCV's own is as good

// Taps at -offset and +offset of one weight; the middle stands alone.
struct Group {
    int weight;
    std::vector<int> offsets;
};

struct Kernel {
    int radius = 0, middle = 0;
    std::vector<Group> groups;
};

// False where the weights cannot be read off exactly (narrow kernels).
bool read_kernel(double sigma, Kernel& kernel) {
    kernel.radius = (cvRound(sigma * 6 + 1) | 1) / 2;
    if (kernel.radius < kLeastRadius) return false;
    int centre = 2 * kernel.radius + 1;
    cv::Mat line = cv::Mat::zeros(1, 2 * centre + 1, CV_8U), blurred;
    line.at<uint8_t>(0, centre) = 255;
    cv::GaussianBlur(line, blurred, cv::Size(0, 0), sigma);
    const uint8_t* w = blurred.ptr<uint8_t>() + centre;  // round(w*255/256) is w below 128
    kernel.middle = w[0];
    int sum = w[0];
    for (int k = 1; k <= kernel.radius; k++) {
        if (w[k] != w[-k]) return false;
        sum += 2 * w[k];
        if (w[k] == 0) continue;
        auto group = std::find_if(kernel.groups.begin(), kernel.groups.end(), [&](const Group& g) { return g.weight == w[k]; });
        if (group == kernel.groups.end()) group = kernel.groups.insert(group, Group{w[k], {}});
        group->offsets.push_back(k);
    }
    return sum == 256 && w[0] < 128;
}

// to[i] = sum of weight * rows[offset][i]; rows points at the middle of 2*radius+1 rows. At least kChunk values.
FIMG_INLINE void vertical(const uint8_t* const* rows, const Kernel& kernel, int count, uint16_t* to) {
    for (int start = 0; start < count; start += kChunk) {
        int x = std::min(start, count - kChunk);  // the last chunk overlaps the one before
        Shorts32 sum[2];
        for (int j = 0; j < 2; j++) {
            Bytes32 a;
            std::memcpy(&a, rows[0] + x + 32 * j, sizeof a);
            sum[j] = __builtin_convertvector(a, Shorts32) * static_cast<uint16_t>(kernel.middle);
        }
        for (const Group& group : kernel.groups) {
            Shorts32 part[2] = {};
            for (int k : group.offsets) {
                for (int j = 0; j < 2; j++) {
                    Bytes32 a, b;
                    std::memcpy(&a, rows[-k] + x + 32 * j, sizeof a);
                    std::memcpy(&b, rows[k] + x + 32 * j, sizeof b);
                    part[j] += __builtin_convertvector(a, Shorts32) + __builtin_convertvector(b, Shorts32);
                }
            }
            for (int j = 0; j < 2; j++) sum[j] += part[j] * static_cast<uint16_t>(group.weight);
        }
        std::memcpy(to + x, sum, sizeof sum);
    }
}

// from points at the first of count values and reaches radius*channels beyond both ends.
FIMG_INLINE void horizontal(const uint16_t* from, const Kernel& kernel, int channels, int count, uint8_t* to) {
    for (int start = 0; start < count; start += kChunk) {
        int x = std::min(start, count - kChunk);
        Words16 sum[4];
        for (int j = 0; j < 4; j++) {
            Shorts16 a;
            std::memcpy(&a, from + x + 16 * j, sizeof a);
            sum[j] = __builtin_convertvector(a, Words16) * static_cast<uint32_t>(kernel.middle) + 0x8000u;
        }
        for (const Group& group : kernel.groups) {
            Words16 part[4] = {};
            for (int offset : group.offsets) {
                int k = offset * channels;
                for (int j = 0; j < 4; j++) {
                    Shorts16 a, b;
                    std::memcpy(&a, from + x + 16 * j - k, sizeof a);
                    std::memcpy(&b, from + x + 16 * j + k, sizeof b);
                    part[j] += __builtin_convertvector(a, Words16) + __builtin_convertvector(b, Words16);
                }
            }
            for (int j = 0; j < 4; j++) sum[j] += part[j] * static_cast<uint32_t>(group.weight);
        }
        for (int j = 0; j < 4; j++) {
            Bytes16 bytes = __builtin_convertvector(sum[j] >> 16, Bytes16);
            std::memcpy(to + x + 16 * j, &bytes, sizeof bytes);
        }
    }
}

FIMG_INLINE void blur_with(const PixelView& source, const PixelView& destination, const Kernel& kernel) {
    int width = source.width, height = source.height, channels = source.channels, count = width * channels, radius = kernel.radius;
    std::vector<uint16_t> buffer(static_cast<size_t>(width + 2 * radius) * channels);
    uint16_t* line = buffer.data() + static_cast<size_t>(radius) * channels;
    std::vector<int> beyond(2 * radius);  // columns that stand in for those outside, left then right
    for (int k = 0; k < radius; k++) {
        beyond[k] = cv::borderInterpolate(k - radius, width, cv::BORDER_REFLECT_101);
        beyond[radius + k] = cv::borderInterpolate(width + k, width, cv::BORDER_REFLECT_101);
    }
    std::vector<const uint8_t*> rows(height + 2 * radius);
    for (int y = 0; y < static_cast<int>(rows.size()); y++)
        rows[y] = source.data + static_cast<size_t>(cv::borderInterpolate(y - radius, height, cv::BORDER_REFLECT_101)) * count;
    for (int y = 0; y < height; y++) {
        vertical(rows.data() + y + radius, kernel, count, line);
        for (int k = 0; k < radius; k++) {
            for (int c = 0; c < channels; c++) {
                line[(k - radius) * channels + c] = line[beyond[k] * channels + c];
                line[(width + k) * channels + c] = line[beyond[radius + k] * channels + c];
            }
        }
        horizontal(line, kernel, channels, count, destination.data + static_cast<size_t>(y) * count);
    }
}
// The same code for each instruction set; everything it calls is inlined.
#if defined(__x86_64__)
__attribute__((target("avx512bw"))) void blur_avx512(const PixelView& s, const PixelView& d, const Kernel& k) { blur_with(s, d, k); }
__attribute__((target("avx2"))) void blur_avx2(const PixelView& s, const PixelView& d, const Kernel& k) { blur_with(s, d, k); }
#endif

void blur(const PixelView& source, const PixelView& destination, const Kernel& kernel) {
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx512bw")) return blur_avx512(source, destination, kernel);
    if (__builtin_cpu_supports("avx2")) return blur_avx2(source, destination, kernel);
#endif
    blur_with(source, destination, kernel);
}
}  // namespace

// The kernel's size follows from sigma as OpenCV does it for 8 bits: 2*round(3*sigma)+1. Border: reflect 101.
FIMG_EXPORT int32_t fimg_gaussian_blur(PixelView source, PixelView destination, double sigma) {
    return guard([&] {
        source.mat();
        destination.mat();
        Kernel kernel;
        if (source.width * source.channels >= kChunk && source.data != destination.data && read_kernel(sigma, kernel)) {
            if (source.width != destination.width || source.height != destination.height || source.channels != destination.channels)
                throw std::logic_error("the result has another shape than its destination");
            blur(source, destination, kernel);
        } else {
            into(destination, [&](cv::Mat& out) { cv::GaussianBlur(source.mat(), out, cv::Size(0, 0), sigma); });
        }
    });
}
