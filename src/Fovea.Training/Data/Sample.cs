namespace Fovea.Training.Data;

/// <summary>Which part of its data set a sample was published in.</summary>
public enum SamplePart { Unassigned, Training, Validation, Test }

/// <summary>One labelled photograph of a data set.</summary>
/// <param name="Id">Unique in its data set and stable: the file name or relative path as the labels give it, or e.g. <c>test_17</c> in an archive.</param>
/// <param name="Label">Grade or class from 0.</param>
public sealed record Sample(string Id, int Label)
{
    /// <summary>The image file; null where the images are in an array.</summary>
    public string? Path { get; init; }

    /// <summary>The patient; null where it is not known. Samples of a patient never part.</summary>
    public string? Patient { get; init; }

    /// <summary><c>left</c> or <c>right</c>; null where it is not known.</summary>
    public string? Eye { get; init; }

    /// <summary>Risk of diabetic macular oedema, 0–2 (IDRiD); null where it is not known.</summary>
    public int? DmeRisk { get; init; }

    public SamplePart Part { get; init; }
}

/// <summary>Layouts that can be read.</summary>
public enum DataKind
{
    /// <summary>IDRiD "B. Disease Grading", as published or as one folder with <c>labels.csv</c>.</summary>
    Idrid,
    /// <summary>RetinaMNIST's <c>.npz</c>.</summary>
    RetinaMnist,
    /// <summary>A table of images and grades (APTOS and others).</summary>
    Csv,
    /// <summary>One folder per class.</summary>
    Folders,
    /// <summary>What <c>fovea data draw</c> writes.</summary>
    MadeUp,
}
