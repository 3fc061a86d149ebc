#include "codec.h"

#include <cstring>

FIMG_EXPORT int32_t fimg_bytes_length(void* bytes, int64_t* length) {
    return guard([&] { *length = static_cast<int64_t>(static_cast<Bytes*>(bytes)->size()); });
}

FIMG_EXPORT int32_t fimg_bytes_copy(void* bytes, uint8_t* destination, int64_t length) {
    return guard([&] {
        const auto& from = *static_cast<Bytes*>(bytes);
        if (length < static_cast<int64_t>(from.size())) throw std::length_error("the buffer is too small");
        std::memcpy(destination, from.data(), from.size());
    });
}

FIMG_EXPORT int32_t fimg_bytes_free(void* bytes) {
    return guard([&] { delete static_cast<Bytes*>(bytes); });
}
