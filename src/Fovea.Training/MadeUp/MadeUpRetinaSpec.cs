namespace Fovea.Training.MadeUp;

/// <summary>What to paint. The same record paints the same bytes on every machine.</summary>
/// <param name="Seed">Everything about this eye: anatomy, lesions, exposure, noise.</param>
/// <param name="Grade">0–4.</param>
/// <param name="Size">Pixels. The picture is Size × Size when <see cref="Framing"/> is Square or Tight, lower when VerticalCrop, wider when Spacious. 32–4096.</param>
public sealed record MadeUpRetinaSpec(ulong Seed, int Grade, int Size = 512)
{
    /// <summary>What both eyes of a patient share: pigmentation, tortuosity, the camera. Default: derived from <see cref="Seed"/>.</summary>
    public ulong? PatientSeed { get; init; }

    public Eye Eye { get; init; } = Eye.Right;

    public Framing Framing { get; init; } = Framing.Square;

    public CameraFault Fault { get; init; } = CameraFault.None;

    /// <summary>0 … 1: hardly visible … unusable.</summary>
    public double FaultStrength { get; init; } = 0.7;

    /// <exception cref="ArgumentOutOfRangeException">A value outside the ranges stated above.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(Grade, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Grade, 4);
        ArgumentOutOfRangeException.ThrowIfLessThan(Size, 32);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Size, 4096);
        if (!(FaultStrength >= 0 && FaultStrength <= 1)) throw new ArgumentOutOfRangeException(nameof(FaultStrength), FaultStrength, "must lie in 0 … 1");
    }
}
