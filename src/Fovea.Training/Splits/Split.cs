using System.Globalization;
using Fovea.Training.Data;

namespace Fovea.Training.Splits;

/// <summary>One line of a split.</summary>
/// <param name="Image">Id of the sample.</param>
/// <param name="Group">What stays together, called after its first sample; see <see cref="PictureGroups"/>.</param>
/// <param name="Grade">Its class, so that a split made of other labels is noticed.</param>
/// <param name="Part">The fold; without folds 0 training, 1 validation, 2 test; <see cref="Split.Unused"/> for what a sub-sample left.</param>
public sealed record SplitEntry(string Image, string Group, int Grade, int Part);

/// <summary>
/// Which sample belongs to which part: seeded, stratified by class, never through a group (<see cref="GroupSplitter"/>), and kept as a CSV file,
/// <c>image,group,grade,fold</c> or <c>image,group,grade,part</c> with the parts training, validation and test, or <c>unused</c>.
/// </summary>
public sealed class Split
{
    public const int MaxFolds = 100;

    /// <summary>The part of images that belong to none.</summary>
    public const int Unused = -1;

    private const string FoldPrefix = "fold ";
    private const string UnusedName = "unused";

    private Split(string name, int folds, IReadOnlyList<SplitEntry> entries) => (Name, FoldCount, Entries) = (name, folds, entries);

    /// <summary>What error messages call it: the file, or "the split".</summary>
    public string Name { get; }

    /// <summary>Folds of a cross-validation; 0 for a split into training, validation and test.</summary>
    public int FoldCount { get; }

    /// <summary>In the order of the data.</summary>
    public IReadOnlyList<SplitEntry> Entries { get; }

    /// <summary>Training, validation and (with three shares) test parts.</summary>
    /// <param name="dataset">The data.</param>
    /// <param name="indices">Positions of the samples that are divided.</param>
    /// <param name="groups">Of every sample of the data, as <see cref="PictureGroups.Of"/> gives them.</param>
    /// <param name="shares">Two or three, positive, sum 1.</param>
    /// <param name="seed">Same data and seed, same split.</param>
    /// <exception cref="ArgumentException">The shares are not as said.</exception>
    /// <exception cref="DatasetException">A class would have no sample in training.</exception>
    public static Split HoldOut(Dataset dataset, IReadOnlyList<int> indices, int[] groups, double[] shares, ulong seed)
    {
        if (shares.Length is < 2 or > 3 || shares.Any(f => !(f > 0)) || Math.Abs(shares.Sum() - 1) > 1e-6)
            throw new ArgumentException("two or three positive shares with sum 1", nameof(shares));
        return Make(dataset, indices, groups, shares.Length, 0, (labels, of) => GroupSplitter.Parts(labels, of, shares, seed));
    }

