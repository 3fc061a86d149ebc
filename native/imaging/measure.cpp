#include "bridge.h"

#include <opencv2/imgproc.hpp>

#include <algorithm>
#include <utility>
#include <vector>

namespace {
// Position of the first pixel from x on whose grey value (OpenCV's, 15 bits) reaches `least`, or `to`. Pixels without a channel above the tolerance are passed over
// sixteen at a time: grey is a mean of the channels.
int first_bright(const uint8_t* row, int x, int to, int tolerance, const int (&weights)[3], int least) {
    constexpr int kPixels = 16;
    while (x < to) {
        int end = std::min(x + kPixels, to);
        const uint8_t* p = row + 3 * x;
        if (end - x == kPixels) {
            uint8_t most = 0;
            for (int i = 0; i < 3 * kPixels; i++) most = std::max(most, p[i]);
            if (most <= tolerance) {
                x = end;
                continue;
            }
        }
        for (; x < end; x++, p += 3)
            if (p[0] * weights[0] + p[1] * weights[1] + p[2] * weights[2] >= least) return x;
    }
    return to;
}
}  // namespace

// mean, deviation: one double a channel (population deviation). mask: none when its data is null.
FIMG_EXPORT int32_t fimg_mean_std(PixelView source, PixelView mask, double* mean, double* deviation) {
    return guard([&] {
        cv::Scalar m, s;
        cv::meanStdDev(source.mat(), m, s, mask.data ? cv::Mat(mask.mat()) : cv::Mat());
        for (int c = 0; c < source.channels; c++) mean[c] = m[c], deviation[c] = s[c];
    });
}

// Variance of the 3x3 Laplacian of a grey image.
FIMG_EXPORT int32_t fimg_laplacian_variance(PixelView source, double* variance) {
    return guard([&] {
        cv::Mat laplacian;
        cv::Laplacian(source.mat(), laplacian, CV_64F);
        cv::Scalar m, s;
        cv::meanStdDev(laplacian, m, s);
        *variance = s[0] * s[0];
    });
}

// labels: width*height int32, 0 the background. Two calls: stats null to learn the count, then count*5 int32 and count*2 doubles.
FIMG_EXPORT int32_t fimg_connected_components(PixelView mask, int32_t connectivity, int32_t* labels, int32_t* count, int32_t* stats,
                                              double* centroids, int32_t capacity) {
    return guard([&] {
        cv::Mat out(mask.height, mask.width, CV_32S, labels), s, c;
        *count = cv::connectedComponentsWithStats(mask.mat(), out, s, c, connectivity, CV_32S);
        if (reinterpret_cast<int32_t*>(out.data) != labels) out.copyTo(cv::Mat(mask.height, mask.width, CV_32S, labels));
        if (stats == nullptr) return;
        if (capacity < *count) throw std::length_error("the buffers are too small");
        s.copyTo(cv::Mat(*count, 5, CV_32S, stats));
        c.copyTo(cv::Mat(*count, 2, CV_64F, centroids));
    });
}

// Which rows and columns of the rectangle x, y, width, height have a pixel brighter than the tolerance (0 to 254) in grey: rows, columns: one byte each, set to 0
// before. swapped: red takes blue's weight and blue red's. Few pixels are looked at: a row is done at its first bright one, searched from the middle, and a column
// once it has one, so that soon only the columns of the border are left.
FIMG_EXPORT int32_t fimg_bright_lines(PixelView source, const int32_t* region, int32_t tolerance, int32_t swapped, uint8_t* rows, uint8_t* columns) {
    return guard([&] {
        cv::Mat part = source.mat()(cv::Rect(region[0], region[1], region[2], region[3]));
        if (source.channels != 3) throw std::invalid_argument("only a colour picture can be looked at");
        const int weights[3] = {swapped ? 3735 : 9798, 19235, swapped ? 9798 : 3735}, least = ((tolerance + 1) << 15) - (1 << 14);
        std::vector<std::pair<int, int>> open = {{0, part.cols}}, still;
        for (int y = 0; y < part.rows; y++) {
            const uint8_t* row = part.ptr<uint8_t>(y);
            auto first = [&](int x, int to) { return first_bright(row, x, to, tolerance, weights, least); };
            still.clear();
            for (auto [from, to] : open) {
                int start = from;
                for (int x = first(from, to); x < to; x = first(x + 1, to)) {
                    columns[x] = rows[y] = 1;
                    if (x > start) still.emplace_back(start, x);
                    start = x + 1;
                }
                if (start < to) still.emplace_back(start, to);
            }
            open.swap(still);
            int middle = part.cols / 2;
            if (!rows[y]) rows[y] = first(middle, part.cols) < part.cols || first(0, middle) < middle;
        }
    });
}
