using System.Text.RegularExpressions;
using Fovea.Imaging;
using Fovea.Web.Analysis;

namespace Fovea.Web.Images;

/// <summary>A file that came in and may be stored.</summary>
/// <param name="Name">As the uploader calls it, without folders and control characters.</param>
/// <param name="Width">Pixels, upright.</param>
/// <param name="Eye"><c>right</c>, <c>left</c> or null.</param>
/// <param name="EyeSource"><c>dicom</c>, <c>name</c> or null.</param>
internal sealed record AcceptedFile(string Name, ImageFormat Format, int Width, int Height, string? Eye, string? EyeSource, string Sha256, byte[] Bytes);

internal sealed record RefusedFile(string Name, string Code, string Detail);

/// <summary>What is looked at before a file is stored: its header only, so that a bomb is refused for what it says it would become.</summary>
internal static partial class UploadChecks
{
    private const int LongestName = 120;

    /// <returns>The file, or why it is refused.</returns>
    public static (AcceptedFile? Accepted, RefusedFile? Refused) Look(string? givenName, byte[] bytes)
    {
        var name = NameOf(givenName);
        try
        {
            var info = ImageCodec.Probe(bytes, name);
            if (info.Format is not (ImageFormat.Jpeg or ImageFormat.Png or ImageFormat.Tiff or ImageFormat.Dicom))
                return (null, new RefusedFile(name, "unreadable-image", $"{name}: {info.Format} is not taken here. Give JPEG, PNG, TIFF or DICOM."));
            if (info.Width < 1 || info.Height < 1 || (long)info.Width * info.Height > ImageAnalysis.MostPixels)
                return (null, new RefusedFile(name, "too-large", $"{name}: too large ({info.Width}x{info.Height} pixels). Scale it down to {ImageAnalysis.MostPixels / 1_000_000} megapixels first."));
            if (info.BitDepth > 8) return (null, new RefusedFile(name, "unreadable-image", $"{name}: {info.BitDepth} bits a channel. Export it with 8 bits."));
            if (TrailingData.Problem(info.Format, bytes) is { } trailing) return (null, new RefusedFile(name, "polyglot", $"{name}: {trailing}. Export the photograph again."));
            var turned = info.Orientation >= 5;
            var eye = EyeOf(info.Laterality);
            var source = eye is null ? null : "dicom";
            if (eye is null && (eye = EyeOfName(name)) is not null) source = "name";
            return (new AcceptedFile(name, info.Format, turned ? info.Height : info.Width, turned ? info.Width : info.Height, eye, source,
                Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(bytes)), bytes), null);
        }
        catch (UnreadableImageException e)
        {
            // The codec reads more formats than cameras write.
            return (null, new RefusedFile(name, "unreadable-image", e.Message.Replace("a JPEG, PNG, TIFF, BMP, WebP or DICOM file", "a JPEG, PNG, TIFF or DICOM file", StringComparison.Ordinal)));
        }
    }

    /// <summary>A name is shown and never used as a path; still nothing of a folder stays in it.</summary>
    internal static string NameOf(string? given)
    {
        var name = given ?? "";
        name = name[(name.LastIndexOfAny(['/', '\\']) + 1)..];
        name = new string([.. name.Where(c => !char.IsControl(c) && !char.IsSurrogate(c) && char.GetUnicodeCategory(c) != System.Globalization.UnicodeCategory.Format && c is not ('<' or '>' or '"' or '\'' or '&' or '`'))]).Trim(' ', '.');
        return name.Length == 0 ? "image" : name.Length <= LongestName ? name : name[^LongestName..];
    }

    private static string? EyeOf(string? laterality) => laterality switch { "R" => "right", "L" => "left", _ => null };

    /// <summary>The eye that a file's name says by one word of its own: right, left, OD, OS, R, L, dexter, sinister; null where it says none or both.</summary>
    internal static string? EyeOfName(string name)
    {
        var words = Word().Matches(Path.GetFileNameWithoutExtension(name)).Select(m => m.Value.ToUpperInvariant()).ToArray();
        var (right, left) = (words.Any(w => w is "RIGHT" or "OD" or "R" or "DEXTER" or "RE"), words.Any(w => w is "LEFT" or "OS" or "L" or "SINISTER" or "LE"));
        return right == left ? null : right ? "right" : "left";
    }

    [GeneratedRegex("[A-Za-z]+")]
    private static partial Regex Word();
}
