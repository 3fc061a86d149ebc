// Start-up, versions, threads and the error message.
#include "bridge.h"

#include <opencv2/core/utils/logger.hpp>

#include <cstring>

namespace {
thread_local std::string last_error;

int silent(int, const char*, const char*, const char*, int, void*) { return 0; }
}  // namespace

void set_error(const char* message) noexcept {
    try {
        last_error = message;
    } catch (...) {
        last_error.clear();
    }
}

FIMG_EXPORT int32_t fimg_last_error(char* buffer, int32_t capacity) {
    if (buffer == nullptr || capacity < 1) return kFailed;
    size_t n = std::min(last_error.size(), static_cast<size_t>(capacity - 1));
    std::memcpy(buffer, last_error.data(), n);
    buffer[n] = 0;
    return kOk;
}

FIMG_EXPORT int32_t fimg_abi_version(int32_t* version) {
    return guard([&] { *version = kAbiVersion; });
}

// Silences OpenCV: its messages reach the user as exceptions, and nothing else may write to stderr.
FIMG_EXPORT int32_t fimg_start() {
    return guard([] {
        cv::utils::logging::setLogLevel(cv::utils::logging::LOG_LEVEL_SILENT);
        cv::redirectError(silent);
    });
}

FIMG_EXPORT int32_t fimg_opencv_version(char* buffer, int32_t capacity) {
    return guard([&] {
        std::string version = cv::getVersionString();
        if (static_cast<size_t>(capacity) <= version.size()) throw std::length_error("the buffer is too small");
        std::memcpy(buffer, version.c_str(), version.size() + 1);
    });
}
