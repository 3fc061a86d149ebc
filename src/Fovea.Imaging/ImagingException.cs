namespace Fovea.Imaging;

/// <summary>The native library refused an operation whose arguments were thought to be right: a defect of the caller or of Fovea.</summary>
public sealed class ImagingException(string message) : Exception(message);
