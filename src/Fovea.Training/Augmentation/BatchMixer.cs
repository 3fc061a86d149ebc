namespace Fovea.Training.Augmentation;

/// <summary>Mixup and cutmix: images of one batch, and their labels, in shares.</summary>
internal static class BatchMixer
{
    /// <summary>What happens to one image: nothing, or it is mixed.</summary>
    /// <param name="Lambda">The share that the image keeps, before a rectangle is rounded to pixels.</param>
    internal readonly record struct Draw(bool Mixes, bool Cuts, double Lambda, double CentreX, double CentreY);

    /// <summary>Where both are asked for and both are drawn, cutmix acts.</summary>
    internal static Draw DrawFor(AugmentationSpec spec, in AugmentationKey key, SeededRandom random)
    {
        if (spec.Cutmix is { } cut && key.Restart(random, AugmentationKind.Cutmix).NextDouble() < cut.Probability)
            return new Draw(true, true, Beta(cut.Alpha, random), random.NextDouble(), random.NextDouble());
        if (spec.Mixup is { } mix && key.Restart(random, AugmentationKind.Mixup).NextDouble() < mix.Probability)
            return new Draw(true, false, Beta(mix.Alpha, random), 0, 0);
        return default;
    }

    /// <summary>Changes <paramref name="pixels"/> in place.</summary>
    /// <returns>λ, the share of the image's own label.</returns>
    internal static float Apply(in Draw draw, Span<byte> pixels, ReadOnlySpan<byte> other, int width, int height)
    {
        if (!draw.Mixes) return 1;
        if (draw.Cuts) return Cut(draw, pixels, other, width, height);
        var lambda = (float)draw.Lambda;
        for (var i = 0; i < pixels.Length; i++) pixels[i] = (byte)(other[i] + lambda * (pixels[i] - other[i]) + 0.5f);
        return lambda;
    }

    /// <summary>A rectangle of √(1 − λ) of each side about a point anywhere in the picture, cut off at its border; λ is then what is left, counted in pixels.</summary>
    private static float Cut(in Draw draw, Span<byte> pixels, ReadOnlySpan<byte> other, int width, int height)
    {
        var side = Math.Sqrt(1 - draw.Lambda);
        var (left, right) = Ends(draw.CentreX, side, width);
        var (top, bottom) = Ends(draw.CentreY, side, height);
        for (var y = top; y < bottom; y++)
        {
            var (start, length) = ((y * width + left) * 3, (right - left) * 3);
            other.Slice(start, length).CopyTo(pixels.Slice(start, length));
        }
        return 1 - (float)((double)(right - left) * (bottom - top) / ((double)width * height));
    }

    private static (int From, int To) Ends(double centre, double share, int side) =>
        (Math.Clamp((int)Math.Round((centre - share / 2) * side), 0, side), Math.Clamp((int)Math.Round((centre + share / 2) * side), 0, side));

    /// <summary>Beta(α, α) by Jöhnk (1964): two uniforms to the power 1/α until their sum is at most 1; their first share of it. In logarithms, so that small α does not vanish.</summary>
    internal static double Beta(double alpha, SeededRandom random)
    {
        while (true)
        {
            var (x, y) = (Math.Log(1 - random.NextDouble()) / alpha, Math.Log(1 - random.NextDouble()) / alpha);
            var most = Math.Max(x, y);
            var sum = most + Math.Log(Math.Exp(x - most) + Math.Exp(y - most)); // log(eˣ + eʸ)
            if (sum <= 0) return Math.Exp(x - sum);
        }
    }
}
