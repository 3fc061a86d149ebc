using Fovea.Torch.Distributed;

namespace Fovea.Torch.Tests.Distributed;

public sealed class RankEnvironmentTests
{
    private static RankEnvironment? Read(params (string Name, string Value)[] variables) => RankEnvironment.Read(name => variables.FirstOrDefault(v => v.Name == name).Value);

    [Fact]
    public void Read_Nothing_IsAProcessAlone() => Assert.Null(Read());

    [Fact]
    public void Read_WorldOfOne_IsAProcessAlone() => Assert.Null(Read(("WORLD_SIZE", "1"), ("RANK", "0")));

    [Fact]
    public void Read_TorchrunsVariables_AreTheRank() => Assert.Equal(new RankEnvironment(2, 4, 1, "node7", 29500),
        Read(("WORLD_SIZE", "4"), ("RANK", "2"), ("LOCAL_RANK", "1"), ("MASTER_ADDR", "node7"), ("MASTER_PORT", "29500")));

    [Theory]
    [InlineData("WORLD_SIZE", "-3", "WORLD_SIZE: is '-3'")]
    [InlineData("RANK", "4", "RANK: is '4'")] // 0 to 3
    [InlineData("RANK", "", "RANK: is not set")]
    [InlineData("LOCAL_RANK", "x", "LOCAL_RANK: is 'x'")]
    [InlineData("MASTER_ADDR", " ", "MASTER_ADDR: is not set")]
    [InlineData("MASTER_PORT", "65536", "MASTER_PORT: is '65536'")]
    public void Read_OneIsWrong_NamesIt(string name, string value, string message)
    {
        var variables = new Dictionary<string, string> { ["WORLD_SIZE"] = "4", ["RANK"] = "2", ["LOCAL_RANK"] = "1", ["MASTER_ADDR"] = "node7", ["MASTER_PORT"] = "29500", [name] = value };
        var e = Assert.Throws<RankEnvironmentException>(() => RankEnvironment.Read(variables.GetValueOrDefault));
        Assert.StartsWith(message, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("\n", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Join_UnknownBackend_IsRefusedByName() =>
        Assert.StartsWith("carrier-pigeon: ", Assert.Throws<TorchException>(() => ProcessGroup.Join(new RankEnvironment(0, 2, 0, "127.0.0.1", 1), backend: "carrier-pigeon")).Message, StringComparison.Ordinal);

    [Fact]
    public void Join_OthersDoNotCome_NamesThem()
    {
        Assert.SkipUnless(ProcessGroup.Has("gloo"), "this libtorch has no process groups");
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        var port = ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
        listener.Stop();
        var e = Assert.Throws<RankLostException>(() => ProcessGroup.Join(new RankEnvironment(0, 3, 0, "127.0.0.1", port), joinTime: TimeSpan.FromSeconds(1)));
        Assert.Contains("rank 1, 2 did not come within 1 s", e.Message, StringComparison.Ordinal);
    }
}
