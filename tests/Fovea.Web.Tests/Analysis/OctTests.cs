using System.Text.Json;
using Fovea.Web.Analysis;
using Fovea.Web.Tests.Service;

namespace Fovea.Web.Tests.Analysis;

/// <summary>OCT scans beside photographs, where a model for them is configured.</summary>
public sealed class OctTests : IAsyncLifetime
{
    private static readonly string[] Classes = ["CNV", "DME", "DRUSEN", "NORMAL"];
    private readonly TestService _service = new();

    public ValueTask InitializeAsync()
    {
        _service.Configure = options => options with { OctModel = TestModel.Write(_service.Folder, "oct_cnn3", 32, "oct.fovea", Classes) };
        return _service.InitializeAsync();
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Upload_PhotographAndScanTogether_EachGoesToItsModel()
    {
        var client = _service.Administrator;
        var examination = await client.ExaminationAsync();
        await TestClient.JsonAsync(client.UploadAsync(examination, ("x_R.jpg", TestPhotographs.Jpeg(1)), ("scan_R.jpg", TestScan.Jpeg(1))));
        var answer = await client.AnalysedAsync(examination);
        var (photograph, scan) = (answer.GetProperty("images")[0], answer.GetProperty("images")[1]);
        Assert.Equal(("fundus", "oct"), (photograph.GetProperty("kind").GetString(), scan.GetProperty("kind").GetString()));
        var (grade, result) = (photograph.GetProperty("result"), scan.GetProperty("result"));
        Assert.Equal((5, 4), (grade.GetProperty("probabilities").GetArrayLength(), result.GetProperty("probabilities").GetArrayLength()));
        Assert.Equal("graded", result.GetProperty("outcome").GetString());
        Assert.Equal(Classes, result.GetProperty("classes").EnumerateArray().Select(c => c.GetString()!));
        var name = Classes[result.GetProperty("grade").GetInt32()];
        Assert.Equal((name, "oct.fovea"), (result.GetProperty("gradeName").GetString(), result.GetProperty("model").GetProperty("name").GetString()));
        Assert.Equal(name != "NORMAL", result.GetProperty("referable").GetBoolean());
        Assert.True(result.GetProperty("heatmap").GetBoolean());
        // Readers grade retinopathy: a scan does not wait for them, and its class is no grade of the patient's.
        Assert.Equal("none", scan.GetProperty("review").GetProperty("state").GetString());
        var summary = answer.GetProperty("summary");
        Assert.Equal(grade.GetProperty("grade").GetInt32(), summary.GetProperty("worstGrade").GetInt32());
        Assert.Equal(grade.GetProperty("referable").GetBoolean() || name != "NORMAL", summary.GetProperty("refer").GetBoolean());
        using var report = await client.SendAsync(HttpMethod.Get, $"/api/v1/examinations/{examination}/report.html");
        Assert.Contains($"OCT class: {name}", await report.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        var dashboard = await client.GetAsync("/api/v1/dashboard");
        Assert.Equal((2, 1), (dashboard.GetProperty("images").GetInt32(), dashboard.GetProperty("octScans").GetInt32()));
        Assert.Equal(1, dashboard.GetProperty("grades").EnumerateArray().Sum(g => g.GetProperty("machine").GetInt32()));
        Assert.Equal(["grading", "oct"], (await client.GetAsync("/api/v1/models")).GetProperty("items").EnumerateArray().Select(m => m.GetProperty("role").GetString()!));
    }

    [Fact]
    public async Task Upload_OfAScanAlone_IsNoUngradableEye()
    {
        var client = _service.Administrator;
        var examination = await client.ExaminationAsync();
        await TestClient.JsonAsync(client.UploadAsync(examination, ("scan_OS.jpg", TestScan.Jpeg(2))));
        var answer = await client.AnalysedAsync(examination);
        Assert.Equal("complete", answer.GetProperty("state").GetString());
        var summary = answer.GetProperty("summary");
        Assert.Equal(JsonValueKind.Null, summary.GetProperty("worstGrade").ValueKind);
        Assert.Equal(0, summary.GetProperty("ungradableEyes").GetArrayLength());
        Assert.Equal(answer.GetProperty("images")[0].GetProperty("result").GetProperty("referable").GetBoolean() ? "refer" : "review", summary.GetProperty("recall").GetProperty("code").GetString());
    }

    [Theory]
    [InlineData(2, "oct", 1, "refer")] // the scan shows disease, the photograph none
    [InlineData(0, "oct", 0, "rescreen")]
    [InlineData(0, "fundus", 0, "rescreen")]
    public void Recall_OfAGradeAndAScan_TakesTheMoreUrgent(int otherGrade, string otherKind, int otherReferable, string expected)
    {
        ImageFacts photograph = new() { Eye = "right", Outcome = "graded", Kind = "fundus", Grade = 0, ReferableFrom = 2, Referable = 0, Unsure = 0 };
        ImageFacts other = new() { Eye = "left", Outcome = "graded", Kind = otherKind, Grade = otherGrade, ReferableFrom = 2, Referable = otherReferable, Unsure = 0 };
        Assert.Equal(expected, Patients.SummaryAnswer.Of([photograph, other], Settings.ServiceSettings.Default, "en")!.Recall.Code);
    }
}

/// <summary>OCT scans where nothing is configured for them.</summary>
public sealed class OctWithoutModelTests(TestService service) : IClassFixture<TestService>
{
    [Fact]
    public async Task Upload_OfAScan_SaysThatThereIsNoModel()
    {
        var examination = await service.Administrator.ExaminationAsync();
        await TestClient.JsonAsync(service.Administrator.UploadAsync(examination, ("scan_R.jpg", TestScan.Jpeg(3))));
        var answer = await service.Administrator.AnalysedAsync(examination);
        var result = answer.GetProperty("images")[0].GetProperty("result");
        Assert.Equal(("noModel", "OCT image: no model is configured. A person reads it."), (result.GetProperty("outcome").GetString(), result.GetProperty("detail").GetString()));
        Assert.Equal("review", answer.GetProperty("summary").GetProperty("recall").GetProperty("code").GetString());
    }

    [Fact]
    public void LoadedModels_WithAModelForSomethingElse_SaysWhy()
    {
        var four = TestModel.Write(service.Folder, "oct_cnn3", 32, "four.fovea", ["CNV", "DME", "DRUSEN", "NORMAL"]);
        var grader = Assert.Throws<ServiceException>(() => new LoadedModels(new ServiceOptions { Data = service.Data, Model = four }));
        Assert.Contains("4 classes", grader.Message);
        var oct = Assert.Throws<ServiceException>(() => new LoadedModels(new ServiceOptions { Data = service.Data, Model = service.Options.Model, OctModel = service.Options.Model }));
        Assert.Contains("none of its classes is named normal", oct.Message);
    }
}
