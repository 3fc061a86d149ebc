using System.Runtime.InteropServices;

namespace Fovea.Imaging.Internal;

/// <summary>The exports of native/imaging, file by file. Returning <see cref="Status"/> throws on failure.</summary>
internal static unsafe partial class Native
{
    private const string Library = NativeLibraryLoader.Name;

    // bridge.cpp
    [LibraryImport(Library, EntryPoint = "fimg_last_error")]
    internal static partial int LastError(byte* buffer, int capacity);

    [LibraryImport(Library, EntryPoint = "fimg_opencv_version")]
    internal static partial Status OpenCvVersion(byte* buffer, int capacity);

    // codec.cpp, jpeg.cpp, png.cpp, tiff.cpp, webp.cpp, dicom.cpp
    [LibraryImport(Library, EntryPoint = "fimg_bytes_length")]
    internal static partial Status BytesLength(nint bytes, out long length);

    [LibraryImport(Library, EntryPoint = "fimg_bytes_copy")]
    internal static partial Status BytesCopy(nint bytes, byte* destination, long length);

    [LibraryImport(Library, EntryPoint = "fimg_bytes_free")]
    internal static partial Status BytesFree(nint bytes);

    [LibraryImport(Library, EntryPoint = "fimg_jpeg_decode")]
    internal static partial Status JpegDecode(byte* bytes, long length, int denominator, PixelView destination);

    [LibraryImport(Library, EntryPoint = "fimg_jpeg_encode")]
    internal static partial Status JpegEncode(PixelView source, int quality, out nint encoded);

    [LibraryImport(Library, EntryPoint = "fimg_png_decode")]
    internal static partial Status PngDecode(byte* bytes, long length, PixelView destination);

    [LibraryImport(Library, EntryPoint = "fimg_png_encode")]
    internal static partial Status PngEncode(PixelView source, out nint encoded);

    [LibraryImport(Library, EntryPoint = "fimg_tiff_decode")]
    internal static partial Status TiffDecode(byte* bytes, long length, int orientation, PixelView destination);

    [LibraryImport(Library, EntryPoint = "fimg_tiff_encode")]
    internal static partial Status TiffEncode(PixelView source, out nint encoded);

    [LibraryImport(Library, EntryPoint = "fimg_webp_decode")]
    internal static partial Status WebPDecode(byte* bytes, long length, PixelView destination);

    [LibraryImport(Library, EntryPoint = "fimg_webp_encode")]
    internal static partial Status WebPEncode(PixelView source, int quality, out nint encoded);

    [LibraryImport(Library, EntryPoint = "fimg_dicom_decode")]
    internal static partial Status DicomDecode(byte* bytes, long length, PixelView destination);

    // geometry.cpp
    [LibraryImport(Library, EntryPoint = "fimg_resize")]
    internal static partial Status Resize(PixelView source, PixelView destination, int interpolation);

    [LibraryImport(Library, EntryPoint = "fimg_resize_region")]
    internal static partial Status ResizeRegion(PixelView source, int* region, PixelView destination, int interpolation);

    [LibraryImport(Library, EntryPoint = "fimg_warp_affine")]
    internal static partial Status WarpAffine(PixelView source, PixelView destination, double* forward, int interpolation, int border, double* fill);

    [LibraryImport(Library, EntryPoint = "fimg_flip")]
    internal static partial Status Flip(PixelView source, PixelView destination, int code);

    [LibraryImport(Library, EntryPoint = "fimg_rotate")]
    internal static partial Status Rotate(PixelView source, PixelView destination, int code);

    // gaussian.cpp
    [LibraryImport(Library, EntryPoint = "fimg_gaussian_blur")]
    internal static partial Status GaussianBlur(PixelView source, PixelView destination, double sigma);

    // filter.cpp
    [LibraryImport(Library, EntryPoint = "fimg_median_blur")]
    internal static partial Status MedianBlur(PixelView source, PixelView destination, int size);

    [LibraryImport(Library, EntryPoint = "fimg_add_weighted")]
    internal static partial Status AddWeighted(PixelView a, double alpha, PixelView b, double beta, double gamma, PixelView destination);

    [LibraryImport(Library, EntryPoint = "fimg_clahe")]
    internal static partial Status Clahe(PixelView source, PixelView destination, double clipLimit, int tiles);

    [LibraryImport(Library, EntryPoint = "fimg_morphology")]
    internal static partial Status Morphology(PixelView source, PixelView destination, int operation, int radius);

    // colour.cpp
    [LibraryImport(Library, EntryPoint = "fimg_convert_colour")]
    internal static partial Status ConvertColour(PixelView source, PixelView destination, int code);

    [LibraryImport(Library, EntryPoint = "fimg_apply_colour_map")]
    internal static partial Status ApplyColourMap(PixelView source, PixelView destination, int map);

    // drawing.cpp
    [LibraryImport(Library, EntryPoint = "fimg_draw_line")]
    internal static partial Status DrawLine(PixelView image, double x0, double y0, double x1, double y1, byte* rgb, int thickness);

    [LibraryImport(Library, EntryPoint = "fimg_draw_rectangle")]
    internal static partial Status DrawRectangle(PixelView image, double x0, double y0, double x1, double y1, byte* rgb, int thickness);

    [LibraryImport(Library, EntryPoint = "fimg_draw_ellipse")]
    internal static partial Status DrawEllipse(
        PixelView image, double x, double y, double rx, double ry, double degrees, double start, double end, byte* rgb, int thickness);

    [LibraryImport(Library, EntryPoint = "fimg_draw_circle")]
    internal static partial Status DrawCircle(PixelView image, double x, double y, double radius, byte* rgb, int thickness);

    [LibraryImport(Library, EntryPoint = "fimg_draw_polygon")]
    internal static partial Status DrawPolygon(PixelView image, double* points, int count, int closed, byte* rgb, int thickness);

    [LibraryImport(Library, EntryPoint = "fimg_draw_text", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial Status DrawText(PixelView image, string text, double x, double y, double height, byte* rgb, int thickness);

    [LibraryImport(Library, EntryPoint = "fimg_text_size", StringMarshalling = StringMarshalling.Utf8)]
    internal static partial Status TextSize(string text, double height, int thickness, out int width, out int totalHeight);

    // measure.cpp
    [LibraryImport(Library, EntryPoint = "fimg_mean_std")]
    internal static partial Status MeanStd(PixelView source, PixelView mask, double* mean, double* deviation);

    [LibraryImport(Library, EntryPoint = "fimg_laplacian_variance")]
    internal static partial Status LaplacianVariance(PixelView source, out double variance);

    [LibraryImport(Library, EntryPoint = "fimg_connected_components")]
    internal static partial Status ConnectedComponents(
        PixelView mask, int connectivity, int* labels, out int count, int* stats, double* centroids, int capacity);

    [LibraryImport(Library, EntryPoint = "fimg_bright_lines")]
    internal static partial Status BrightLines(PixelView source, int* region, int tolerance, int swapped, byte* rows, byte* columns);

    // augment.cpp, jpeg.cpp
    [LibraryImport(Library, EntryPoint = "fimg_remap")]
    internal static partial Status Remap(PixelView source, PixelView destination, float* map, int interpolation, int border);

    [LibraryImport(Library, EntryPoint = "fimg_filter")]
    internal static partial Status Filter(PixelView source, PixelView destination, float* kernel, int size);

    [LibraryImport(Library, EntryPoint = "fimg_jpeg_round_trip")]
    internal static partial Status JpegRoundTrip(PixelView source, PixelView destination, int quality);
}
