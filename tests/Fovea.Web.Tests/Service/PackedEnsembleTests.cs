using Fovea.Calibration;
using Fovea.Models;
using Fovea.Web.Analysis;

namespace Fovea.Web.Tests.Service;

public sealed class PackedEnsembleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-packed-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    [Fact]
    public async Task Analysis_OfAPackedEnsemble_GradesAndExplains()
    {
        var member = ModelFile.Read(TestModel.Write(_folder));
        var other = ModelFile.Read(TestModel.Write(Directory.CreateDirectory(Path.Combine(_folder, "other")).FullName, "squeezenet1_1", 96));
        ModelFile[] members = [member, other];
        var path = Path.Combine(_folder, "e.fovea");
        ModelFile.Pack(path, CardEnsemble.CardOf(new EnsembleSpec(), [.. members.Select(m => m.Card)]), members);
        using var models = new LoadedModels(new ServiceOptions { Data = _folder, Model = path });
        var analysis = await models.GradingAsync(TestContext.Current.CancellationToken);
        Assert.True(models.SelfTestPassed);
        var photograph = analysis.Prepare("p1", TestPhotographs.Jpeg(1));
        Assert.Null(photograph.Result);
        var (result, map) = analysis.Grade([photograph], 0.5)[0];
        Assert.Equal((Outcome.Graded, "ensemble"), (result.Outcome, result.Model.Architecture));
        Assert.Equal(1, result.Probabilities!.Sum(), 1e-5);
        Assert.NotNull(map);
    }
}
