using Fovea.Torch.Files;
using Fovea.Training.Recipes;
using Fovea.Training.Training;
using static Fovea.Training.Tests.Training.TinyTraining;

namespace Fovea.Training.Tests.Training;

[Collection(TensorsAlone.Name)]
public sealed class CheckpointTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly RunDirectory _run;

    public CheckpointTests() => _run = new RunDirectory(_folder["run"]);

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void Read_WhatWasWritten_GivesTheSameBits()
    {
        var progress = new RunProgress(2, 3, 0.1 + 0.2, 1, double.NegativeInfinity, 12.5, [new EpochMetrics(1, 1.0 / 3, 1e-3, null, 0.7, null, double.Epsilon, 2)]);
        var tensor = StoredTensor.From<float>([1f / 3, float.Epsilon, -0f], 3);
        var path = _folder["c.safetensors"];
        Checkpoint.Write(path, new Dictionary<string, IReadOnlyDictionary<string, StoredTensor>> { ["model"] = new Dictionary<string, StoredTensor> { ["a/b.c"] = tensor } }, progress, "{}\n");
        var (parts, read, recipe) = Checkpoint.Read(path);
        Assert.Equal("{}\n", recipe);
        Assert.Equal(tensor.Data, parts["model"]["a/b.c"].Data);
        Assert.Equal(progress.History, read.History);
        Assert.Equal(progress with { History = read.History }, read);
    }

    [Fact]
    public void Read_SafetensorsOfAnotherKind_IsRefused()
    {
        Safetensors.Write(_folder["w.safetensors"], new Dictionary<string, StoredTensor> { ["w"] = StoredTensor.From<float>([1], 1) });
        var e = Assert.Throws<WeightsFormatException>(() => Checkpoint.Read(_folder["w.safetensors"]));
        Assert.Equal($"{_folder["w.safetensors"]}: a safetensors file, but no checkpoint of a run. Start again in another folder.", e.Message);
    }

    [Theory]
    [InlineData("not json")]
    [InlineData("null")]
    [InlineData("""{"epoch":-1,"step":0,"history":[]}""")]
    [InlineData("""{"epoch":0,"step":0,"history":null}""")]
    public void Read_ImpossibleProgress_IsRefused(string progress)
    {
        Safetensors.Write(_folder["w.safetensors"], [], new Dictionary<string, string> { ["progress"] = progress, ["recipe"] = "{}" });
        Assert.Throws<WeightsFormatException>(() => Checkpoint.Read(_folder["w.safetensors"]));
    }

    [Fact]
    public void Resume_EveryTruncation_IsRefusedInOneLine()
    {
        Train(Recipe("training.epochs=1"), Set(10), null, _run);
        var bytes = File.ReadAllBytes(_run.LastCheckpoint);
        foreach (var length in new[] { 0, 1, 8, 100, bytes.Length / 2, bytes.Length - 1 })
        {
            File.WriteAllBytes(_run.LastCheckpoint, bytes[..length]);
            var e = Assert.Throws<WeightsFormatException>(() => Train(Recipe("training.epochs=1"), Set(10), null, _run));
            Assert.StartsWith(_run.LastCheckpoint + ": ", e.Message, StringComparison.Ordinal);
            Assert.EndsWith(". Start again in another folder.", e.Message, StringComparison.Ordinal);
            Assert.DoesNotContain('\n', e.Message);
        }
    }

    [Fact]
    public void Resume_WithAnotherRecipe_IsRefused()
    {
        Train(Recipe("training.epochs=1"), Set(10), null, _run);
        Assert.Contains("belongs to another recipe", Assert.Throws<RecipeException>(() => Train(Recipe("training.epochs=2"), Set(10), null, _run)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("model", "fc4.bias", "network")]
    [InlineData("optimiser", "fc4.bias.exp_avg", "optimiser")]
    [InlineData("average", "fc4.bias", "average")]
    public void Resume_WithATensorMissing_IsRefused(string part, string tensor, string named)
    {
        var recipe = Recipe("training.epochs=1", "training.ema=0.9");
        Train(recipe, Set(10), null, _run);
        var (parts, progress, json) = Checkpoint.Read(_run.LastCheckpoint);
        Assert.Contains(tensor, parts[part].Keys);
        var cut = parts.ToDictionary(p => p.Key, p => (IReadOnlyDictionary<string, StoredTensor>)p.Value.Where(t => (p.Key, t.Key) != (part, tensor)).ToDictionary());
        Checkpoint.Write(_run.LastCheckpoint, cut, progress, json);
        Assert.Contains($"its {named} does not fit", Assert.Throws<WeightsFormatException>(() => Train(recipe, Set(10), null, _run)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Claim_WhileAnotherHoldsIt_IsRefused_AndFreeAfterwards()
    {
        using (_run.Claim())
            Assert.Contains("another process works on this run", Assert.Throws<RunDirectoryException>(() => _run.Claim().Dispose()).Message, StringComparison.Ordinal);
        _run.Claim().Dispose();
        Assert.Empty(Directory.GetFileSystemEntries(_run.Path));
    }

    [Fact]
    public void Claim_AfterAKill_RemovesWhatWasHalfWritten()
    {
        _folder.Write("run/.last.safetensors.0123.tmp", "half");
        _folder.Write("run/.lock", "");
        _folder.Write("run/notes.tmp", "the user's");
        _run.Claim().Dispose();
        Assert.Equal([_run.In("notes.tmp")], Directory.GetFileSystemEntries(_run.Path));
    }
}
