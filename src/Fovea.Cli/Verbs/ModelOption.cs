using System.CommandLine;
using Fovea.Models;

namespace Fovea.Cli.Verbs;

/// <summary>Which model a verb uses: <c>--model</c>, else <c>FOVEA_MODEL</c>, else the grader that ships.</summary>
internal static class ModelOption
{
    public const string Variable = "FOVEA_MODEL";

    public static Option<string?> Create() => new("--model")
    {
        Description = $"Model file (.fovea). Default: ${Variable}, else the one that ships, models/dr-mobile.fovea.",
        HelpName = "FILE",
    };

    /// <exception cref="UsageException">No model is named anywhere; the message says how to get one.</exception>
    public static string PathOf(string? given)
    {
        if (!string.IsNullOrEmpty(given)) return given;
        if (Environment.GetEnvironmentVariable(Variable) is { Length: > 0 } variable) return variable;
        return File.Exists(ShippedModels.Grader) ? ShippedModels.Grader
            : throw new UsageException($"--model: no model is given, {Variable} is not set and {ShippedModels.Grader} is missing. Make one with `fovea demo` or `fovea train`, then give --model FILE.");
    }

    /// <summary>A detector: the one that is given, else the one that ships.</summary>
    /// <param name="option">The option's name, for the message.</param>
    /// <exception cref="UsageException">None is given, and none ships.</exception>
    public static string DetectorOf(string? given, string option) => !string.IsNullOrEmpty(given) ? given : File.Exists(ShippedModels.Detector) ? ShippedModels.Detector
        : throw new UsageException($"{option}: no detector is given, and {ShippedModels.Detector} is missing. Make one with `fovea train` and a recipe for lesions, then give {option} FILE.");
}
