namespace Fovea.Quality;

/// <summary>What to do about a photograph that cannot be graded, whoever found out why.</summary>
internal static class QualityAdvice
{
    internal static string For(QualityReason reason) => reason switch
    {
        QualityReason.TooDark => "Raise the flash or the exposure, or widen the pupil, and photograph again.",
        QualityReason.Overexposed => "Lower the flash or the exposure and photograph again.",
        QualityReason.Blurred => "Focus again, ask the patient to blink, clean the lens, and look for a cloudy lens or vitreous.",
        QualityReason.FieldCutOff => "Centre the pupil, hold the lid, and photograph again.",
        QualityReason.ColourCast => "Check the camera's white balance and filters, and that the picture is a colour photograph.",
        QualityReason.TooSmall => "Export the photograph at its full size.",
        _ => "Give a colour photograph of the retina with its round field of view.",
    };
}
