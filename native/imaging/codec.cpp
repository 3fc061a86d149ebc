// Decoding and encoding through OpenCV. A decoded picture lives here only between fimg_decode and fimg_decoded_take or _free,
// which one C# method calls in turn.
#include "bridge.h"

#include <opencv2/imgcodecs.hpp>
#include <opencv2/imgproc.hpp>

#include <cstring>
#include <memory>
#include <vector>

// flags: cv::ImreadModes
FIMG_EXPORT int32_t fimg_decode(const uint8_t* bytes, int64_t length, int32_t flags, void** decoded, int32_t* width, int32_t* height,
                                int32_t* channels) {
    *decoded = nullptr;
    return guard([&] {
        if (length < 1 || length > INT32_MAX) throw std::invalid_argument("the file is empty or larger than 2 GiB");
        cv::Mat buffer(1, static_cast<int>(length), CV_8U, const_cast<uint8_t*>(bytes));
        auto picture = std::make_unique<cv::Mat>(cv::imdecode(buffer, flags));
        if (picture->empty()) throw std::runtime_error("the pixel data cannot be decoded");
        if (picture->depth() != CV_8U) throw std::runtime_error("the picture has not 8 bits a channel");
        *width = picture->cols;
        *height = picture->rows;
        *channels = picture->channels();
        *decoded = picture.release();
    });
}

// Copies the pixels as grey or RGB into the caller's memory.
FIMG_EXPORT int32_t fimg_decoded_take(void* decoded, PixelView destination) {
    return guard([&] {
        const cv::Mat& picture = *static_cast<cv::Mat*>(decoded);
        into(destination, [&](cv::Mat& out) {
            if (picture.channels() == 1)
                picture.copyTo(out);
            else
                cv::cvtColor(picture, out, cv::COLOR_BGR2RGB);
        });
    });
}

FIMG_EXPORT int32_t fimg_decoded_free(void* decoded) {
    return guard([&] { delete static_cast<cv::Mat*>(decoded); });
}

// extension: ".png" and the like. parameters: cv::ImwriteFlags in pairs.
FIMG_EXPORT int32_t fimg_encode(PixelView source, const char* extension, const int32_t* parameters, int32_t parameter_count, void** encoded,
                                int64_t* length) {
    *encoded = nullptr;
    return guard([&] {
        cv::Mat picture = source.mat(), bgr;
        if (source.channels == 3) cv::cvtColor(picture, bgr, cv::COLOR_RGB2BGR);
        auto bytes = std::make_unique<std::vector<uint8_t>>();
        if (!cv::imencode(extension, source.channels == 3 ? bgr : picture, *bytes,
                          std::vector<int>(parameters, parameters + parameter_count)))
            throw std::runtime_error("the picture cannot be encoded");
        *length = static_cast<int64_t>(bytes->size());
        *encoded = bytes.release();
    });
}

FIMG_EXPORT int32_t fimg_encoded_take(void* encoded, uint8_t* destination, int64_t length) {
    return guard([&] {
        const auto& bytes = *static_cast<std::vector<uint8_t>*>(encoded);
        if (length < static_cast<int64_t>(bytes.size())) throw std::length_error("the buffer is too small");
        std::memcpy(destination, bytes.data(), bytes.size());
    });
}

FIMG_EXPORT int32_t fimg_encoded_free(void* encoded) {
    return guard([&] { delete static_cast<std::vector<uint8_t>*>(encoded); });
}
