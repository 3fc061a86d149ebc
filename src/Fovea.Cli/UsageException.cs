namespace Fovea.Cli;

/// <summary>What the user typed cannot be done: exit code 2. The message is the one line that is shown: <c>NAME: reason. Remedy.</c></summary>
internal sealed class UsageException(string message) : Exception(message);
