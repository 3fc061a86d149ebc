namespace Fovea.Training.Evaluation.Errors;

/// <summary>Images that the network finds most like a given one.</summary>
public static class FeatureNeighbours
{
    /// <param name="features">One vector an image.</param>
    /// <param name="row">The image.</param>
    /// <param name="count">How many.</param>
    /// <returns>Rows and cosine similarities, the most alike first; the image itself is left out.</returns>
    public static IReadOnlyList<(int Row, double Similarity)> Of(IReadOnlyList<float[]> features, int row, int count)
    {
        var query = features[row];
        var norm = Norm(query);
        var found = new List<(int Row, double Similarity)>();
        for (var i = 0; i < features.Count; i++)
        {
            if (i == row) continue;
            double dot = 0;
            for (var k = 0; k < query.Length; k++) dot += (double)query[k] * features[i][k];
            var scale = norm * Norm(features[i]);
            found.Add((i, scale > 0 ? dot / scale : 0));
        }
        return [.. found.OrderByDescending(f => f.Similarity).ThenBy(f => f.Row).Take(count)];
    }

    private static double Norm(float[] vector)
    {
        double sum = 0;
        foreach (var v in vector) sum += (double)v * v;
        return Math.Sqrt(sum);
    }
}
