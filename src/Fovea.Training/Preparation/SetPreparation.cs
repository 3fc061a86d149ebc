using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Preprocessing;

namespace Fovea.Training.Preparation;

/// <summary>Decodes and prepares the photographs of a data set, on all cores.</summary>
public static class SetPreparation
{
    /// <param name="read">Gives the photograph of a sample; called from several threads.</param>
    /// <param name="done">Told how many are ready.</param>
    /// <returns>In the order asked for, whatever the order of the work.</returns>
    public static Image[] Prepare(int count, Func<int, FundusImage> read, PreprocessingSpec spec, Action<int>? done = null, CancellationToken cancel = default)
    {
        var images = new Image[count];
        var ready = 0;
        try
        {
            Parallel.For(0, count, new ParallelOptions { CancellationToken = cancel }, i =>
            {
                images[i] = Preprocessor.Prepare(read(i), spec).Pixels;
                done?.Invoke(Interlocked.Increment(ref ready));
            });
        }
        catch (AggregateException e)
        {
            // One unreadable photograph is one message, not a bundle of them.
            System.Runtime.ExceptionServices.ExceptionDispatchInfo.Capture(e.InnerExceptions[0]).Throw();
        }
        return images;
    }
}
