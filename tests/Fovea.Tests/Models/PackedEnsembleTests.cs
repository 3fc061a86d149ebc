using System.IO.Compression;
using System.Text;
using System.Text.Json.Nodes;
using Fovea.Calibration;
using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Tests.Models;

/// <summary>The file of a packed ensemble: what is written, and what a stranger's may hold.</summary>
public sealed class PackedEnsembleTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-packed-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(string name) => Path.Combine(_folder, name);

    private string Packed()
    {
        Write("a.fovea", ModelFileTests.Card());
        Write("b.fovea", ModelFileTests.Card("squeezenet1_1", size: 64));
        ModelFile[] files = [ModelFile.Read(At("a.fovea")), ModelFile.Read(At("b.fovea"))];
        ModelFile.Pack(At("e.fovea"), CardEnsemble.CardOf(new EnsembleSpec(), [.. files.Select(f => f.Card)]), files);
        return At("e.fovea");
    }

    private void Write(string name, ModelCard card)
    {
        TorchRuntime.Seed(7);
        using var network = ModelCatalog.Create(card.Architecture, NetworkOptions.For(card.Head, card.Preprocessing.Size));
        ModelFile.Write(At(name), card, network.State());
    }

    private static string Refused(string path)
    {
        var e = Assert.ThrowsAny<Exception>(() => GradingModel.Load(path).Dispose());
        Assert.True(e is ModelFileException or Fovea.Torch.Files.WeightsFormatException, e.ToString());
        Assert.StartsWith(path, e.Message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', e.Message);
        return e.Message;
    }

    [Fact]
    public void Pack_ThenRead_GivesTheMembersBack()
    {
        var file = ModelFile.Read(Packed());
        Assert.Equal(3, file.Card.Format);
        Assert.Equal([1, 1], file.Card.Ensemble!.Members.Select(m => m.Format));
        foreach (var (member, name) in file.Members.Zip((string[])["a.fovea", "b.fovea"]))
        {
            var alone = ModelFile.Read(At(name));
            Assert.Equal(alone.Card.WeightsSha256, member.Card.WeightsSha256);
            Assert.Equal(alone.Card.Architecture, member.Card.Architecture);
            Assert.All(alone.Weights, w => Assert.Equal(w.Value.Data, member.Weights[w.Key].Data));
        }
        var first = File.ReadAllBytes(Packed());
        Assert.Equal(first, File.ReadAllBytes(Packed()));
    }

    [Fact]
    public void Weights_OfAnEnsemble_SayThatOneNetworkIsNeeded()
    {
        var file = ModelFile.Read(Packed());
        Assert.Contains("a packed ensemble of 2 networks", Assert.Throws<ModelFileException>(() => file.Weights).Message, StringComparison.Ordinal);
        Assert.Contains("where one network is needed", Assert.Throws<ModelFileException>(() => file.CreateNetwork()).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EveryTruncation_IsRefused()
    {
        var bytes = File.ReadAllBytes(Packed());
        for (var i = 0; i < 12; i++)
        {
            File.WriteAllBytes(At("t.fovea"), bytes[..(int)((long)bytes.Length * i / 12)]);
            Refused(At("t.fovea"));
        }
    }

    [Fact]
    public void Read_ChangedBytes_IsRefusedOrTheSameModel()
    {
        var bytes = File.ReadAllBytes(Packed());
        var was = ModelFile.Read(Packed()).Card.WeightsSha256;
        var random = new Random(5);
        for (var i = 0; i < 20; i++)
        {
            var changed = bytes.ToArray();
            changed[i < 12 ? random.Next(4000) : random.Next(changed.Length)] ^= (byte)(1 << random.Next(8));
            File.WriteAllBytes(At("t.fovea"), changed);
            try
            {
                // A bit of a zip's time stamp means nothing; any of a weight or a card is found.
                Assert.Equal(was, ModelFile.Read(At("t.fovea")).Card.WeightsSha256);
            }
            catch (ModelFileException e)
            {
                Assert.StartsWith(At("t.fovea"), e.Message, StringComparison.Ordinal);
            }
        }
    }

    [Theory]
    [InlineData("\"kind\": \"mean\"", "\"kind\": \"linear\"", "0 weights for 2 members")]
    [InlineData("\"trim\": 0.25", "\"trim\": 0.7", "a trim of 0.7")]
    [InlineData("\"architecture\": \"squeezenet1_1\"", "\"architecture\": \"ensemble\"", "its member 2: this version of Fovea has no network named \"ensemble\"")]
    [InlineData("\"architecture\": \"ensemble\"", "\"architecture\": \"baseline_cnn\"", "an ensemble whose architecture is baseline_cnn")]
    [InlineData("\"members\": [", "\"members\": [null, ", "an empty member")]
    public void Read_ImpossibleCard_SaysWhat(string was, string becomes, string expected)
    {
        Rewrite(json => json.Contains(was, StringComparison.Ordinal) ? json.Replace(was, becomes, StringComparison.Ordinal) : throw new InvalidOperationException(json));
        Assert.Contains(expected, Refused(At("r.fovea")), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_AnEnsembleWithinAnother_IsRefused()
    {
        Rewrite(json =>
        {
            var card = JsonNode.Parse(json)!;
            var ensemble = card["ensemble"]!;
            var inner = ensemble.DeepClone();
            ensemble["members"]![0]!["ensemble"] = inner;
            return card.ToJsonString();
        });
        Assert.Contains("is an ensemble itself", Refused(At("r.fovea")), StringComparison.Ordinal);
    }

    [Fact]
    public void Read_MembersWeightsExchanged_AreFoundOut()
    {
        Rewrite(json => json, name => name switch { "weights-1.safetensors" => "weights-2.safetensors", "weights-2.safetensors" => "weights-1.safetensors", _ => name });
        Assert.Contains("SHA-256", Refused(At("r.fovea")), StringComparison.Ordinal);
        Rewrite(json => json, name => name == "weights-2.safetensors" ? "weights-3.safetensors" : name);
        Assert.Contains("weights-2.safetensors", Refused(At("r.fovea")), StringComparison.Ordinal);
    }

    private void Rewrite(Func<string, string> edit, Func<string, string>? rename = null)
    {
        using var from = ZipFile.OpenRead(Packed());
        File.Delete(At("r.fovea"));
        using var to = ZipFile.Open(At("r.fovea"), ZipArchiveMode.Create);
        foreach (var entry in from.Entries)
        {
            using var stream = to.CreateEntry(rename?.Invoke(entry.Name) ?? entry.Name).Open();
            using var source = entry.Open();
            if (entry.Name != "model.json") source.CopyTo(stream);
            else
            {
                using var reader = new StreamReader(source);
                stream.Write(Encoding.UTF8.GetBytes(edit(reader.ReadToEnd())));
            }
        }
    }
}
