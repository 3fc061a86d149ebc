using System.Text.Json;
using Fovea.Detection.Grading;
using Fovea.Reporting;
using Fovea.Training.Data;
using Fovea.Training.Detection;
using Fovea.Training.Metrics;

namespace Fovea.Training.Tests.Detection;

public sealed class LesionGradingTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("fovea-lesion-grades-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private string At(string name) => Path.Combine(_root, name);

    private static string Line(string image, int haemorrhages) => JsonSerializer.Serialize(new LesionReport(image, 200, 200, "m", "", [.. Enumerable.Range(0, haemorrhages).Select(i => new FoundLesion("haemorrhage", 0.9, 10 * i, 10, 10 * i + 8, 18))])
    {
        Places = new RetinaPlaces(100, 100, 90),
    }, JsonSerializerOptions.Web);

    /// <summary>Twenty eyes, half of grade 0 without a lesion, half of grade 2 with three: the rule and the fitted model tell all; one photograph has no grade.</summary>
    [Fact]
    public void Score_LesionsThatTell_GivesTheGrades()
    {
        File.WriteAllLines(At("found.jsonl"), Enumerable.Range(0, 21).Select(i => Line($"photos/eye{i:00}.jpg", i % 2 == 0 ? 0 : 3)));
        File.WriteAllLines(At("labels.csv"), Enumerable.Range(0, 20).Select(i => $"eye{i:00}.png,{(i % 2 == 0 ? 0 : 2)}").Prepend("image,dr_grade"));
        var report = LesionGrading.Score(At("found.jsonl"), At("labels.csv"), "dr_grade", 5, new MetricsOptions { Resamples = 0 }, TestContext.Current.CancellationToken);
        Assert.Equal((20, 1), (report.Images, report.PassedOver));
        Assert.Equal(1, report.Rule.QuadraticWeightedKappa);
        Assert.Equal(1, report.Model.Referable!.Auc);
        Assert.Equal([LesionKind.Haemorrhage], report.Fitted.Kinds);
    }

    [Fact]
    public void Score_WhatCannotBeRead_IsNamedInOneLine()
    {
        File.WriteAllLines(At("labels.csv"), Enumerable.Range(0, 20).Select(i => $"eye{i:00}.png,{i % 3}").Prepend("image,grade"));
        DatasetException Fails(params string[] lines)
        {
            File.WriteAllLines(At("found.jsonl"), lines);
            return Assert.Throws<DatasetException>(() => LesionGrading.Score(At("found.jsonl"), At("labels.csv"), "grade", 2, new MetricsOptions { Resamples = 0 }, TestContext.Current.CancellationToken));
        }
        Assert.Contains("line 2 is not", Fails(Line("eye00.jpg", 1), "{").Message, StringComparison.Ordinal);
        Assert.Contains("line 1 is not", Fails("""{"image":"eye00.jpg","width":1,"height":1,"lesions":[]}""").Message, StringComparison.Ordinal);
        Assert.Contains("1 of its photographs", Fails(Line("eye00.jpg", 1), Line("other.jpg", 1)).Message, StringComparison.Ordinal);
        Assert.Contains("twice", Fails([.. Enumerable.Repeat(Line("eye00.jpg", 1), 4)]).Message, StringComparison.Ordinal);
        Assert.Contains("no lesion", Fails([.. Enumerable.Range(0, 4).Select(i => Line($"eye{i:00}.jpg", 0))]).Message, StringComparison.Ordinal);
    }
}
