#include "bridge.h"

#include <opencv2/imgproc.hpp>

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
