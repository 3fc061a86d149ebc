// What the codecs share: the caller has read the header and knows the size, so a decoder only checks it and fills the caller's pixels;
// an encoder gives a Bytes, which one C# method copies and frees.
#pragma once

#include "bridge.h"

#include <vector>

using Bytes = std::vector<uint8_t>;

constexpr int kMessage = 512;  // longest message of a C codec, kept on the stack because longjmp skips destructors

// The decoders fill grey (1) or RGB (3); anything else is a defect of the caller.
inline void require_picture(const PixelView& pixels) {
    pixels.mat();
    if (pixels.channels != 1 && pixels.channels != 3) throw std::invalid_argument("a picture has 1 or 3 channels");
}