    /// <summary>Parts of equal size, each of which is the held-out one in turn.</summary>
    /// <param name="dataset">The data.</param>
    /// <param name="indices">Positions of the samples that are divided.</param>
    /// <param name="groups">Of every sample of the data.</param>
    /// <param name="folds">2…<see cref="MaxFolds"/>.</param>
    /// <param name="seed">Same data and seed, same split.</param>
    /// <exception cref="DatasetException">A class would have no sample in the training part of a fold.</exception>
    public static Split KFold(Dataset dataset, IReadOnlyList<int> indices, int[] groups, int folds, ulong seed)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(folds, 2);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(folds, MaxFolds);
        return Make(dataset, indices, groups, folds, folds, (labels, of) => GroupSplitter.Folds(labels, of, folds, seed));
    }

    private static Split Make(Dataset dataset, IReadOnlyList<int> indices, int[] groups, int parts, int folds, Func<int[], int[], int[]> deal)
    {
        var samples = indices.Select(i => dataset.Samples[i]).ToArray();
        dataset.RequireEveryClass(samples, "a split");
        int[] groupOf = [.. indices.Select(i => groups[i])];
        if (groupOf.Distinct().Count() is var count && count < parts)
            throw new DatasetException(dataset.Source, $"{count} groups of images for {parts} parts", "Ask for fewer parts, or add images");
        var partOf = deal([.. samples.Select(s => s.Label)], groupOf);
        // Every way of using it must find every class to train on; better said now than after hours.
        for (var fold = 0; fold < Math.Max(1, folds); fold++)
        {
            dataset.RequireEveryClass(samples.Where((_, i) => folds > 0 ? partOf[i] != fold : partOf[i] == 0), folds > 0 ? $"training when fold {fold} is held out" : "training");
        }
        return new Split("the split", folds, [.. samples.Select((s, i) => new SplitEntry(s.Id, dataset.Samples[groupOf[i]].Id, s.Label, partOf[i]))]);
    }

    /// <summary>The same split, in which the images that a sub-sample left have lines, too, so that none is lost without a word.</summary>
    /// <param name="dataset">The data.</param>
    /// <param name="indices">Positions of the images left.</param>
    /// <param name="groups">Of every sample of the data.</param>
    public Split WithUnused(Dataset dataset, IEnumerable<int> indices, int[] groups)
    {
        var entries = Entries.ToDictionary(e => dataset.Find(e.Image)!.Value);
        foreach (var i in indices) entries.Add(i, new SplitEntry(dataset.Samples[i].Id, dataset.Samples[groups[i]].Id, dataset.Samples[i].Label, Unused));
        return new Split(Name, FoldCount, [.. entries.OrderBy(e => e.Key).Select(e => e.Value)]);
    }

    /// <summary><c>training</c>, <c>validation</c>, <c>test</c>, the fold's number, or <c>unused</c>.</summary>
    public string PartName(int part) => part == Unused ? UnusedName : FoldCount > 0 ? part.ToString(CultureInfo.InvariantCulture) : SampleParts.Names[part];

    /// <exception cref="IOException">The folder does not exist, or the disk is full.</exception>
    public void Write(string path) => CsvText.Write(path, Entries
        .Select(e => $"{CsvText.Cell(e.Image)},{CsvText.Cell(e.Group)},{e.Grade},{PartName(e.Part)}")
        .Prepend(FoldCount > 0 ? "image,group,grade,fold" : "image,group,grade,part"));

    /// <summary>Reads what <see cref="Write"/> wrote, or a person did; the group may be missing.</summary>
    /// <exception cref="DatasetException">By file, line and column; also when a group lies on both sides.</exception>
    public static Split Read(string path)
    {
        var table = CsvTable.Read(path);
        var (image, grade) = (table.Require("image"), table.Require("grade"));
        var group = table.Find("group");
        var column = table.Require("part", "fold");
        // A run of `fovea train --folds` keeps its split with the parts "fold 0", "fold 1", …
        var isFold = column == "fold" || Enumerable.Range(0, table.RowCount).Any(row => table.Text(row, column).StartsWith(FoldPrefix, StringComparison.Ordinal));
        var entries = new List<SplitEntry>(table.RowCount);
        var images = new HashSet<string>(StringComparer.Ordinal);
        var partOfGroup = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var row = 0; row < table.RowCount; row++)
        {
            var id = table.RequiredText(row, image);
            if (!images.Add(id)) throw table.Error(row, image, $"'{id}' occurs a second time", "Keep one line per image");
            var groupName = group is null ? id : table.RequiredText(row, group);
            var part = table.Text(row, column) == UnusedName ? Unused : isFold ? Fold(table, row, column)
                : (SampleParts.Named(table.Text(row, column)) ?? throw table.Error(row, column, $"'{table.Text(row, column)}' is not a part", SampleParts.Remedy)) - SamplePart.Training;
            if (part != Unused && !partOfGroup.TryAdd(groupName, part) && partOfGroup[groupName] != part)
                throw table.Error(row, column, $"another image of group '{groupName}' lies in another part", "Keep a group on one side, or make the split again");
            entries.Add(new SplitEntry(id, groupName, table.Integer(row, grade, 0, Metrics.Predictions.MaxClasses - 1, "a class"), part));
        }
        var folds = isFold ? entries.Max(e => e.Part) + 1 : 0;
        var used = entries.Select(e => e.Part).Where(part => part != Unused).Distinct().Count();
        if (used < Math.Max(2, folds)) throw new DatasetException(path, $"only {used} of the parts hold images", "Make the split again");
        return new Split(path, folds, entries);
    }

    private static int Fold(CsvTable table, int row, string column)
    {
        var text = table.Text(row, column);
        var digits = text.StartsWith(FoldPrefix, StringComparison.Ordinal) ? text[FoldPrefix.Length..] : text;
        return int.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var fold) && fold < MaxFolds ? fold
            : throw table.Error(row, column, $"'{text}' is not a fold from 0 to {MaxFolds - 1}", "Correct the cell, or make the split again");
    }

    /// <summary>The part of every sample of the data; <see cref="Unused"/>, too, for those that the split does not name (an official test part).</summary>
    /// <param name="groups">Of every sample of the data: what must not part; null: patients only.</param>
    /// <exception cref="DatasetException">Split and data do not fit, or the split parts a group.</exception>
    public int[] PartOf(Dataset dataset, IReadOnlyList<int>? groups = null)
    {
        var parts = new int[dataset.Samples.Count];
        Array.Fill(parts, Unused);
        var named = new bool[parts.Length];
        foreach (var entry in Entries)
        {
            if (dataset.Find(entry.Image) is not { } i)
                throw new DatasetException(Name, $"image '{entry.Image}' is not in {dataset.Source}", "Give the data that the split was made of");
            if (dataset.Samples[i].Label != entry.Grade)
                throw new DatasetException(Name, $"image '{entry.Image}' has class {entry.Grade} here and {dataset.Samples[i].Label} in {dataset.Source}", "Make the split again");
            (parts[i], named[i]) = (entry.Part, true);
        }
        // Whole official parts may be left out, single images may not: they would be lost without a word.
        var divided = Enumerable.Range(0, parts.Length).Where(i => named[i]).Select(i => dataset.Samples[i].Part).ToHashSet();
        for (var i = 0; i < parts.Length; i++)
        {
            if (!named[i] && divided.Contains(dataset.Samples[i].Part))
                throw new DatasetException(Name, $"image '{dataset.Samples[i].Id}' of {dataset.Source} has no line", "Make the split again");
        }
        RequireWholeGroups(dataset, parts, groups ?? PictureGroups.Of(dataset.Samples, null));
        return parts;
    }

    private void RequireWholeGroups(Dataset dataset, int[] parts, IReadOnlyList<int> groups)
    {
        var firstOf = new Dictionary<int, int>();
        for (var i = 0; i < parts.Length; i++)
        {
            if (parts[i] == Unused || firstOf.TryAdd(groups[i], i) || parts[firstOf[groups[i]]] == parts[i]) continue;
            throw new DatasetException(Name, $"images '{dataset.Samples[firstOf[groups[i]]].Id}' and '{dataset.Samples[i].Id}' are one patient's or one picture's and lie in different parts",
                "Make the split again with fovea data split");
        }
    }
}
