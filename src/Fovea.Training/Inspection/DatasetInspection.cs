using Fovea.Quality;
using Fovea.Training.Data;

namespace Fovea.Training.Inspection;

/// <summary>Images of one class.</summary>
public sealed record ClassShare(int Class, string Name, int Count, double Share);

/// <summary>An official part of a data set; <c>unassigned</c> where there is none.</summary>
/// <param name="Share">Of all images.</param>
/// <param name="Classes">Images by class.</param>
public sealed record PartCount(string Part, int Images, double Share, IReadOnlyList<int> Classes);

/// <summary>How a quantity differs between two parts.</summary>
public sealed record PartDifference(string First, string Second, double Distance, double Probability);

/// <summary>A quantity of the files or pictures, over all readable images and over each part.</summary>
/// <param name="Parts">By part; one entry where the data set is not divided.</param>
public sealed record QuantityDistribution(
    string Quantity, string Unit, Distribution All, IReadOnlyDictionary<string, Distribution> Parts, IReadOnlyList<PartDifference> Differences);

/// <summary>Readable images of one kind: with a fault of the camera, or in one framing.</summary>
/// <param name="Share">Of the readable images.</param>
/// <param name="Parts">Images by part.</param>
/// <param name="Classes">Images by class.</param>
public sealed record KindCount(string Kind, int Images, double Share, IReadOnlyDictionary<string, int> Parts, IReadOnlyList<int> Classes);

/// <summary>Copies of one picture, with their classes in the same order.</summary>
/// <param name="Distance">See <see cref="NearPair"/>; 0 for equal pixels.</param>
/// <param name="Mirroring">How one lies against the other.</param>
public sealed record CopiedImages(IReadOnlyList<string> Images, IReadOnlyList<int> Classes, bool Contradict, double Distance, Mirroring Mirroring);

/// <summary>What there is to know of a data set before training on it. The property names in camel case are the JSON format of <c>data inspect</c>.</summary>
public sealed record DatasetInspection
{
    /// <summary>Parts whose distributions lie at least this far apart (Kolmogorov and Smirnov) are remarked on.</summary>
    public const double ConspicuousDistance = 0.2;

    public required string Source { get; init; }
    public required string Kind { get; init; }
    public required int Images { get; init; }

    /// <summary>Number of patients, null where the source names none.</summary>
    public required int? Patients { get; init; }

    /// <summary>The classes are grades in order.</summary>
    public required bool Graded { get; init; }
    public required IReadOnlyList<PartCount> Parts { get; init; }
    public required IReadOnlyList<ClassShare> Classes { get; init; }

    /// <summary>Width, height, aspect ratio, width + height, file size; empty when no image could be read.</summary>
    public required IReadOnlyList<QuantityDistribution> Quantities { get; init; }

    /// <summary>What of the above gives the label away.</summary>
    public required IReadOnlyList<LabelCorrelation> Correlations { get; init; }

    /// <summary>Images by fault of the camera; one image may have several, <c>gradable</c> has those without.</summary>
    public required IReadOnlyList<KindCount> Quality { get; init; }

    /// <summary>Images by how the frame lies around the field.</summary>
    public required IReadOnlyList<KindCount> Framings { get; init; }

    /// <summary>Share of the picture that the field of view covers; null when no image could be read.</summary>
    public required Distribution? FieldShare { get; init; }
    public required IReadOnlyList<UnreadableSample> Unreadable { get; init; }
    public required IReadOnlyList<CopiedImages> ExactDuplicates { get; init; }
    public required IReadOnlyList<CopiedImages> NearDuplicates { get; init; }

    /// <summary>Empty unless they were asked for.</summary>
    public IReadOnlyList<ImageEmbedding> Embeddings { get; init; } = [];

    /// <summary>Plain sentences without a full stop, the gravest first.</summary>
    public required IReadOnlyList<string> Warnings { get; init; }

    /// <summary>More than half of the readable images are no fundus photographs: what is said of their quality means nothing.</summary>
    public bool IsOfOtherPictures => 2 * (Quality.FirstOrDefault(q => q.Kind == Name(QualityReason.NotAFundusPhotograph))?.Share ?? 0) > 1;

