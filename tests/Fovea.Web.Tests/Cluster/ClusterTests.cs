using System.Collections.Concurrent;
using System.Diagnostics;
using System.Text.Json;
using Fovea.Web.Storage;
using Fovea.Web.Tests.Service;

namespace Fovea.Web.Tests.Cluster;

/// <summary>Many machines as many processes: PostgreSQL, RabbitMQ, a web node and two workers, killed in mid-load: 20 images by day, 500 nightly.</summary>
public sealed class ClusterTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-cluster-").FullName;

    public void Dispose()
    {
        Script("stop");
        Directory.Delete(_folder, recursive: true);
    }

    private static int Images => int.TryParse(Environment.GetEnvironmentVariable("FOVEA_CLUSTER_IMAGES"), out var n) ? n : Environment.GetEnvironmentVariable("FOVEA_NIGHTLY") is { Length: > 0 } ? 500 : 20;

    [Fact]
    public async Task Cluster_WhosePartsAreKilledUnderLoad_GivesEachImageOneResult()
    {
        var cancel = TestContext.Current.CancellationToken;
        Assert.SkipUnless(File.Exists("/usr/lib/rabbitmq/bin/rabbitmq-server") && Directory.Exists("/usr/lib/postgresql"), "PostgreSQL or RabbitMQ is not installed (packages postgresql, rabbitmq-server)");
        TestModel.Write(_folder);
        Script("start");
        string database = Address("database"), queue = Address("queue");
        string[] both = ["--database", database, "--queue", queue];
        var web = await ServiceProcess.StartAsync(_folder, "serve", [.. both, "--no-analysis"]);
        var workers = new[] { await ServiceProcess.StartAsync(_folder, "worker", both), await ServiceProcess.StartAsync(_folder, "worker", both) };
        var accepted = new ConcurrentDictionary<string, byte>();
        Uri address = web.Address;

        var loading = Task.Run(async () =>
        {
            var (client, examination) = ((TestClient?)null, "");
            while (accepted.Count < Images)
            {
                try
                {
                    if (client is null)
                    {
                        client = new TestClient(address);
                        await client.SignInAsync("administrator", TestService.Password);
                        examination = await client.ExaminationAsync();
                    }
                    using var answer = await client.UploadAsync(examination, ($"{accepted.Count}.jpg", TestPhotographs.Jpeg(accepted.Count, 240)));
                    if ((int)answer.StatusCode == 503) await Task.Delay(100, cancel);
                    if (!answer.IsSuccessStatusCode) continue;
                    foreach (var image in JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(cancel)).GetProperty("images").EnumerateArray())
                        accepted[image.GetProperty("id").GetString()!] = 0;
                }
                catch (Exception e) when (e is HttpRequestException or Xunit.Sdk.XunitException)
                {
                    // The web node was killed: again with the next one.
                    client?.Dispose();
                    client = null;
                    await Task.Delay(200, cancel);
                }
            }
        }, cancel);

        await ReachedAsync(accepted, Images / 5, loading);
        workers[0].Kill();
        await ReachedAsync(accepted, 2 * Images / 5, loading);
        web.Kill();
        web.Dispose();
        web = await ServiceProcess.StartAsync(_folder, "serve", [.. both, "--no-analysis"]);
        address = web.Address;
        workers[0].Dispose();
        workers[0] = await ServiceProcess.StartAsync(_folder, "worker", both);
        await ReachedAsync(accepted, 3 * Images / 5, loading);
        Script("kill-broker");
        await Task.Delay(1000, cancel);
        Script("broker");
        await ReachedAsync(accepted, 4 * Images / 5, loading);
        workers[1].Kill();
        await loading;

        using var store = new Database(new PostgresDialect(database));
        for (var i = 0; await store.ReadAsync(w => w.ScalarAsync<long>("SELECT COUNT(*) FROM images WHERE pending = 1")) > 0; i++)
        {
            Assert.True(i < 1200, "images still wait after 4 minutes");
            await Task.Delay(200, cancel);
        }
        var results = await store.ReadAsync(w => w.QueryAsync<string>("SELECT image_id FROM results WHERE outcome <> 'failed'"));
        Assert.Equal(results.Count, results.Distinct().Count());
        Assert.Empty(accepted.Keys.Except(results));
        Assert.Equal(await store.ReadAsync(w => w.ScalarAsync<long>("SELECT COUNT(*) FROM images")), results.Count);
        var (code, output) = await ServiceProcess.RunAsync("audit", "verify", "--data", Path.Combine(_folder, "data"), "--database", database);
        Assert.True(code == 0, output);
        foreach (var process in workers.Append(web)) process.Dispose();
    }

    private static async Task ReachedAsync(ConcurrentDictionary<string, byte> accepted, int count, Task loading)
    {
        while (accepted.Count < count && !loading.IsCompleted) await Task.Delay(50);
        if (loading.IsFaulted) await loading;
    }

    private string Address(string of) => File.ReadAllText(Path.Combine(_folder, "cluster", of + ".url")).Trim();

    private void Script(string what)
    {
        var root = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(root, "eng", "cluster.sh"))) root = Path.GetDirectoryName(root) ?? throw new InvalidOperationException("eng/cluster.sh is not there");
        // Its children keep what they inherit: nothing is read from them.
        var start = new ProcessStartInfo("bash") { UseShellExecute = false };
        foreach (var word in new[] { "-c", "exec \"$0\" \"$1\" \"$2\" </dev/null >/dev/null 2>&1", Path.Combine(root, "eng", "cluster.sh"), what, Path.Combine(_folder, "cluster") }) start.ArgumentList.Add(word);
        using var process = Process.Start(start)!;
        process.WaitForExit();
        if (what != "stop") Assert.Equal(0, process.ExitCode);
    }
}
