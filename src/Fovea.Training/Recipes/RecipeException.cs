namespace Fovea.Training.Recipes;

/// <summary>A recipe that cannot be followed: unknown key, wrong type, value out of range. The message is one line that names the file and the key.</summary>
public sealed class RecipeException(string name, string reason, string remedy) : Exception($"{name}: {reason}. {remedy}.");
