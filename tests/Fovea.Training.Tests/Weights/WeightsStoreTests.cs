using System.Text;
using Fovea.Torch.Files;
using Fovea.Training.Weights;

namespace Fovea.Training.Tests.Weights;

public sealed class WeightsStoreTests : IDisposable
{
    private readonly TestFolder _folder = new();
    private readonly WeightsStore _store;
    private readonly string _file;

    public WeightsStoreTests()
    {
        _store = new WeightsStore(Path.Combine(_folder.Path, "weights"));
        _file = Path.Combine(_folder.Path, "w.safetensors");
        Safetensors.Write(_file, [new("fc.weight", StoredTensor.From<float>([1, 2], 1, 2))]);
    }

    public void Dispose() => _folder.Dispose();

    [Fact]
    public void BuiltIn_EveryEntry_IsWhatItsAddressSays()
    {
        var entries = WeightsRegistry.BuiltIn.Weights;
        Assert.True(entries.Count >= 30);
        foreach (var e in entries)
        {
            Assert.NotNull(e.Sha256);
            Assert.NotNull(e.Licence);
            Assert.NotNull(e.Mean);
            Assert.True(e.InputSize is >= 32 and <= 1024);
            // torchvision puts the first digits of the SHA-256 into the file's name.
            if (e.Source is not null) Assert.EndsWith($"-{e.Sha256}.pth", e.Source.AbsolutePath, StringComparison.Ordinal);
            else Assert.Equal(64, e.Sha256!.Length);
        }
    }

    [Fact]
    public void BuiltIn_EveryEntry_IsOfANetworkOfTheCatalogue() =>
        Assert.All(WeightsRegistry.BuiltIn.Weights, e => Assert.Equal(e.Architecture, Fovea.Models.ModelCatalog.Find(e.Architecture!).Name));

    [Fact]
    public void BuiltIn_SharedFiles_AreRecognised()
    {
        var folder = TestFolder.RealData("weights");
        foreach (var file in Directory.GetFiles(folder))
        {
            var entry = _store.Recognise(WeightsStore.HashOf(file));
            Assert.True(entry is not null, file);
            Assert.Equal(new FileInfo(file).Length, entry.Bytes);
        }
    }

    [Fact]
    public void Add_ThenResolve_GivesTheCopy()
    {
        var added = _store.Add(_file, new WeightsEntry { Name = "mine" });
        Assert.Equal(("mine.safetensors", 64), (added.File, added.Sha256!.Length));
        Assert.Equal(File.ReadAllBytes(_file), File.ReadAllBytes(_store.Resolve("Mine")));
        Assert.Equal("mine", _store.Recognise(added.Sha256)!.Name);
        Assert.Equal(added, new WeightsStore(_store.Folder).Find("mine")!.Entry);
    }

    [Fact]
    public void Add_TwoAtOnce_KeepsBoth()
    {
        Parallel.For(0, 8, i => _store.Add(_file, new WeightsEntry { Name = $"w{i}" }));
        Assert.Equal(8, _store.All().Count(w => w.Path is not null));
    }

    [Fact]
    public void Add_AnotherHash_IsRefusedAndLeavesNothing()
    {
        var e = Assert.Throws<WeightsException>(() => _store.Add(_file, new WeightsEntry { Name = "mine", Sha256 = "0123abcd" }));
        Assert.Contains("not 0123abcd… as registered for mine", e.Message, StringComparison.Ordinal);
        Assert.Null(_store.Find("mine"));
        Assert.False(Directory.Exists(_store.Folder) && Directory.EnumerateFileSystemEntries(_store.Folder).Any());
    }

    [Fact]
    public void Add_UnderAnothersName_IsRefused()
    {
        var e = Assert.Throws<WeightsException>(() => _store.Add(_file, new WeightsEntry { Name = "resnet18-torchvision-v1" }));
        Assert.Contains("the name belongs to other weights (SHA-256 f37072fd…)", e.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Add_NotWeights_IsRefused()
    {
        File.WriteAllText(_file, "<html>404</html>");
        var e = Assert.Throws<WeightsFormatException>(() => _store.Add(_file, new WeightsEntry { Name = "mine" }));
        Assert.Contains("neither a PyTorch checkpoint nor safetensors", e.Message, StringComparison.Ordinal);
        Assert.Null(_store.Find("mine"));
    }

    [Theory]
    [InlineData("../evil")]
    [InlineData("a/b")]
    [InlineData("")]
    [InlineData(".hidden")]
    public void Add_NameThatIsAPath_IsRefused(string name) => Assert.Throws<WeightsException>(() => _store.Add(_file, new WeightsEntry { Name = name }));

    [Fact]
    public void Resolve_FileChangedSince_IsRefused()
    {
        _store.Add(_file, new WeightsEntry { Name = "mine" });
        File.AppendAllText(Path.Combine(_store.Folder, "mine.safetensors"), " ");
        Assert.Contains("its SHA-256 is", Assert.Throws<WeightsException>(() => _store.Resolve("mine")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Resolve_RegisteredButNotHere_SaysHowToGetIt() =>
        Assert.Equal("resnet18-torchvision-v1: registered, but not on this machine. Get it with `fovea weights import resnet18-torchvision-v1`.",
            Assert.Throws<WeightsException>(() => _store.Resolve("resnet18-torchvision-v1")).Message);

    [Fact]
    public void Resolve_MisspeltName_NamesTheNearest() =>
        Assert.Contains("Did you mean resnet18-torchvision-v1?", Assert.Throws<WeightsException>(() => _store.Resolve("resnet18-torchvision-v3")).Message, StringComparison.Ordinal);

    [Theory]
    [InlineData("nowhere/w.pth")]
    [InlineData("w.pth")]
    public void Resolve_MissingFile_IsLeftToItsReader(string path) => Assert.Equal(path, _store.Resolve(path));

    [Theory]
    [InlineData("[]", "not a registry of weights")]
    [InlineData("{\"format\":2}", "its format is 2")]
    [InlineData("{\"weights\":[{\"name\":\"a\",\"file\":\"../x\"}]}", "file must be a name in the folder")]
    [InlineData("{\"weights\":[{\"name\":\"a\",\"source\":\"http://x.org/a\"}]}", "its source is not an https address")]
    [InlineData("{\"weights\":[{\"name\":\"a\",\"sha256\":\"XYZ\"}]}", "sha256 must be 8 to 64")]
    [InlineData("{\"weights\":[{\"name\":\"a\"},{\"name\":\"A\"}]}", "occurs twice")]
    [InlineData("{\"weights\":[null]}", "an entry is null")]
    [InlineData("{\"weights\":[{\"name\":\"a\",\"typo\":1}]}", "typo")]
    public void Parse_ImpossibleRegistry_SaysWhat(string json, string reason) =>
        Assert.Contains(reason, Assert.Throws<WeightsException>(() => WeightsRegistry.Parse(Encoding.UTF8.GetBytes(json), "r.json")).Message, StringComparison.Ordinal);
}
