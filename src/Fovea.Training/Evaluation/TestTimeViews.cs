using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Training.Augmentation;
using Fovea.Training.Recipes;

namespace Fovea.Training.Evaluation;

/// <summary>The views of an image that a network is asked about, and what their logits come to.</summary>
internal sealed class TestTimeViews(TestTimeRecipe recipe, AugmentationSpec augmentation, ulong seed)
{
    private readonly Augmenter? _augmenter = recipe.Views == TestTimeKind.Random ? new Augmenter(augmentation with { Mixup = null, Cutmix = null }) : null;

    internal int Count => recipe.Views switch
    {
        TestTimeKind.None => 1,
        TestTimeKind.Flips => 4,
        TestTimeKind.Dihedral => 8,
        _ => recipe.Count,
    };

    /// <summary>One view of a batch [N, 3, H, W]. What chance there is depends on (seed, view, sample) alone.</summary>
    /// <param name="first">Position of the batch's first image in its set.</param>
    internal Tensor View(int view, IReadOnlyList<Image> images, int first, PreprocessingSpec preprocessing)
    {
        if (_augmenter is not null) return ImageBatch.ToTensor([.. images.Select((image, i) => Augmented(image, view, first + i))], preprocessing);
        var x = ImageBatch.ToTensor(images, preprocessing);
        if (view >= 4) x = x.Transpose(2, 3);
        return (view % 4) switch
        {
            1 => x.Flip(3),
            2 => x.Flip(2),
            3 => x.Flip(2, 3),
            _ => x,
        };
    }

    private Image Augmented(Image image, int view, int sample)
    {
        var scratch = new AugmentationScratch(image.Width, image.Height);
        var result = new Image(image.Width, image.Height, 3);
        // An epoch that no training reaches: the views are none that were trained on.
        _augmenter!.Apply(image.Pixels, result.Pixels, new AugmentationKey(seed, ulong.MaxValue - (ulong)view, (ulong)sample), scratch);
        return result;
    }

    /// <summary>Number by number the mean of the views without the trimmed share at each end, as scipy.stats.trim_mean.</summary>
    internal float[] Combine(float[][] views)
    {
        if (views.Length == 1) return views[0];
        var (result, values, cut) = (new float[views[0].Length], new float[views.Length], (int)(recipe.Trim * views.Length));
        for (var i = 0; i < result.Length; i++)
        {
            for (var v = 0; v < views.Length; v++) values[v] = views[v][i];
            if (cut > 0) Array.Sort(values);
            var sum = 0.0;
            for (var v = cut; v < values.Length - cut; v++) sum += values[v];
            result[i] = (float)(sum / (values.Length - 2 * cut));
        }
        return result;
    }
}
