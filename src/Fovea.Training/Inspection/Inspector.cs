using Fovea.Training.Data;

namespace Fovea.Training.Inspection;

/// <summary>Inspects a data set: one pass over its images, then everything that can be said of them.</summary>
public static class Inspector
{
    /// <param name="progress">Images read so far, from any thread.</param>
    public static DatasetInspection Inspect(Dataset dataset, IProgress<int>? progress = null, CancellationToken cancel = default) =>
        Conclude(dataset, InspectionPass.Run(dataset, new InspectionOptions(), progress, cancel), cancel);

    private static DatasetInspection Conclude(Dataset dataset, InspectionPass pass, CancellationToken cancel) =>
        DatasetInspection.Of(dataset, pass.Facts, Duplicates.Of([.. dataset.Samples.Select(s => s.Id)], pass.Prints, cancel), pass.Unreadable);
}
