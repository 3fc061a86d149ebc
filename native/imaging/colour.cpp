#include "bridge.h"

#include <opencv2/imgproc.hpp>

// code: cv::ColorConversionCodes, RGB on this side always
FIMG_EXPORT int32_t fimg_convert_colour(PixelView source, PixelView destination, int32_t code) {
    return guard([&] { into(destination, [&](cv::Mat& out) { cv::cvtColor(source.mat(), out, code); }); });
}

// map: cv::ColormapTypes; the result is RGB
FIMG_EXPORT int32_t fimg_apply_colour_map(PixelView source, PixelView destination, int32_t map) {
    return guard([&] {
        cv::Mat bgr;
        cv::applyColorMap(source.mat(), bgr, map);
        into(destination, [&](cv::Mat& out) { cv::cvtColor(bgr, out, cv::COLOR_BGR2RGB); });
    });
}
