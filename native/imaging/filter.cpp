#include "bridge.h"

#include <opencv2/imgproc.hpp>

FIMG_EXPORT int32_t fimg_median_blur(PixelView source, PixelView destination, int32_t size) {
    return guard([&] { into(destination, [&](cv::Mat& out) { cv::medianBlur(source.mat(), out, size); }); });
}

FIMG_EXPORT int32_t fimg_add_weighted(PixelView a, double alpha, PixelView b, double beta, double gamma, PixelView destination) {
    return guard([&] { into(destination, [&](cv::Mat& out) { cv::addWeighted(a.mat(), alpha, b.mat(), beta, gamma, out); }); });
}

FIMG_EXPORT int32_t fimg_clahe(PixelView source, PixelView destination, double clip_limit, int32_t tiles) {
    return guard([&] {
        auto clahe = cv::createCLAHE(clip_limit, cv::Size(tiles, tiles));
        if (source.channels == 1) {
            into(destination, [&](cv::Mat& out) { clahe->apply(source.mat(), out); });
            return;
        }
        cv::Mat lab, lightness;
        cv::cvtColor(source.mat(), lab, cv::COLOR_RGB2Lab);
        cv::extractChannel(lab, lightness, 0);
        clahe->apply(lightness, lightness);
        cv::insertChannel(lightness, lab, 0);
        into(destination, [&](cv::Mat& out) { cv::cvtColor(lab, out, cv::COLOR_Lab2RGB); });
    });
}

// operation: cv::MorphTypes 0 erode, 1 dilate, 2 open, 3 close; the element is an ellipse of 2*radius+1
FIMG_EXPORT int32_t fimg_morphology(PixelView source, PixelView destination, int32_t operation, int32_t radius) {
    return guard([&] {
        cv::Mat element = cv::getStructuringElement(cv::MORPH_ELLIPSE, cv::Size(2 * radius + 1, 2 * radius + 1));
        into(destination, [&](cv::Mat& out) { cv::morphologyEx(source.mat(), out, operation, element); });
    });
}
