using Fovea.Training.Data;

namespace Fovea.Training.Splits;

/// <summary>The parts that a data set was published in, as a division: 0 training (and what has no part), 1 validation, 2 test.</summary>
public static class OfficialParts
{
    /// <summary>
    /// Within one published set the parts are taken as they are, so that results compare with others'. Where sets are joined, a training image that shows a
    /// patient or picture of another set's validation or test part is <see cref="Split.Unused"/>: nobody published that leak.
    /// </summary>
    /// <param name="groups">Of every sample, as <see cref="PictureGroups.Of"/> gives them.</param>
    public static int[] Of(Dataset dataset, IReadOnlyList<int> groups)
    {
        int[] parts = [.. dataset.Samples.Select(s => s.Part switch { SamplePart.Validation => 1, SamplePart.Test => 2, _ => 0 })];
        var heldOut = Enumerable.Range(0, parts.Length).Where(i => parts[i] > 0).ToLookup(i => groups[i], i => dataset.Samples[i].Origin);
        return [.. parts.Select((part, i) => part == 0 && heldOut[groups[i]].Any(origin => origin != dataset.Samples[i].Origin) ? Split.Unused : part)];
    }
}
