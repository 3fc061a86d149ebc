#include "bridge.h"

#include <opencv2/imgproc.hpp>

#include <cmath>
#include <vector>

namespace {
// Coordinates are given in pixels and fractions; OpenCV takes them as fixed point with this many binary places.
constexpr int kShift = 4;
constexpr double kLimit = 1e6;  // keeps fixed-point products inside 32 bits

int fixed(double v) {
    if (!(v >= -kLimit && v <= kLimit)) throw std::invalid_argument("a drawing coordinate is not finite or beyond a million pixels");
    return static_cast<int>(std::lround(v * (1 << kShift)));
}

cv::Point fixed(double x, double y) { return {fixed(x), fixed(y)}; }
cv::Scalar colour(const uint8_t* rgb) { return {double(rgb[0]), double(rgb[1]), double(rgb[2])}; }
}  // namespace

FIMG_EXPORT int32_t fimg_draw_line(PixelView image, double x0, double y0, double x1, double y1, const uint8_t* rgb, int32_t thickness) {
    return guard([&] {
        cv::Mat m = image.mat();
        cv::line(m, fixed(x0, y0), fixed(x1, y1), colour(rgb), thickness, cv::LINE_AA, kShift);
    });
}

// thickness -1 fills
FIMG_EXPORT int32_t fimg_draw_rectangle(PixelView image, double x0, double y0, double x1, double y1, const uint8_t* rgb, int32_t thickness) {
    return guard([&] {
        cv::Mat m = image.mat();
        cv::rectangle(m, fixed(x0, y0), fixed(x1, y1), colour(rgb), thickness, cv::LINE_AA, kShift);
    });
}

FIMG_EXPORT int32_t fimg_draw_ellipse(PixelView image, double x, double y, double rx, double ry, double degrees, double start, double end,
                                      const uint8_t* rgb, int32_t thickness) {
    return guard([&] {
        cv::Mat m = image.mat();
        cv::ellipse(m, fixed(x, y), cv::Size(fixed(rx), fixed(ry)), degrees, start, end, colour(rgb), thickness, cv::LINE_AA, kShift);
    });
}

FIMG_EXPORT int32_t fimg_draw_circle(PixelView image, double x, double y, double radius, const uint8_t* rgb, int32_t thickness) {
    return guard([&] {
        cv::Mat m = image.mat();
        cv::circle(m, fixed(x, y), fixed(radius), colour(rgb), thickness, cv::LINE_AA, kShift);
    });
}

// points: x, y, x, y, …
FIMG_EXPORT int32_t fimg_draw_polygon(PixelView image, const double* points, int32_t count, int32_t closed, const uint8_t* rgb,
                                      int32_t thickness) {
    return guard([&] {
        std::vector<cv::Point> at(count);
        for (int i = 0; i < count; i++) at[i] = fixed(points[2 * i], points[2 * i + 1]);
        cv::Mat m = image.mat();
        if (thickness < 0)
            cv::fillPoly(m, std::vector<std::vector<cv::Point>>{at}, colour(rgb), cv::LINE_AA, kShift);
        else
            cv::polylines(m, at, closed != 0, colour(rgb), thickness, cv::LINE_AA, kShift);
    });
}

// (x, y): left end of the baseline. height: of a capital letter, pixels.
FIMG_EXPORT int32_t fimg_draw_text(PixelView image, const char* text, double x, double y, double height, const uint8_t* rgb, int32_t thickness) {
    return guard([&] {
        cv::Mat m = image.mat();
        double scale = cv::getFontScaleFromHeight(cv::FONT_HERSHEY_SIMPLEX, std::max(1, int(std::lround(height))), thickness);
        cv::putText(m, text, cv::Point(int(std::lround(x)), int(std::lround(y))), cv::FONT_HERSHEY_SIMPLEX, scale, colour(rgb), thickness,
                    cv::LINE_AA);
    });
}

FIMG_EXPORT int32_t fimg_text_size(const char* text, double height, int32_t thickness, int32_t* width, int32_t* total_height) {
    return guard([&] {
        double scale = cv::getFontScaleFromHeight(cv::FONT_HERSHEY_SIMPLEX, std::max(1, int(std::lround(height))), thickness);
        int baseline = 0;
        cv::Size size = cv::getTextSize(text, cv::FONT_HERSHEY_SIMPLEX, scale, thickness, &baseline);
        *width = size.width;
        *total_height = size.height + baseline;
    });
}
