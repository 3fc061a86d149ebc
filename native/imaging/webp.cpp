#include "codec.h"

#include <webp/decode.h>
#include <webp/encode.h>

FIMG_EXPORT int32_t fimg_webp_decode(const uint8_t* bytes, int64_t length, PixelView destination) {
    return guard([&] {
        require_picture(destination);
        if (destination.channels != 3) throw std::invalid_argument("WebP decodes to RGB");
        int width = 0, height = 0;
        if (!WebPGetInfo(bytes, length, &width, &height) || width != destination.width || height != destination.height)
            throw std::runtime_error("the picture has another size than its header says");
        size_t stride = static_cast<size_t>(width) * 3;
        if (WebPDecodeRGBInto(bytes, length, destination.data, stride * height, static_cast<int>(stride)) == nullptr)
            throw std::runtime_error("the pixel data end early or are damaged");
    });
}

// RGB only: the format has no grey
FIMG_EXPORT int32_t fimg_webp_encode(PixelView source, int32_t quality, void** encoded) {
    *encoded = nullptr;
    return guard([&] {
        require_picture(source);
        if (source.channels != 3) throw std::invalid_argument("WebP encodes RGB");
        uint8_t* bytes = nullptr;
        size_t length = WebPEncodeRGB(source.data, source.width, source.height, source.width * 3, static_cast<float>(quality), &bytes);
        std::unique_ptr<uint8_t, decltype(&WebPFree)> owner(bytes, &WebPFree);
        if (length == 0) throw std::runtime_error("WebP pictures have at most 16383 pixels a side");
        *encoded = new Bytes(bytes, bytes + length);
    });
}
