namespace Fovea.Imaging;

/// <summary>Pictures in files.</summary>
public static class ImageFile
{
    private const string Formats = ".jpg, .png, .tif, .bmp or .webp";

    /// <summary>Files beyond this many bytes are refused unread.</summary>
    private const long LongestFile = 1L << 30;

    /// <inheritdoc cref="ImageCodec.Decode"/>
    public static Image Read(string path, DecodeOptions? options = null) => ImageCodec.Decode(ReadBytes(path), path, options);

    /// <inheritdoc cref="ImageCodec.Probe"/>
    public static ImageInfo Probe(string path) => ImageCodec.Probe(ReadBytes(path), path);

    /// <summary>
    /// Writes the picture in the format of the path's ending, under a temporary name that is renamed at the end: a reader never sees half a file.
    /// </summary>
    /// <param name="quality">JPEG and WebP: 1–100.</param>
    /// <exception cref="UnwritableImageException">The folder is missing or not writable, or the ending names no format.</exception>
    public static void Write(string path, Image image, int quality = 95)
    {
        ArgumentNullException.ThrowIfNull(path);
        if (FormatOf(path) is not { } format || format == ImageFormat.Dicom)
            throw new UnwritableImageException(path, $"'{Path.GetExtension(path)}' names no format to write", $"End the name in {Formats}");
        var folder = Path.GetDirectoryName(Path.GetFullPath(path))!;
        if (!Directory.Exists(folder))
            throw new UnwritableImageException(path, "its folder does not exist", $"Create {folder} first");
        var bytes = ImageCodec.Encode(image, format, quality);
        var temporary = Path.Combine(folder, $".{Path.GetFileName(path)}.{Environment.ProcessId}.{Guid.NewGuid():N}.tmp");
        try
        {
            File.WriteAllBytes(temporary, bytes);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            File.Delete(temporary);
            throw new UnwritableImageException(path, $"it cannot be written ({e.Message.TrimEnd('.')})", "Check the folder's permissions and free space", e);
        }
    }

    /// <summary>The format a file name's ending stands for, or null.</summary>
    public static ImageFormat? FormatOf(string path) => Path.GetExtension(path)?.ToLowerInvariant() switch
    {
        ".jpg" or ".jpeg" or ".jpe" => ImageFormat.Jpeg,
        ".png" => ImageFormat.Png,
        ".tif" or ".tiff" => ImageFormat.Tiff,
        ".bmp" => ImageFormat.Bmp,
        ".webp" => ImageFormat.WebP,
        ".dcm" or ".dicom" => ImageFormat.Dicom,
        _ => null,
    };

    /// <summary>The file as it is, at most 1 GiB: for what also wants to hash it, before <see cref="ImageCodec.Decode"/>.</summary>
    /// <exception cref="UnreadableImageException">Missing, too large or not readable.</exception>
    public static byte[] ReadBytes(string path)
    {
        ArgumentNullException.ThrowIfNull(path);
        try
        {
            var file = new FileInfo(path);
            if (Directory.Exists(path))
                throw new UnreadableImageException(path, "a folder, not a file", "Name a file in it");
            if (!file.Exists)
                throw new UnreadableImageException(path, "no such file", "Check the path");
            if (file.Length > LongestFile)
                throw new UnreadableImageException(path, $"too large ({file.Length >> 20} MiB)", $"Give a file of at most {LongestFile >> 20} MiB");
            return File.ReadAllBytes(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new UnreadableImageException(path, $"it cannot be read ({e.Message.TrimEnd('.')})", "Check the path and its permissions", e);
        }
    }
}
