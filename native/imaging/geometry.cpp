#include "bridge.h"

#include <opencv2/imgproc.hpp>

// interpolation: cv::InterpolationFlags 0 nearest, 1 linear, 2 cubic, 3 area, 4 Lanczos
FIMG_EXPORT int32_t fimg_resize(PixelView source, PixelView destination, int32_t interpolation) {
    return guard([&] {
        into(destination, [&](cv::Mat& out) { cv::resize(source.mat(), out, out.size(), 0, 0, interpolation); });
    });
}

// The rectangle x, y, width, height of the source, without looking beyond it.
FIMG_EXPORT int32_t fimg_resize_region(PixelView source, const int32_t* region, PixelView destination, int32_t interpolation) {
    return guard([&] {
        cv::Mat part = source.mat()(cv::Rect(region[0], region[1], region[2], region[3]));
        into(destination, [&](cv::Mat& out) { cv::resize(part, out, out.size(), 0, 0, interpolation); });
    });
}

// forward: six doubles, row by row, from source to destination pixel centres (OpenCV inverts it). border: cv::BorderTypes.
FIMG_EXPORT int32_t fimg_warp_affine(PixelView source, PixelView destination, const double* forward, int32_t interpolation, int32_t border,
                                     const double* fill) {
    return guard([&] {
        cv::Mat m(2, 3, CV_64F, const_cast<double*>(forward));
        into(destination, [&](cv::Mat& out) {
            cv::warpAffine(source.mat(), out, m, out.size(), interpolation, border,
                           cv::Scalar(fill[0], fill[1], fill[2], fill[3]));
        });
    });
}

// code: -1 both, 0 top to bottom, 1 left to right
FIMG_EXPORT int32_t fimg_flip(PixelView source, PixelView destination, int32_t code) {
    return guard([&] { into(destination, [&](cv::Mat& out) { cv::flip(source.mat(), out, code); }); });
}

// code: 0 clockwise, 1 half turn, 2 anti-clockwise
FIMG_EXPORT int32_t fimg_rotate(PixelView source, PixelView destination, int32_t code) {
    return guard([&] { into(destination, [&](cv::Mat& out) { cv::rotate(source.mat(), out, code); }); });
}
