// What every export of libfovea_imaging shares. The C# side is src/Fovea.Imaging/Internal/Native.cs, in the same order.
//
//   - every export returns a status: 0, or non-zero with the reason in fimg_last_error (per thread);
//   - pixels are the caller's: 8 bits a channel, interleaved, rows without padding, RGB or grey;
//   - no exception leaves the library: guard() ends in catch (...).
#pragma once

#include <opencv2/core.hpp>

#include <cstdint>
#include <exception>
#include <memory>
#include <new>
#include <stdexcept>
#include <string>

#define FIMG_EXPORT extern "C" __attribute__((visibility("default")))

// Raise when an export changes shape; Internal/NativeLibraryLoader.cs holds the other copy.
constexpr int32_t kAbiVersion = 4;

enum Status : int32_t { kOk = 0, kFailed = 1, kOutOfMemory = 2 };

struct PixelView {
    uint8_t* data;
    int32_t width, height, channels;

    cv::Mat mat() const {
        if (data == nullptr || width < 1 || height < 1 || channels < 1 || channels > 4)
            throw std::invalid_argument("pixels of impossible shape");
        return cv::Mat(height, width, CV_8UC(channels), data);
    }
};

void set_error(const char* message) noexcept;

// Runs an operation whose result belongs in `destination`; OpenCV writes there directly when shape and type agree.
template <class Operation>
void into(const PixelView& destination, Operation operation) {
    cv::Mat out = destination.mat();
    operation(out);
    if (out.data != destination.data) {
        if (out.cols != destination.width || out.rows != destination.height || out.type() != CV_8UC(destination.channels))
            throw std::logic_error("the result has another shape than its destination");
        out.copyTo(destination.mat());
    }
}

template <class Body>
int32_t guard(Body body) noexcept {
    try {
        body();
        return kOk;
    } catch (const cv::Exception& e) {
        set_error(e.err.empty() ? e.what() : e.err.c_str());
        return e.code == cv::Error::StsNoMem ? kOutOfMemory : kFailed;
    } catch (const std::bad_alloc&) {
        set_error("out of memory");
        return kOutOfMemory;
    } catch (const std::exception& e) {
        set_error(e.what());
        return kFailed;
    } catch (...) {
        set_error("an unknown native exception");
        return kFailed;
    }
}
