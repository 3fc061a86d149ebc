using System.Text.Json;
using Fovea.Tests;
using Fovea.Training.Detection.Scores;

namespace Fovea.Training.Tests.Detection;

/// <summary>Average precisions of drawn boxes, with ties and crowds, against pycocotools' COCOeval, oracle/coco_ap.py.</summary>
public sealed class CocoParityTests : IDisposable
{
    private readonly string _root = Directory.CreateTempSubdirectory("fovea-coco-").FullName;

    public void Dispose() => Directory.Delete(_root, recursive: true);

    private sealed record Expected(string Label, double Ap, double Ap50, double Ap75, double ApSmall, double ApMedium, double ApLarge);

    private string Part(JsonElement fixture, string name)
    {
        var path = Path.Combine(_root, name + ".json");
        File.WriteAllText(path, fixture.GetProperty(name).GetRawText());
        return path;
    }

    // Both divide and average the same counts; sums in another order differ in the last digits.
    [Fact]
    public void Compute_DrawnBoxes_EqualsCocoEval()
    {
        using var fixture = JsonDocument.Parse(File.ReadAllBytes(TestPaths.Oracle("detection/coco_ap.json")));
        var table = DetectionFiles.Read(Part(fixture.RootElement, "truth"), Part(fixture.RootElement, "found"));
        var report = DetectionReport.Compute(table, new DetectionScoreOptions { Resamples = 0, MostBoxes = 100 }, TestContext.Current.CancellationToken);
        foreach (var label in fixture.RootElement.GetProperty("scores").Deserialize<Expected[]>(JsonSerializerOptions.Web)!)
        {
            var found = report.Labels.Single(l => l.Label == label.Label);
            foreach (var (expected, actual) in new[] { (label.Ap, found.Ap), (label.Ap50, found.Ap50), (label.Ap75, found.Ap75), (label.ApSmall, found.ApSmall), (label.ApMedium, found.ApMedium), (label.ApLarge, found.ApLarge) })
                Assert.Equal(expected, actual!.Value, 1e-12);
        }
    }
}
