// JPEG through libjpeg. Unlike OpenCV's decoder this one refuses a picture whose data end early or are damaged, instead of filling the
// rest with grey, and it writes nothing to stderr.
#include "codec.h"

#include <csetjmp>
#include <cstdio>
#include <cstdlib>

extern "C" {
#include <jpeglib.h>
#include <jerror.h>
}

namespace {
constexpr int kMostScans = 200;  // a progressive file of some kilobytes can name thousands of scans over the whole picture

struct Trouble {
    jpeg_error_mgr base;  // first: libjpeg hands back a pointer to it
    jmp_buf escape;
    char message[kMessage];
};

[[noreturn]] void leave(j_common_ptr c) {
    auto* trouble = reinterpret_cast<Trouble*>(c->err);
    (*c->err->format_message)(c, trouble->message);
    longjmp(trouble->escape, 1);
}

void silent(j_common_ptr) {}

// Warnings that mean lost pixels are errors; stray bytes between segments, which some cameras write, are not.
void warned(j_common_ptr c, int level) {
    if (level >= 0) return;
    switch (c->err->msg_code) {
        case JWRN_JPEG_EOF:
        case JWRN_HIT_MARKER:
        case JWRN_HUFF_BAD_CODE:
        case JWRN_ARITH_BAD_CODE:
        case JWRN_MUST_RESYNC:
        case JWRN_BOGUS_PROGRESSION:
            leave(c);
        default:
            break;
    }
}

void watch_scans(j_common_ptr c) {
    if (!c->is_decompressor) return;
    if (reinterpret_cast<j_decompress_ptr>(c)->input_scan_number > kMostScans) {
        auto* trouble = reinterpret_cast<Trouble*>(c->err);
        std::snprintf(trouble->message, sizeof trouble->message, "more than %d scans", kMostScans);
        longjmp(trouble->escape, 1);
    }
}

void prepare(Trouble& trouble) {
    jpeg_std_error(&trouble.base);
    trouble.base.error_exit = leave;
    trouble.base.emit_message = warned;
    trouble.base.output_message = silent;
    trouble.message[0] = 0;
}

// No object with a destructor may live here: errors leave by longjmp. Gives false with the reason in trouble.message.
bool decode(const uint8_t* bytes, unsigned long length, int denominator, const PixelView& out, Trouble& trouble) {
    jpeg_decompress_struct c;
    jpeg_progress_mgr progress = {};
    prepare(trouble);
    c.err = &trouble.base;
    if (setjmp(trouble.escape)) {
        jpeg_destroy_decompress(&c);
        return false;
    }
    jpeg_create_decompress(&c);
    progress.progress_monitor = watch_scans;
    c.progress = &progress;
    jpeg_mem_src(&c, bytes, length);
    jpeg_read_header(&c, TRUE);
    c.scale_num = 1;
    c.scale_denom = denominator;
    c.out_color_space = out.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_start_decompress(&c);
    if (static_cast<int>(c.output_width) != out.width || static_cast<int>(c.output_height) != out.height || c.output_components != out.channels) {
        std::snprintf(trouble.message, sizeof trouble.message, "the picture has another size than its header says");
        jpeg_destroy_decompress(&c);
        return false;
    }
    while (c.output_scanline < c.output_height) {
        JSAMPROW row = out.data + static_cast<size_t>(c.output_scanline) * out.width * out.channels;
        jpeg_read_scanlines(&c, &row, 1);
    }
    jpeg_finish_decompress(&c);
    jpeg_destroy_decompress(&c);
    return true;
}

bool encode(const PixelView& in, int quality, unsigned char*& bytes, unsigned long& length, Trouble& trouble) {
    jpeg_compress_struct c;
    prepare(trouble);
    c.err = &trouble.base;
    if (setjmp(trouble.escape)) {
        jpeg_destroy_compress(&c);
        return false;
    }
    jpeg_create_compress(&c);
    jpeg_mem_dest(&c, &bytes, &length);
    c.image_width = in.width;
    c.image_height = in.height;
    c.input_components = in.channels;
    c.in_color_space = in.channels == 1 ? JCS_GRAYSCALE : JCS_RGB;
    jpeg_set_defaults(&c);
    jpeg_set_quality(&c, quality, TRUE);
    jpeg_start_compress(&c, TRUE);
    while (c.next_scanline < c.image_height) {
        JSAMPROW row = in.data + static_cast<size_t>(c.next_scanline) * in.width * in.channels;
        jpeg_write_scanlines(&c, &row, 1);
    }
    jpeg_finish_compress(&c);
    jpeg_destroy_compress(&c);
    return true;
}
}  // namespace

// denominator: 1, 2, 4 or 8; the destination's sides are the stored ones divided by it, rounded up
FIMG_EXPORT int32_t fimg_jpeg_decode(const uint8_t* bytes, int64_t length, int32_t denominator, PixelView destination) {
    return guard([&] {
        require_picture(destination);
        Trouble trouble;
        if (!decode(bytes, static_cast<unsigned long>(length), denominator, destination, trouble)) throw std::runtime_error(trouble.message);
    });
}

FIMG_EXPORT int32_t fimg_jpeg_encode(PixelView source, int32_t quality, void** encoded) {
    *encoded = nullptr;
    return guard([&] {
        require_picture(source);
        Trouble trouble;
        unsigned char* bytes = nullptr;
        unsigned long length = 0;
        bool good = encode(source, quality, bytes, length, trouble);
        std::unique_ptr<unsigned char, decltype(&std::free)> owner(bytes, &std::free);
        if (!good) throw std::runtime_error(trouble.message);
        *encoded = new Bytes(bytes, bytes + length);
    });
}

// What a JPEG of this quality would leave of the picture.
FIMG_EXPORT int32_t fimg_jpeg_round_trip(PixelView source, PixelView destination, int32_t quality) {
    return guard([&] {
        require_picture(source);
        require_picture(destination);
        Trouble trouble;
        unsigned char* bytes = nullptr;
        unsigned long length = 0;
        bool good = encode(source, quality, bytes, length, trouble);
        std::unique_ptr<unsigned char, decltype(&std::free)> owner(bytes, &std::free);
        if (!good || !decode(bytes, length, 1, destination, trouble)) throw std::runtime_error(trouble.message);
    });
}
