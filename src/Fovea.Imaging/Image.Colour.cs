using Fovea.Imaging.Internal;

namespace Fovea.Imaging;

/// <summary>OpenCV's colour maps, from 0 (low) to 255 (high).</summary>
public enum ColourMap
{
    Autumn = 0,
    Bone = 1,
    Jet = 2,
    Winter = 3,
    Rainbow = 4,
    Ocean = 5,
    Summer = 6,
    Spring = 7,
    Cool = 8,
    Hsv = 9,
    Pink = 10,
    Hot = 11,
    Parula = 12,
    Magma = 13,
    Inferno = 14,
    Plasma = 15,
    Viridis = 16,
    Cividis = 17,
    Twilight = 18,
    TwilightShifted = 19,
    Turbo = 20,
    DeepGreen = 21,
}

public sealed unsafe partial class Image
{
    // cv::ColorConversionCodes
    private const int RgbToGreyCode = 7, GreyToRgbCode = 8, RgbToHsvCode = 41, HsvToRgbCode = 55, RgbToLabCode = 45, LabToRgbCode = 57,
        RgbToYCrCbCode = 37, YCrCbToRgbCode = 39;

    /// <summary>0.299 R + 0.587 G + 0.114 B, one channel; a copy of an image that is grey already.</summary>
    public Image ToGrey() => Channels == 1 ? Clone() : Convert(1, RgbToGreyCode);

    /// <summary>Three equal channels of a grey image; a copy of an image that has three already.</summary>
    public Image ToRgb() => Channels == 3 ? Clone() : Convert(3, GreyToRgbCode);

    /// <summary>Hue in two-degree steps 0–179, saturation and value 0–255.</summary>
    public Image ToHsv() => ConvertColour(RgbToHsvCode);

    /// <summary>RGB of an image made by <see cref="ToHsv"/>.</summary>
    public Image FromHsv() => ConvertColour(HsvToRgbCode);

    /// <summary>CIE Lab of sRGB under D65: L scaled to 0–255, a and b shifted by 128.</summary>
    public Image ToLab() => ConvertColour(RgbToLabCode);

    /// <summary>RGB of an image made by <see cref="ToLab"/>.</summary>
    public Image FromLab() => ConvertColour(LabToRgbCode);

    /// <summary>Luma, red difference, blue difference (JPEG's, full range).</summary>
    public Image ToYCrCb() => ConvertColour(RgbToYCrCbCode);

    /// <summary>RGB of an image made by <see cref="ToYCrCb"/>.</summary>
    public Image FromYCrCb() => ConvertColour(YCrCbToRgbCode);

    /// <summary>A grey image painted in RGB by a map.</summary>
    public Image ApplyColourMap(ColourMap map)
    {
        RequireGrey();
        return Apply(Width, Height, 3, (s, d) => Native.ApplyColourMap(s, d, (int)map));
    }

    /// <summary>One channel as a grey image: 0 red, 1 green, 2 blue.</summary>
    public Image Channel(int index)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, Channels);
        var result = Uninitialised(Width, Height, 1);
        for (int i = 0, j = index; i < result.Pixels.Length; i++, j += Channels)
            result.Pixels[i] = Pixels[j];
        return result;
    }

    /// <summary>Three grey images of one size as the channels of one.</summary>
    public static Image FromChannels(Image first, Image second, Image third)
    {
        ArgumentNullException.ThrowIfNull(first);
        ArgumentNullException.ThrowIfNull(second);
        ArgumentNullException.ThrowIfNull(third);
        foreach (var plane in new[] { first, second, third })
        {
            plane.RequireGrey();
            if (plane.Width != first.Width || plane.Height != first.Height)
                throw new ArgumentException("The channels differ in size.");
        }
        var result = Uninitialised(first.Width, first.Height, 3);
        for (int i = 0, j = 0; i < first.Pixels.Length; i++, j += 3)
            (result.Pixels[j], result.Pixels[j + 1], result.Pixels[j + 2]) = (first.Pixels[i], second.Pixels[i], third.Pixels[i]);
        return result;
    }

    private Image ConvertColour(int code)
    {
        RequireColour();
        return Convert(3, code);
    }

    private Image Convert(int channels, int code) => Apply(Width, Height, channels, (s, d) => Native.ConvertColour(s, d, code));
}
