using Fovea.Imaging;

namespace Fovea.Quality;

/// <summary>How the picture's frame lies around the round field of view: the four families that the APTOS case study tells apart.</summary>
public enum FieldFraming
{
    /// <summary>No field was found.</summary>
    Unknown,

    /// <summary>I: the whole disc, close to the frame.</summary>
    Square,

    /// <summary>II: the frame cuts the disc off above or below.</summary>
    VerticalCrop,

    /// <summary>III: the frame cuts the disc off at the sides too.</summary>
    Tight,

    /// <summary>IV: the whole disc with much black around it.</summary>
    Spacious,
}

internal static class FieldFramings
{
    // Lit share of a line 1 % inside the box of the field: 0.2 for a whole disc, 0.53 where 16 % of its height are missing.
    private const double CutShare = 0.35;

    // A disc that touches its square frame covers 0.785 of it.
    private const double SpaciousShare = 0.65;

    /// <param name="lit">Mask of the field within its bounding box, 0 or 255.</param>
    /// <param name="fieldShare">Share of the picture that the field covers.</param>
    public static FieldFraming Of(Image lit, double fieldShare)
    {
        int inX = lit.Width / 100, inY = lit.Height / 100;
        if (Math.Max(ColumnShare(lit, inX), ColumnShare(lit, lit.Width - 1 - inX)) > CutShare) return FieldFraming.Tight;
        if (Math.Max(RowShare(lit, inY), RowShare(lit, lit.Height - 1 - inY)) > CutShare) return FieldFraming.VerticalCrop;
        return fieldShare < SpaciousShare ? FieldFraming.Spacious : FieldFraming.Square;
    }

    private static double RowShare(Image lit, int y) => 1 - (double)lit.Row(y).Count((byte)0) / lit.Width;

    private static double ColumnShare(Image lit, int x)
    {
        var count = 0;
        for (var y = 0; y < lit.Height; y++) count += lit.Row(y)[x] != 0 ? 1 : 0;
        return (double)count / lit.Height;
    }
}
