// Operations of augmentation that the others do not need.
#include "bridge.h"

#include <opencv2/imgproc.hpp>

// map: for each destination pixel the source point x, y, in pixel centres. interpolation: cv::InterpolationFlags. border: cv::BorderTypes; constant is black.
FIMG_EXPORT int32_t fimg_remap(PixelView source, PixelView destination, const float* map, int32_t interpolation, int32_t border) {
    return guard([&] {
        cv::Mat points(destination.height, destination.width, CV_32FC2, const_cast<float*>(map));
        into(destination, [&](cv::Mat& out) { cv::remap(source.mat(), out, points, cv::Mat(), interpolation, border); });
    });
}

// kernel: size*size floats, row by row, correlated with the picture (not turned round). Border: reflect 101.
FIMG_EXPORT int32_t fimg_filter(PixelView source, PixelView destination, const float* kernel, int32_t size) {
    return guard([&] {
        cv::Mat k(size, size, CV_32F, const_cast<float*>(kernel));
        into(destination, [&](cv::Mat& out) { cv::filter2D(source.mat(), out, -1, k); });
    });
}
