using Fovea.Web.Analysis;
using Fovea.Web.Storage;
using Fovea.Web.Tests.Service;

namespace Fovea.Web.Tests.Analysis;

/// <summary>What the service does with images that it was looking at when it ended.</summary>
public sealed class AttemptsTests : IAsyncLifetime
{
    private readonly TestService _service = new();

    public ValueTask InitializeAsync() => _service.InitializeAsync();

    public ValueTask DisposeAsync() => _service.DisposeAsync();

    /// <summary>The database as processes leave it that died while they looked at the image so often.</summary>
    [Theory]
    [InlineData(1, "graded")]
    [InlineData(AnalysisService.MostAttempts - 1, "graded")]
    [InlineData(AnalysisService.MostAttempts, "failed")]
    public async Task Start_AfterAttemptsThatEndedTheProcess_TriesAgainAndThenGivesUp(int attempts, string expected)
    {
        var (examination, image) = await _service.Administrator.GradedAsync(attempts);
        Assert.Equal(1, await AttemptsAsync(image));
        await _service.App.StopAsync(TestContext.Current.CancellationToken);
        await _service.App.DisposeAsync();
        using (var database = new Database(new SqliteDialect(_service.Options.DatabaseFile)))
            await database.WriteAsync(async w =>
            {
                await w.ExecuteAsync("DELETE FROM results WHERE image_id = @image", new { image });
                await w.ExecuteAsync("UPDATE images SET pending = 1, review = 'none', attempts = @attempts WHERE id = @image", new { image, attempts });
            });
        await _service.StartAsync();
        using var client = await _service.SignInAsync("administrator");
        var result = (await client.AnalysedAsync(examination)).GetProperty("images")[0].GetProperty("result");
        Assert.Equal(expected, result.GetProperty("outcome").GetString());
        if (expected == "failed") Assert.Equal("the image: the service ended 3 times while it was looked at. Report it.", result.GetProperty("detail").GetString());
        Assert.Equal(attempts + 1, await AttemptsAsync(image));
    }

    [Fact]
    public async Task Begin_OfAnImageThatHasItsResultOrIsGone_CountsNothing()
    {
        var writer = new ResultWriter(_service.Database, new Changes());
        var (_, image) = await _service.Administrator.GradedAsync(9);
        Assert.Empty(await writer.BeginAsync([image, "none"], count: true));
        Assert.Empty(await writer.BeginAsync([image, "none"], count: false));
        Assert.Equal(1, await AttemptsAsync(image));
        Assert.Empty(await writer.BegunBeforeAsync());
    }

    private Task<long> AttemptsAsync(string image) => _service.Database.ReadAsync(w => w.ScalarAsync<long>("SELECT attempts FROM images WHERE id = @image", new { image }));
}
