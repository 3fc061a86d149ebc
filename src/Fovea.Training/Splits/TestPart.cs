using Fovea.Training.Preparation;

namespace Fovea.Training.Splits;

/// <summary>
/// The images on which a finished model is measured, once. It has no members to look into: a trainer takes a <see cref="PreparedSet"/> and only
/// the evaluator opens this, so that the test split cannot slip into a choice.
/// </summary>
public sealed class TestPart
{
    internal TestPart(PreparedSet images) => Images = images;

    internal PreparedSet Images { get; }

    public int Count => Images.Count;
}
