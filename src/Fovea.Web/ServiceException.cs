namespace Fovea.Web;

/// <summary>The service cannot start or go on as it was asked to. The message is one line, <c>NAME: reason. Remedy.</c></summary>
internal sealed class ServiceException(string message, Exception? inner = null) : Exception(message, inner);
