using Fovea.Models;
using Fovea.Training.Data;
using Fovea.Training.Metrics;
using Fovea.Training.Training;

namespace Fovea.Training.Evaluation;

/// <summary>One of the systems that are compared.</summary>
/// <param name="Name">As short as tells it from the others.</param>
/// <param name="Architecture">Of the run's model file; null for a table alone.</param>
/// <param name="Parameters">Numbers in the network that are trained or were, running statistics left out; null for a table alone.</param>
/// <param name="AgainstFirst">Paired with the first system; null for the first itself, or where <paramref name="Unpaired"/> says why not.</param>
public sealed record ComparedSystem(string Name, string Source, string? Architecture, long? Parameters, MetricsReport Metrics, PairedComparison? AgainstFirst, string? Unpaired);

/// <summary>Several systems in one table; where they were measured on the same images, with paired differences from the first.</summary>
public sealed record SystemComparison(IReadOnlyList<ComparedSystem> Systems)
{
    /// <param name="sources">Folders of runs or evaluations (their <c>predictions.csv</c>), or tables of predictions; at least two.</param>
    /// <exception cref="DatasetException">One cannot be read.</exception>
    public static SystemComparison Of(IReadOnlyList<string> sources, MetricsOptions options, Action<int>? done = null, CancellationToken cancel = default)
    {
        var names = Names(sources);
        var systems = new List<ComparedSystem>();
        Predictions? first = null;
        for (var i = 0; i < sources.Count; i++)
        {
            var (architecture, parameters, classes) = Model(sources[i]);
            var table = Predictions.Read(TableOf(sources[i]), new PredictionColumns { ClassNames = classes });
            PairedComparison? paired = null;
            string? reason = null;
            try
            {
                if (first is not null) paired = PairedComparison.Of(first, table, options, cancel);
            }
            catch (ArgumentException e)
            {
                reason = e.Message;
            }
            systems.Add(new ComparedSystem(names[i], sources[i], architecture, parameters, MetricsReport.Compute(table, options, cancel), paired, reason));
            first ??= table;
            done?.Invoke(i + 1);
        }
        return new SystemComparison(systems);
    }

    /// <summary>The table of predictions of a run's folder, or the table itself.</summary>
    /// <exception cref="DatasetException">The folder has none.</exception>
    public static string TableOf(string source)
    {
        if (!Directory.Exists(source)) return source;
        var table = new RunDirectory(source).PredictionsCsv;
        return File.Exists(table) ? table : throw new DatasetException(source, "no predictions.csv in this folder", "Give the folder of a finished run or evaluation, or a CSV file");
    }

    private static (string? Architecture, long? Parameters, IReadOnlyList<string>? Classes) Model(string source)
    {
        var path = Directory.Exists(source) ? new RunDirectory(source).Model : "";
        if (!File.Exists(path)) return (null, null, null);
        var file = ModelFile.Read(path);
        var networks = file.Members.Count > 0 ? file.Members : [file];
        return (file.Card.Architecture, networks.SelectMany(n => n.Weights).Where(w => !w.Key.EndsWith("running_mean", StringComparison.Ordinal) && !w.Key.EndsWith("running_var", StringComparison.Ordinal)
            && !w.Key.EndsWith("num_batches_tracked", StringComparison.Ordinal)).Sum(w => w.Value.Shape.Aggregate(1L, (n, d) => n * d)), file.Card.Classes);
    }

    /// <summary>The last part of each path that differs.</summary>
    private static string[] Names(IReadOnlyList<string> sources)
    {
        string[][] parts = [.. sources.Select(s => Path.GetFullPath(s).Split(Path.DirectorySeparatorChar, StringSplitOptions.RemoveEmptyEntries))];
        for (var take = 1; ; take++)
        {
            string[] names = [.. parts.Select(p => string.Join('/', p.TakeLast(take)))];
            if (names.Distinct().Count() == names.Length || take >= parts.Max(p => p.Length)) return names;
            // predictions.csv in folders of their own: the folder says more.
            if (parts.All(p => p[^1] == parts[0][^1] && p.Length > 1)) (parts, take) = ([.. parts.Select(p => p[..^1])], 0);
        }
    }
}
