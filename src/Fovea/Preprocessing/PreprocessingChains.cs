namespace Fovea.Preprocessing;

/// <summary>A chain of steps with a name: <c>"preprocessing": { "chain": "fov" }</c> in a recipe, <c>--chain fov</c> on the command line.</summary>
/// <param name="Summary">One line for people.</param>
/// <param name="Steps">For a prepared side in pixels: what is measured in pixels grows with it.</param>
public sealed record PreprocessingChain(string Name, string Summary, int UsualSize, Func<int, IReadOnlyList<PreprocessingStep>> Steps)
{
    /// <summary>See <see cref="PreprocessingSpec.Mean"/>.</summary>
    public IReadOnlyList<double> Mean { get; init; } = [0.485, 0.456, 0.406];

    /// <summary>See <see cref="PreprocessingSpec.Std"/>.</summary>
    public IReadOnlyList<double> Std { get; init; } = [0.229, 0.224, 0.225];

    public Centring Centring { get; init; }
}

/// <summary>The chains that have names. docs/preprocessing.md shows a photograph through each.</summary>
public static class PreprocessingChains
{
    public const string Default = "fov";

    private static readonly double[] Zero = [0, 0, 0], One = [1, 1, 1], Level = [1 / 255.0, 1 / 255.0, 1 / 255.0];

    public static IReadOnlyList<PreprocessingChain> All { get; } =
    [
        new("plain", "Stretched to the square; for images that are square and cropped already.", 224, _ => [new ResizeStep()]),
        new("fov", "The field of view, aspect kept and padded.", 224, _ => [new CropToFieldOfView(), new ResizeStep()]),
        new("crop", "Without the black border, stretched (Tymchenko et al. 2020).", 380, _ => [new CropToBright(), new ResizeStep()]),
        new("s0", "The APTOS case study's: crop, disc, local mean subtracted; values 0 to 255.", 512, size =>
            [new CropToBright { SwapRedAndBlue = true }, new ResizeStep { Interpolation = ResizeInterpolation.Linear }, new Disc(), new SubtractLocalMean { Sigma = 14 * size / 512.0 }])
        { Mean = Zero, Std = Level },
        new("s1", "The multi-task replication's: resize, crop, disc, crop to it, local mean subtracted; values 0 to 1.", 512, size =>
            [
                new ResizeStep { Interpolation = ResizeInterpolation.Linear }, new CropToBright { SwapRedAndBlue = true }, new Disc(), new CropToBright(),
                new SubtractLocalMean { Sigma = 30 * size / 512.0 }, new ResizeStep { Interpolation = ResizeInterpolation.Linear },
            ])
        { Mean = Zero, Std = One },
        new("s2", "The OCT classifier's: stretched; values 0 to 1.", 224, _ => [new ResizeStep { Interpolation = ResizeInterpolation.Linear }]) { Mean = Zero, Std = One },
        new("s3", "The SJTU slides': stretched; values 0 to 1 less the image's own mean.", 600, _ => [new ResizeStep()])
        { Mean = Zero, Std = One, Centring = Centring.Sample },
        new("graham", "Graham 2015: one radius for every retina, local mean subtracted, the outer tenth clipped.", 512, size =>
            // The disc of 90 % fills the square.
            [
                new CropToFieldOfView(), new ResizeStep { Side = Radius(size) * 2 }, new SubtractLocalMean { Sigma = Radius(size) / 30.0 },
                new Disc { Share = 0.9, Fill = 128 }, new Centre { Fill = 128 },
            ]),
        new("clahe", "The field of view, local contrast raised.", 224, _ => [new CropToFieldOfView(), new ResizeStep(), new Clahe(), new Disc()]),
        new("illumination", "The field of view, light evened out.", 224, _ => [new CropToFieldOfView(), new ResizeStep(), new CorrectIllumination()]),
        new("greyworld", "The field of view, colour cast taken away.", 224, _ => [new CropToFieldOfView(), new ResizeStep(), new GreyWorld()]),
    ];

    /// <summary>Null where there is none of that name.</summary>
    public static PreprocessingChain? Find(string name) => All.FirstOrDefault(c => c.Name == name);

    /// <summary>"no chain 'x'; did you mean 'y'", without a full stop.</summary>
    public static string Unknown(string name) =>
        $"there is no chain '{name}'; {(NearestName.Of(name, All.Select(c => c.Name)) is { } near ? $"did you mean '{near}'" : $"there are {string.Join(", ", All.Select(c => c.Name))}")}";

    private static int Radius(int size) => Math.Clamp((int)Math.Round(size / 1.8), 4, 2048);
}
