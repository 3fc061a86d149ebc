namespace Fovea.Training.Data;

/// <summary>Which part of its data set a sample was published in.</summary>
public enum SamplePart { Unassigned, Training, Validation, Test }

/// <summary>One labelled photograph of a data set.</summary>
/// <param name="Id">Unique in its data set and stable: the file name or relative path as the labels give it, or e.g. <c>test_17</c> in an archive; in joined sets with the set's name and a slash before it.</param>
/// <param name="Label">Grade or class from 0.</param>
public sealed record Sample(string Id, int Label)
{
    /// <summary>The set it comes from: the kind of data, or the name given to it.</summary>
    public string Origin { get; init; } = "";

    /// <summary>The image file; null where the images are in an array.</summary>
    public string? Path { get; init; }

    /// <summary>The patient; null where it is not known. Samples of a patient never part. In joined sets with the set's name and a slash before it.</summary>
    public string? Patient { get; init; }

    /// <summary><c>left</c> or <c>right</c>; null where it is not known.</summary>
    public string? Eye { get; init; }

    /// <summary>Risk of diabetic macular oedema, 0–2 on IDRiD's scale; null where it is not known.</summary>
    public int? DmeRisk { get; init; }

    public SamplePart Part { get; init; }
}

/// <summary>An image that a published table names, but that cannot be used: it is ungradable, or has no label.</summary>
/// <param name="Path">Its file, where it is there.</param>
/// <param name="Reason">In a few words, the same for all images of one sort.</param>
public sealed record LeftOutImage(string Id, string? Path, string Reason);
