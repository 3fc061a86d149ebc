// TIFF through libtiff, from and to memory, with its messages kept off stderr.
#include "codec.h"

#include <tiffio.h>

#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <memory>

namespace {
thread_local char trouble[kMessage];

void keep(const char*, const char* format, va_list arguments) { std::vsnprintf(trouble, sizeof trouble, format, arguments); }

// The handlers are the process's, not the file's; setting them again is harmless and survives another library's setting its own.
void silence() {
    TIFFSetErrorHandler(keep);
    TIFFSetWarningHandler(nullptr);
    trouble[0] = 0;
}

struct Source {
    const uint8_t* bytes;
    uint64_t length, at;
};

struct Sink {
    Bytes bytes;
    uint64_t at = 0;
};

uint64_t moved(uint64_t at, uint64_t length, uint64_t offset, int whence) {
    return whence == SEEK_SET ? offset : whence == SEEK_CUR ? at + offset : length + offset;
}

tmsize_t source_read(thandle_t h, void* to, tmsize_t n) {
    auto* s = reinterpret_cast<Source*>(h);
    if (n < 0 || s->at >= s->length) return 0;
    auto count = std::min<uint64_t>(n, s->length - s->at);
    std::memcpy(to, s->bytes + s->at, count);
    s->at += count;
    return static_cast<tmsize_t>(count);
}

toff_t source_seek(thandle_t h, toff_t offset, int whence) {
    auto* s = reinterpret_cast<Source*>(h);
    return s->at = moved(s->at, s->length, offset, whence);
}

toff_t source_size(thandle_t h) { return reinterpret_cast<Source*>(h)->length; }
tmsize_t no_write(thandle_t, void*, tmsize_t) { return 0; }
tmsize_t no_read(thandle_t, void*, tmsize_t) { return 0; }
int no_close(thandle_t) { return 0; }

tmsize_t sink_write(thandle_t h, void* from, tmsize_t n) {
    auto* s = reinterpret_cast<Sink*>(h);
    try {
        if (s->bytes.size() < s->at + n) s->bytes.resize(s->at + n);
    } catch (...) {
        return 0;  // libtiff is C: no exception may pass through it
    }
    std::memcpy(s->bytes.data() + s->at, from, n);
    s->at += n;
    return n;
}

toff_t sink_seek(thandle_t h, toff_t offset, int whence) {
    auto* s = reinterpret_cast<Sink*>(h);
    return s->at = moved(s->at, s->bytes.size(), offset, whence);
}

toff_t sink_size(thandle_t h) { return reinterpret_cast<Sink*>(h)->bytes.size(); }

using Tiff = std::unique_ptr<TIFF, decltype(&TIFFClose)>;

[[noreturn]] void fail() { throw std::runtime_error(trouble[0] ? trouble : "the pixel data cannot be decoded"); }
}  // namespace

// orientation: the file's own (1 to 8), so that libtiff leaves the rows as they are stored
FIMG_EXPORT int32_t fimg_tiff_decode(const uint8_t* bytes, int64_t length, int32_t orientation, PixelView destination) {
    return guard([&] {
        require_picture(destination);
        if (destination.channels != 3) throw std::invalid_argument("TIFF decodes to RGB");
        silence();
        Source source{bytes, static_cast<uint64_t>(length), 0};
        // "m": no memory mapping, all goes through source_read, which knows the end
        Tiff tiff(TIFFClientOpen("memory", "rm", &source, source_read, no_write, source_seek, no_close, source_size, nullptr, nullptr), TIFFClose);
        if (!tiff) fail();
        uint32_t width = 0, height = 0;
        TIFFGetField(tiff.get(), TIFFTAG_IMAGEWIDTH, &width);
        TIFFGetField(tiff.get(), TIFFTAG_IMAGELENGTH, &height);
        if (width != static_cast<uint32_t>(destination.width) || height != static_cast<uint32_t>(destination.height))
            throw std::runtime_error("the picture has another size than its header says");
        size_t count = static_cast<size_t>(width) * height;
        std::unique_ptr<uint32_t[]> raster(new uint32_t[count]);
        if (!TIFFReadRGBAImageOriented(tiff.get(), width, height, raster.get(), orientation, 1)) fail();
        if (trouble[0]) fail();
        uint8_t* out = destination.data;
        for (size_t i = 0; i < count; i++, out += 3) {
            out[0] = TIFFGetR(raster[i]);
            out[1] = TIFFGetG(raster[i]);
            out[2] = TIFFGetB(raster[i]);
        }
    });
}

// Deflate with horizontal prediction, in strips of about 64 KiB.
FIMG_EXPORT int32_t fimg_tiff_encode(PixelView source, void** encoded) {
    *encoded = nullptr;
    return guard([&] {
        require_picture(source);
        silence();
        Sink sink;
        {
            Tiff tiff(TIFFClientOpen("memory", "wlm", &sink, no_read, sink_write, sink_seek, no_close, sink_size, nullptr, nullptr), TIFFClose);
            if (!tiff) fail();
            TIFF* t = tiff.get();
            size_t stride = static_cast<size_t>(source.width) * source.channels;
            TIFFSetField(t, TIFFTAG_IMAGEWIDTH, source.width);
            TIFFSetField(t, TIFFTAG_IMAGELENGTH, source.height);
            TIFFSetField(t, TIFFTAG_BITSPERSAMPLE, 8);
            TIFFSetField(t, TIFFTAG_SAMPLESPERPIXEL, source.channels);
            TIFFSetField(t, TIFFTAG_PHOTOMETRIC, source.channels == 1 ? PHOTOMETRIC_MINISBLACK : PHOTOMETRIC_RGB);
            TIFFSetField(t, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG);
            TIFFSetField(t, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE);
            TIFFSetField(t, TIFFTAG_PREDICTOR, PREDICTOR_HORIZONTAL);
            TIFFSetField(t, TIFFTAG_ROWSPERSTRIP, static_cast<uint32_t>(std::max<size_t>(1, (64 << 10) / stride)));
            Bytes row(stride);  // the predictor works in place, and the caller's pixels are not ours to change
            for (int y = 0; y < source.height; y++) {
                std::memcpy(row.data(), source.data + y * stride, stride);
                if (TIFFWriteScanline(t, row.data(), y, 0) != 1) fail();
            }
            if (!TIFFFlush(t)) fail();
        }
        *encoded = new Bytes(std::move(sink.bytes));
    });
}
