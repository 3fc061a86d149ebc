using Fovea.Calibration;
using Fovea.Models;
using Fovea.Web.Tests.Service;

namespace Fovea.Web.Tests.Analysis;

/// <summary>A packed ensemble as the configured grader: two networks that see photographs at different sizes.</summary>
public sealed class EnsembleTests : IAsyncLifetime
{
    private readonly TestService _service = new();

    public ValueTask InitializeAsync()
    {
        _service.Configure = options =>
        {
            (string Architecture, int Size)[] networks = [("mobilenet_v2", 64), ("baseline_cnn", 32)];
            ModelFile[] members = [.. networks.Select((n, i) => ModelFile.Read(TestModel.Write(_service.Folder, n.Architecture, n.Size, $"member{i}.fovea")))];
            var path = Path.Combine(_service.Folder, "ensemble.fovea");
            ModelFile.Pack(path, CardEnsemble.CardOf(new EnsembleSpec(), [.. members.Select(f => f.Card)]), members);
            return options with { Model = path };
        };
        return _service.InitializeAsync();
    }

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    [Fact]
    public async Task Upload_WithAnEnsemble_IsGradedAndExplainedByAllMembers()
    {
        var (examination, image) = await _service.Administrator.GradedAsync(3);
        var result = (await _service.Administrator.GetAsync($"/api/v1/examinations/{examination}")).GetProperty("images")[0].GetProperty("result");
        Assert.Equal(("graded", true), (result.GetProperty("outcome").GetString(), result.GetProperty("heatmap").GetBoolean()));
        Assert.Equal(1, result.GetProperty("probabilities").EnumerateArray().Sum(p => p.GetDouble()), 5);
        Assert.Equal(("ensemble", "ensemble.fovea"), (result.GetProperty("model").GetProperty("architecture").GetString(), result.GetProperty("model").GetProperty("name").GetString()));
        using var overlay = await _service.Administrator.SendAsync(HttpMethod.Get, $"/api/v1/images/{image}/overlay");
        Assert.True(overlay.IsSuccessStatusCode);
        // The mean of what the members say alone, of the same photograph.
        var photograph = Acquisition.FundusImage.Decode(TestPhotographs.Jpeg(3), "3");
        var alone = ((int[])[0, 1]).Select(i =>
        {
            using var member = GradingModel.Load(Path.Combine(_service.Folder, $"member{i}.fovea"));
            return member.Grade(photograph).Prediction.Probabilities;
        }).ToArray();
        for (var k = 0; k < 5; k++) Assert.Equal((alone[0][k] + alone[1][k]) / 2, result.GetProperty("probabilities")[k].GetDouble(), 3);
        Assert.Equal("ensemble", (await _service.Administrator.GetAsync("/api/v1/models")).GetProperty("items")[0].GetProperty("architecture").GetString());
    }
}
