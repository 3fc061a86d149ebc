namespace Fovea.Torch;

/// <summary>libtorch refused an operation: wrong shapes, wrong dtypes, not enough memory. The message is libtorch's own, without its C++ backtrace.</summary>
public sealed class TorchException(string message) : Exception(message);
