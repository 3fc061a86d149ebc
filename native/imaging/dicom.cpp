// The compressed DICOM pictures that C# does not read itself (lossless JPEG, JPEG 2000, run lengths), through GDCM.
// GDCM asserts on damaged headers, so what comes here is a file that C# has written anew around the compressed stream.
#include "codec.h"

#include <gdcmImageReader.h>
#include <gdcmTrace.h>

#include <sstream>

// The stored samples, interleaved, before any colour conversion. The caller has checked 8 bits, one frame and the size.
FIMG_EXPORT int32_t fimg_dicom_decode(const uint8_t* bytes, int64_t length, PixelView destination) {
    return guard([&] {
        require_picture(destination);
        gdcm::Trace::SetDebug(false);
        gdcm::Trace::SetWarning(false);
        gdcm::Trace::SetError(false);
        std::istringstream stream(std::string(reinterpret_cast<const char*>(bytes), static_cast<size_t>(length)));
        gdcm::ImageReader reader;
        reader.SetStream(stream);
        if (!reader.Read()) throw std::runtime_error("the pixel data cannot be decoded");
        const gdcm::Image& image = reader.GetImage();
        const gdcm::PixelFormat& format = image.GetPixelFormat();
        const size_t planes = destination.channels, pixels = static_cast<size_t>(destination.width) * destination.height;
        if (image.GetDimension(0) != static_cast<unsigned>(destination.width) || image.GetDimension(1) != static_cast<unsigned>(destination.height) ||
            format.GetSamplesPerPixel() != planes || format.GetBitsAllocated() != 8 || image.GetBufferLength() != planes * pixels)
            throw std::runtime_error("the picture has another size than its header says");
        if (planes == 1 || image.GetPlanarConfiguration() == 0) {
            if (!image.GetBuffer(reinterpret_cast<char*>(destination.data))) throw std::runtime_error("the pixel data cannot be decoded");
            return;
        }
        Bytes planar(planes * pixels);
        if (!image.GetBuffer(reinterpret_cast<char*>(planar.data()))) throw std::runtime_error("the pixel data cannot be decoded");
        for (size_t i = 0; i < pixels; i++)
            for (size_t p = 0; p < planes; p++) destination.data[i * planes + p] = planar[p * pixels + i];
    });
}
