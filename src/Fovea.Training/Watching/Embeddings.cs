using System.Globalization;
using System.Text;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Torch;
using Fovea.Torch.Modules;
using Fovea.Training.Data;
using Fovea.Training.Preparation;
using Fovea.Training.Training;

namespace Fovea.Training.Watching;

/// <summary>
/// The network's features of the validation images, one table an epoch, for TensorBoard's projector (t-SNE, PCA, UMAP in the browser): how the grades part while it learns.
/// A feature is the mean over the picture of a channel of the last stage, as <see cref="Inspection.FeatureExtractor"/>'s.
/// </summary>
internal static class Embeddings
{
    private const int BatchSize = 16;

    internal static void Write(string folder, int epoch, Network network, PreparedSet set, PreprocessingSpec preprocessing)
    {
        Directory.CreateDirectory(Path.Combine(folder, "embedding"));
        RunDirectory.WriteText(Path.Combine(folder, "embedding", "labels.tsv"), string.Concat(set.Ids.Select((id, i) => $"{Cell(id)}\t{set.Labels[i]}\n").Prepend("image\tgrade\n")));
        RunDirectory.WriteText(Path.Combine(folder, "embedding", string.Create(CultureInfo.InvariantCulture, $"epoch-{epoch:0000}.tsv")), Features(network, set, preprocessing));
        var config = new StringBuilder();
        foreach (var table in Directory.EnumerateFiles(Path.Combine(folder, "embedding"), "epoch-*.tsv").Select(Path.GetFileNameWithoutExtension).OrderDescending(StringComparer.Ordinal))
            config.Append(CultureInfo.InvariantCulture, $"embeddings {{\n  tensor_name: \"{table}\"\n  tensor_path: \"embedding/{table}.tsv\"\n  metadata_path: \"embedding/labels.tsv\"\n}}\n");
        RunDirectory.WriteText(Path.Combine(folder, "projector_config.pbtxt"), config.ToString());
    }

    private static string Features(Network network, PreparedSet set, PreprocessingSpec preprocessing)
    {
        using var noGrad = new NoGrad();
        var text = new StringBuilder();
        for (var start = 0; start < set.Count; start += BatchSize)
        {
            using var scope = new TensorScope();
            var count = Math.Min(BatchSize, set.Count - start);
            var x = ImageBatch.ToTensor([.. Enumerable.Range(start, count).Select(i => set.Images[i])], preprocessing);
            var features = network.Call(x, Phase.Inference, withStages: true).Stages[^1].Value.To(ScalarType.Float32).Mean([2, 3]).Contiguous();
            var (values, width) = (features.ToArray<float>(), (int)features.Size(1));
            for (var i = 0; i < count; i++) text.AppendJoin('\t', values.Skip(i * width).Take(width).Select(v => v.ToString("g6", CultureInfo.InvariantCulture))).Append('\n');
        }
        return text.ToString();
    }

    private static string Cell(string text) => new([.. text.Select(c => char.IsControl(c) ? ' ' : c)]);
}
