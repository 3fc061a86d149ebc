using System.Text.Json;
using Fovea.Models;
using Fovea.Tests.Models;
using Fovea.Torch.Files;
using Fovea.Training.Tests.Weights;

namespace Fovea.Cli.Tests.Verbs;

/// <summary>weights, and who takes registered names, through the real process; what is fetched comes from this machine.</summary>
public sealed class WeightsVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    private FoveaResult Run(params ReadOnlySpan<string> args) => RunTrusting(null, args);

    /// <param name="certificate">The one that the process trusts, as PEM; null for the system's.</param>
    private FoveaResult RunTrusting(string? certificate, params ReadOnlySpan<string> args)
    {
        var environment = new Dictionary<string, string> { ["FOVEA_WEIGHTS"] = At("store") };
        if (certificate is not null)
        {
            File.WriteAllText(At("ca.pem"), certificate);
            environment["SSL_CERT_FILE"] = At("ca.pem");
        }
        return FoveaProcess.Run(TimeSpan.FromMinutes(2), _folder, environment, args);
    }

    private string Weights(string name = "w.safetensors", string prefix = "")
    {
        using var module = ModelCatalog.Create("baseline_cnn", new NetworkOptions(7));
        FormulaWeights.Fill(module);
        Safetensors.Write(At(name), module.State().Select(s => KeyValuePair.Create(prefix + s.Key, s.Value)));
        return At(name);
    }

    [Fact]
    public void Import_File_RegistersItAndForwardTakesItsName()
    {
        var imported = Run("weights", "import", Weights(), "--name", "mine", "--licence", "CC0-1.0");
        Assert.True(imported.ExitCode == 0, imported.Error);
        Assert.Matches("^mine: .*mine.safetensors, for baseline_cnn, SHA-256 [0-9a-f]{64}$", imported.Output.Trim());
        File.Delete(At("w.safetensors"));

        var list = JsonDocument.Parse(Run("weights", "list", "--json").Output).RootElement.EnumerateArray().ToList();
        var mine = list.Single(w => w.GetProperty("name").GetString() == "mine");
        Assert.True(mine.GetProperty("here").GetBoolean());
        Assert.Equal("CC0-1.0", mine.GetProperty("licence").GetString());
        Assert.False(list.Single(w => w.GetProperty("name").GetString() == "resnet18-torchvision-v1").GetProperty("here").GetBoolean());

        Npy.Write(At("x.npy"), StoredTensor.From<float>(FormulaWeights.InputValues(1, 3, 64, 64), 1, 3, 64, 64));
        var forward = Run("forward", "--model", "baseline_cnn", "--weights", "mine", "--input", At("x.npy"), "--output", At("y.npy"));
        Assert.True(forward.ExitCode == 0, forward.Error);
        Assert.Equal([1, 7], Npy.Read(At("y.npy")).Shape);
    }

    [Fact]
    public void Import_Address_FetchesChecksAndRegisters()
    {
        var content = File.ReadAllBytes(Weights());
        using var server = new FileServer((path, headers) => path == "/w.safetensors" ? FileServer.File(content, headers, "\"v1\"") : new Answer("404 Not Found"));
        var hash = Convert.ToHexStringLower(System.Security.Cryptography.SHA256.HashData(content));
        var wrong = RunTrusting(server.CertificatePem, "weights", "import", server.Address("/w.safetensors").AbsoluteUri, "--sha256", "00112233");
        Assert.Equal(5, wrong.ExitCode);
        Assert.Contains($"its SHA-256 is {hash}, not 00112233…", wrong.ErrorLines[^1], StringComparison.Ordinal);
        Assert.Empty(Directory.EnumerateFiles(At("store"), "*", SearchOption.AllDirectories));

        var right = RunTrusting(server.CertificatePem, "weights", "import", server.Address("/w.safetensors").AbsoluteUri, "--sha256", hash[..12], "--json");
        Assert.True(right.ExitCode == 0, right.Error);
        var row = JsonDocument.Parse(right.Output).RootElement;
        Assert.Equal(hash, row.GetProperty("sha256").GetString());
        Assert.Equal(content, File.ReadAllBytes(row.GetProperty("path").GetString()!));

        var absent = RunTrusting(server.CertificatePem, "weights", "import", server.Address("/other.pth").AbsoluteUri);
        absent.AssertFailed(5, "nothing at this address (404)");
        var large = RunTrusting(server.CertificatePem, "weights", "import", server.Address("/w.safetensors").AbsoluteUri, "--max-size", "0");
        large.AssertFailed(2, "--max-size");
    }

    [Theory]
    [InlineData("http://localhost/w.pth", 2, "HTTPS only")]
    [InlineData("ftp://localhost/w.pth", 2, "HTTPS only")]
    [InlineData("resnet18-torchvision-v9", 2, "Did you mean resnet18-torchvision-v1?")]
    [InlineData("squeezenet1-1-onnx-zoo", 5, "it has no public address")]
    public void Import_WhatCannotBeHad_SaysWhy(string what, int code, string reason) => Run("weights", "import", what).AssertFailed(code, reason);

    [Fact]
    public void Verify_File_SaysWhatItIsAndWhatItFits()
    {
        var result = Run("weights", "verify", Weights(prefix: "module."), "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        var json = JsonDocument.Parse(result.Output).RootElement;
        Assert.Equal(14, json.GetProperty("tensors").GetInt32());
        var fit = Assert.Single(json.GetProperty("fits").EnumerateArray().ToList());
        Assert.Equal(("baseline_cnn", 7), (fit.GetProperty("network").GetString(), fit.GetProperty("outputs").GetInt32()));
        Assert.Contains("behind \"module.\"", fit.GetProperty("remarks")[0].GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public void Verify_ForAnotherNetwork_NamesWhatDiffers()
    {
        var result = Run("weights", "verify", Weights(), "--model", "resnet18");
        Assert.Equal(5, result.ExitCode);
        Assert.Contains("they do not fit resnet18", Assert.Single(result.ErrorLines), StringComparison.Ordinal);
        Assert.Contains("99 missing: ", result.ErrorLines[0], StringComparison.Ordinal);
        Assert.Contains("SHA-256", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Train_WeightsRegisteredButNotHere_SaysHowToGetThem()
    {
        File.WriteAllText(At("r.json"), "{ \"model\": { \"architecture\": \"resnet18\", \"weights\": \"resnet18-torchvision-v1\" } }");
        Directory.CreateDirectory(At("images/0"));
        Directory.CreateDirectory(At("images/1"));
        foreach (var name in new[] { "0/a.png", "1/b.png" }) Imaging.ImageFile.Write(At("images/" + name), new Imaging.Image(64, 64, 3));
        Run("train", "--recipe", At("r.json"), "--data", $"folders:{At("images")}", "--out", At("run"))
            .AssertFailed(5, "registered, but not on this machine", "fovea weights import resnet18-torchvision-v1");
    }
}
