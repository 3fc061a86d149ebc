using System.Text.Json;
using Fovea.Web.Storage;
using Fovea.Web.Tests.Service;
using Microsoft.Data.Sqlite;

namespace Fovea.Web.Tests.Storage;

public sealed class PowerLossTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-kill-").FullName;

    public void Dispose()
    {
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
    }

    /// <summary>Killed (SIGKILL) in the middle of uploads, again and again: what was answered 201 has one result in the end, and the audit log holds. 2 times in the gate, 20 nightly.</summary>
    [Fact]
    public async Task Service_KilledWhileUploading_LosesNothingThatItAccepted()
    {
        var cancel = TestContext.Current.CancellationToken;
        var rounds = Environment.GetEnvironmentVariable("FOVEA_NIGHTLY") is { Length: > 0 } ? 20 : 2;
        TestModel.Write(_folder);
        var accepted = new List<string>();
        var random = new Random(5);
        for (var round = 0; round <= rounds; round++)
        {
            using var service = await ServiceProcess.StartAsync(_folder);
            using var client = new TestClient(service.Address);
            await client.SignInAsync("administrator", TestService.Password);
            if (round == rounds)
            {
                await WaitForAllAsync(client, cancel);
                break;
            }
            var before = accepted.Count;
            var uploading = UploadUntilItDiesAsync(client, 1000 * round, accepted);
            // However slow the machine is, some are accepted before.
            while (accepted.Count == before && !uploading.IsCompleted) await Task.Delay(5, cancel);
            await Task.Delay(random.Next(5, 700), cancel);
            service.Kill();
            await uploading;
        }
        Assert.NotEmpty(accepted);

        var data = Path.Combine(_folder, "data");
        using var database = new Database(new SqliteDialect(Path.Combine(data, "fovea.db")));
        Assert.Equal("ok", await database.ReadAsync(w => w.ScalarAsync<string>("PRAGMA integrity_check")));
        var results = await database.ReadAsync(w => w.QueryAsync<string>("SELECT r.image_id FROM results r JOIN images i ON i.id = r.image_id WHERE r.outcome <> 'failed' AND i.pending = 0"));
        Assert.Empty(accepted.Except(results));
        Assert.Equal(0, await database.ReadAsync(w => w.ScalarAsync<long>("SELECT COUNT(*) FROM images WHERE pending = 1")));
        // No row without its file, and, after a start, no file without its row.
        var files = Directory.EnumerateFiles(Path.Combine(data, "images"), "*", SearchOption.AllDirectories).Select(f => Path.GetFileNameWithoutExtension(f)!).Order().ToArray();
        Assert.Equal(await database.ReadAsync(w => w.QueryAsync<string>("SELECT id FROM images ORDER BY id")), files);
        var (code, output) = await ServiceProcess.RunAsync("audit", "verify", "--data", data);
        Assert.True(code == 0, output);
        Assert.Contains("as they were written", output);

        var backup = Path.Combine(_folder, "backup");
        var (backedUp, said) = await ServiceProcess.RunAsync("backup", "--data", data, "--out", backup);
        Assert.True(backedUp == 0, said);
        var (restored, restoredSaid) = await ServiceProcess.RunAsync("restore", "--data", Path.Combine(_folder, "restored"), "--from", backup);
        Assert.True(restored == 0, restoredSaid);
        Assert.Contains("0 missing", restoredSaid);
    }

    private static async Task UploadUntilItDiesAsync(TestClient client, int seed, List<string> accepted)
    {
        try
        {
            var examination = await client.ExaminationAsync();
            for (var i = 0; ; i++)
            {
                var answer = await TestClient.JsonAsync(client.UploadAsync(examination, ($"{i}.jpg", TestPhotographs.Jpeg(seed + i))));
                accepted.AddRange(answer.GetProperty("images").EnumerateArray().Select(image => image.GetProperty("id").GetString()!));
            }
        }
        catch (HttpRequestException)
        {
            // It was killed.
        }
    }

    private static async Task WaitForAllAsync(TestClient client, CancellationToken cancel)
    {
        for (var i = 0; (await client.GetAsync("/api/v1/dashboard")).GetProperty("queue").GetInt32() > 0; i++)
        {
            Assert.True(i < 600, "images still wait after 60 s");
            await Task.Delay(100, cancel);
        }
    }
}
