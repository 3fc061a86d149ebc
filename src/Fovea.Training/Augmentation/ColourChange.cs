namespace Fovea.Training.Augmentation;

/// <summary>
/// The colours that were drawn for one image. Contrast, brightness, RGB shift and gamma are one table for each channel, rounded once; hue and saturation, which need the
/// whole pixel, go before it in the same pass.
/// </summary>
internal sealed class ColourChange
{
    private readonly byte[] _tables = new byte[3 * 256];
    private readonly double[] _shift = new double[3];
    private double _brightness, _contrast, _exponent;
    private float _hue, _saturation;
    private bool _usesTables, _usesHsv;

    internal bool IsIdentity => !_usesTables && !_usesHsv;

    internal void Draw(AugmentationSpec spec, in AugmentationKey key, SeededRandom random)
    {
        var k = key;
        double? Value(Strength strength, AugmentationKind kind) => strength.IsOff ? null : strength.Draw(k.Restart(random, kind));
        _brightness = 1 + (Value(spec.Brightness, AugmentationKind.Brightness) ?? 0);
        _contrast = 1 + (Value(spec.Contrast, AugmentationKind.Contrast) ?? 0);
        _exponent = 1 + (Value(spec.Gamma, AugmentationKind.Gamma) ?? 0);
        Array.Clear(_shift);
        if (Value(spec.RgbShift, AugmentationKind.RgbShift) is { } red)
        {
            _shift[0] = red;
            for (var c = 1; c < 3; c++) _shift[c] = random.NextDouble(spec.RgbShift.Low, spec.RgbShift.High);
        }
        _hue = (float)((Value(spec.Hue, AugmentationKind.Hue) ?? 0) / 60);
        if (_hue < 0) _hue += 6;
        _saturation = (float)(1 + (Value(spec.Saturation, AugmentationKind.Saturation) ?? 0));
        _usesHsv = _hue != 0 || _saturation != 1;
        _usesTables = _brightness != 1 || _contrast != 1 || _exponent != 1 || _shift.AsSpan().ContainsAnyExcept(0.0);
    }

    /// <summary>In place, RGB.</summary>
    internal void Apply(Span<byte> pixels)
    {
        Tabulate(_contrast == 1 ? 0 : Mean(pixels));
        ReadOnlySpan<byte> red = _tables.AsSpan(0, 256), green = _tables.AsSpan(256, 256), blue = _tables.AsSpan(512, 256);
        if (_usesHsv)
        {
            for (var i = 0; i + 2 < pixels.Length; i += 3)
            {
                var (r, g, b) = Turn(pixels[i], pixels[i + 1], pixels[i + 2]);
                (pixels[i], pixels[i + 1], pixels[i + 2]) = (red[r], green[g], blue[b]);
            }
            return;
        }
        for (var i = 0; i + 2 < pixels.Length; i += 3) (pixels[i], pixels[i + 1], pixels[i + 2]) = (red[pixels[i]], green[pixels[i + 1]], blue[pixels[i + 2]]);
    }

    /// <summary>255·((((v − m)·contrast + m)·brightness + shift) / 255)^exponent, m being the mean over all channels.</summary>
    private void Tabulate(double mean)
    {
        for (var c = 0; c < 3; c++)
        {
            // Often all three channels share one table.
            if (c > 0 && _shift[c] == _shift[c - 1])
            {
                _tables.AsSpan((c - 1) * 256, 256).CopyTo(_tables.AsSpan(c * 256));
                continue;
            }
            for (var v = 0; v < 256; v++)
            {
                var value = Math.Clamp(((v - mean) * _contrast + mean) * _brightness + _shift[c], 0, 255);
                if (_exponent != 1) value = 255 * Math.Pow(value / 255, _exponent);
                _tables[c * 256 + v] = (byte)Math.Round(value);
            }
        }
    }

    private static double Mean(ReadOnlySpan<byte> pixels)
    {
        long sum = 0;
        foreach (var v in pixels) sum += v;
        return (double)sum / pixels.Length;
    }

    /// <summary>Hue and saturation in HSV without leaving RGB: value is the largest channel, the rest follows from the angle.</summary>
    private (byte R, byte G, byte B) Turn(byte r, byte g, byte b)
    {
        int value = Math.Max(r, Math.Max(g, b)), chroma = value - Math.Min(r, Math.Min(g, b));
        if (chroma == 0) return (r, g, b);
        // 0 red, 2 green, 4 blue, up to 6
        var hue = value == r ? (float)(g - b) / chroma : value == g ? 2 + (float)(b - r) / chroma : 4 + (float)(r - g) / chroma;
        hue += _hue;
        if (hue < 0) hue += 6;
        else if (hue >= 6) hue -= 6;
        var c = Math.Min(chroma * _saturation, value);
        return (Part(5), Part(3), Part(1));

        byte Part(int n)
        {
            var k = n + hue;
            if (k >= 6) k -= 6;
            return (byte)(value - c * Math.Clamp(Math.Min(k, 4 - k), 0, 1) + 0.5f);
        }
    }
}
