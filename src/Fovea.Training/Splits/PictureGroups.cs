using Fovea.Training.Data;

namespace Fovea.Training.Splits;

/// <summary>Which samples must stay on one side of every split: those of a patient, copies of one picture, and whatever that joins.</summary>
public static class PictureGroups
{
    /// <param name="samples">All samples of a data set.</param>
    /// <param name="duplicates">Copies to keep together; null: patients only.</param>
    /// <returns>For each sample, the position of the first sample of its group.</returns>
    public static int[] Of(IReadOnlyList<Sample> samples, Duplicates? duplicates)
    {
        var position = new Dictionary<string, int>(StringComparer.Ordinal);
        for (var i = 0; i < samples.Count; i++) position.Add(samples[i].Id, i);
        var first = Enumerable.Range(0, samples.Count).ToArray();
        foreach (var patient in samples.Where(s => s.Patient is not null).GroupBy(s => s.Patient, StringComparer.Ordinal)) Join(patient.Select(s => s.Id));
        foreach (var copies in duplicates?.Exact ?? []) Join(copies);
        foreach (var pair in duplicates?.Near ?? []) Join([pair.First, pair.Second]);
        return [.. Enumerable.Range(0, first.Length).Select(Root)];

        int Root(int i)
        {
            while (first[i] != i) i = first[i] = first[first[i]];
            return i;
        }

        // Ids that are not among the samples are passed over.
        void Join(IEnumerable<string> ids)
        {
            var known = -1;
            foreach (var id in ids)
            {
                if (!position.TryGetValue(id, out var i)) continue;
                if (known >= 0) first[Math.Max(Root(known), Root(i))] = Math.Min(Root(known), Root(i));
                known = i;
            }
        }
    }
}