    /// <param name="facts">By position in the data set; null for an unreadable image.</param>
    /// <param name="duplicates">Of all samples of <paramref name="dataset"/>.</param>
    public static DatasetInspection Of(Dataset dataset, IReadOnlyList<ImageFacts?> facts, Duplicates duplicates, IReadOnlyList<UnreadableSample> unreadable)
    {
        var counts = dataset.CountClasses(dataset.Samples);
        var readable = Enumerable.Range(0, facts.Count).Where(i => facts[i] is not null).Select(i => new Measured(dataset.Samples[i], facts[i]!)).ToArray();
        var patients = dataset.Samples.Where(s => s.Patient is not null).Select(s => s.Patient).Distinct(StringComparer.Ordinal).Count();
        var copies = duplicates.Exact.Select(ids => Copies(dataset, ids, 0, Mirroring.None)).ToArray();
        var inspection = new DatasetInspection
        {
            Source = dataset.Source,
            Kind = dataset.Kind,
            Images = dataset.Samples.Count,
            Patients = patients > 0 ? patients : null,
            Graded = dataset.IsGraded,
            Parts = [.. dataset.Samples.GroupBy(s => s.Part).OrderBy(p => p.Key).Select(p =>
                new PartCount(SampleParts.NameOf(p.Key), p.Count(), (double)p.Count() / dataset.Samples.Count, dataset.CountClasses(p)))],
            Classes = [.. counts.Select((n, c) => new ClassShare(c, dataset.ClassNames[c], n, (double)n / dataset.Samples.Count))],
            Quantities = [.. ImageFacts.Quantities.Select(q => Distribute(readable, q)).OfType<QuantityDistribution>()],
            Correlations = Correlate(dataset, readable, patients > 0 ? patients : null),
            Quality = [.. Enum.GetValues<QualityReason>().Select(r => Count(dataset, readable, Name(r), m => m.Facts.Quality.Problems.Any(p => p.Reason == r)))
                .Append(Count(dataset, readable, "gradable", m => m.Facts.Quality.Gradable))],
            Framings = [.. Enum.GetValues<FieldFraming>().Select(f => Count(dataset, readable, Name(f), m => m.Facts.Quality.Measures.Framing == f)).Where(k => k.Images > 0)],
            FieldShare = Distribution.Of(readable.Select(m => m.Facts.Quality.Measures.FieldShare)),
            Unreadable = unreadable,
            ExactDuplicates = copies,
            NearDuplicates = [.. duplicates.Near.Select(pair => Copies(dataset, [pair.First, pair.Second], pair.Distance, pair.Mirroring))],
            Warnings = [],
        };
        return inspection with { Warnings = [.. InspectionWarnings.Of(inspection, dataset)] };
    }

    /// <summary>As the JSON names it: <c>tooDark</c>.</summary>
    internal static string Name(Enum value) => System.Text.Json.JsonNamingPolicy.CamelCase.ConvertName(value.ToString());

    private sealed record Measured(Sample Sample, ImageFacts Facts)
    {
        public string Part => SampleParts.NameOf(Sample.Part);
    }

    private static QuantityDistribution? Distribute(Measured[] readable, (string Name, string Unit, Func<ImageFacts, double?> Of) quantity)
    {
        var parts = readable.Where(m => quantity.Of(m.Facts) is not null).GroupBy(m => m.Sample.Part).OrderBy(p => p.Key)
            .Select(p => (Part: SampleParts.NameOf(p.Key), Values: p.Select(m => quantity.Of(m.Facts)!.Value).ToArray())).ToArray();
        if (Distribution.Of(parts.SelectMany(p => p.Values)) is not { } all) return null;
        var differences = from i in Enumerable.Range(0, parts.Length)
                          from j in Enumerable.Range(i + 1, parts.Length - i - 1)
                          let test = KolmogorovSmirnov.Between(parts[i].Values, parts[j].Values)
                          select new PartDifference(parts[i].Part, parts[j].Part, test.Distance, test.Probability);
        return new QuantityDistribution(quantity.Name, quantity.Unit, all, parts.ToDictionary(p => p.Part, p => Distribution.Of(p.Values)!), [.. differences]);
    }

    private static LabelCorrelation[] Correlate(Dataset dataset, Measured[] readable, int? patients) =>
    [
        .. from quantity in ImageFacts.Quantities
           let known = readable.Where(m => quantity.Of(m.Facts) is not null).ToArray()
           where known.Length > 0
           select LabelCorrelation.Of(quantity.Name, [.. known.Select(m => quantity.Of(m.Facts)!.Value)], [.. known.Select(m => m.Sample.Label)], dataset.IsGraded, patients),
    ];

    private static KindCount Count(Dataset dataset, Measured[] readable, string kind, Func<Measured, bool> belongs)
    {
        var found = readable.Where(belongs).ToArray();
        return new KindCount(kind, found.Length, readable.Length == 0 ? 0 : (double)found.Length / readable.Length,
            found.CountBy(m => m.Part).ToDictionary(p => p.Key, p => p.Value), dataset.CountClasses(found.Select(m => m.Sample)));
    }

    private static CopiedImages Copies(Dataset dataset, IReadOnlyList<string> ids, double distance, Mirroring mirroring)
    {
        var classes = ids.Select(id => dataset.Samples[dataset.Find(id)!.Value].Label).ToArray();
        return new CopiedImages(ids, classes, classes.Distinct().Count() > 1, distance, mirroring);
    }
}
