namespace Fovea.Cli.Tests.BadInput;

/// <summary>Tables, data sets and recipes that cannot be used.</summary>
public sealed class BadDataTests(BadInputs files) : IClassFixture<BadInputs>
{
    private string[] Train(string data, params ReadOnlySpan<string> options) => ["train", "--recipe", files.Recipe, "--data", data, "--out", "run", .. options];

    /// <summary>By train and by data inspect.</summary>
    private void RefusedByBoth(string data, params ReadOnlySpan<string> parts)
    {
        files.Refused(3, Train(data), parts);
        files.Refused(3, ["data", "inspect", "--data", data, "--json"], parts);
    }

    [Theory]
    [InlineData("missing image", "image,grade\na.png,0\nb.png,1\n", "labels.csv: line 3", "no image file 'b.png'", "Put the file there")]
    [InlineData("grade 7", "image,grade\na.png,7\n", "labels.csv: line 2", "'7' is not a", "from 0 to 4")]
    [InlineData("grade text", "image,grade\na.png,mild\n", "labels.csv: line 2", "'mild' is not a", "Correct the cell")]
    [InlineData("duplicate", "image,grade\na.png,0\na.png,1\n", "labels.csv: line 3", "'a.png' stands already on line 2", "Keep one line")]
    [InlineData("no grades", "image,eye\na.png,left\n", "labels.csv: no column 'grade'", "the header has: image, eye", "Add the column")]
    [InlineData("no images", "grade\n0\n", "labels.csv: no column 'image'", "the header has: grade", "Add the column")]
    [InlineData("header only", "image,grade\n", "labels.csv: no line after the header", "", "one line per image")]
    [InlineData("empty", "", "labels.csv: the file is empty", "", "Give a CSV file")]
    [InlineData("outside", "image,grade\n../labels.csv,0\n", "labels.csv: line 2", "leads out of the image folder", "relative")]
    public void Table_ThatCannotBeUsed_IsRefused(string name, string csv, string where, string reason, string remedy) =>
        RefusedByBoth(files.LabelledFolder(name, csv, "a.png"), where, reason, remedy);

    [Fact]
    public void Data_ThatIsNotThere_IsRefused()
    {
        RefusedByBoth(files.At("nowhere"), "nowhere", "no such file or folder", "Check the path");
        RefusedByBoth("idrd:" + files.Set, "no kind of data 'idrd'", "Did you mean idrid?");
    }

    [Fact]
    public void Data_WithAnEmptyClass_IsRefused()
    {
        var set = files.LabelledFolder("four grades", "image,grade\na.png,0\nb.png,1\nc.png,2\nd.png,4\n", "a.png", "b.png", "c.png", "d.png");
        files.Refused(3, Train(set), "four grades", "no image of grade 3 (severe)", "Add images");
        Directory.CreateDirectory(files.At("folders/1"));
        files.LabelledFolder("folders/0", "", "a.png");
        File.Delete(files.At("folders/0/labels.csv"));
        File.Move(files.At("folders/0/images/a.png"), files.At("folders/0/a.png"));
        Directory.Delete(files.At("folders/0/images"));
        RefusedByBoth($"folders:{files.At("folders")}", "folders/1", "no image file in the folder of this class", "Add images");
    }

    [Fact]
    public void Data_WithABrokenImage_IsRefused()
    {
        var set = files.LabelledFolder("broken", "image,grade\na.png,0\nb.png,1\nc.png,2\nd.png,3\ne.png,4\nf.png,4\n", "a.png", "b.png", "c.png", "d.png", "e.png");
        files.Bytes("broken/images/f.png");
        files.Refused(3, Train(set), "f.png", "the file is empty", "Give a JPEG");
        // inspect reports it with everything else and fails at the end
        var inspected = FoveaProcess.Run("data", "inspect", "--data", set);
        Assert.Equal(3, inspected.ExitCode);
        Assert.Contains("f.png", inspected.Output, StringComparison.Ordinal);
        Assert.Contains("1 unreadable images", Assert.Single(inspected.ErrorLines, l => !l.StartsWith("Reading", StringComparison.Ordinal)), StringComparison.Ordinal);
    }

    [Fact]
    public void Archive_ThatIsNone_IsRefused()
    {
        RefusedByBoth(files.Text("text.npz", "no archive"), "text.npz");
        RefusedByBoth(files.Bytes("other.npz", File.ReadAllBytes(BadInputs.Fixture("files", "dtypes.npz"))), "other.npz: no array 'train_images'", "retinamnist.npz");
    }

    [Fact]
    public void Train_WithTooFewImagesForItsFolds_IsRefused() =>
        files.Refused(3, Train(files.Set, "--folds", "50"), "set", "for 50 parts", "ask for fewer parts");

    [Theory]
    [InlineData("nan.csv", "image,true,predicted,p0,p1\na,0,0,NaN,0.5\n", "line 2, column 'p0'", "'NaN' is not a number")]
    [InlineData("text.csv", "image,true,predicted\na,0,none\n", "line 2, column 'predicted'", "'none' is not a class")]
    [InlineData("seven.csv", "image,true,predicted\na,7,0\n", "line 2, column 'true'", "from 0 to 4")]
    [InlineData("column.csv", "image,true\na,0\n", "no column 'predicted'", "the header has: image, true")]
    [InlineData("twice.csv", "image,true,predicted\na,0,0\na,1,1\n", "line 3", "'a' occurs a second time")]
    [InlineData("sum.csv", "image,true,predicted,p0,p1\na,0,0,0.9,0.9\n", "line 2", "sum to 1.8")]
    [InlineData("cells.csv", "image,true,predicted\na,0\n", "line 2 has 2 cells", "the header 3")]
    [InlineData("binary.csv", "image,true,predicted\n\0\u0001\u0002,0\n", "line 2", "cells")]
    [InlineData("empty.csv", "", "the file is empty", "Give a CSV file")]
    public void Predictions_ThatCannotBeUsed_AreRefused(string name, string csv, string where, string reason) =>
        files.Refused(3, ["metrics", "--predictions", files.Text(name, csv), "--json"], name, where, reason);

    [Theory]
    [InlineData("""{ "trainin": {} }""", "", "unknown key 'trainin'", "Did you mean 'training'")]
    [InlineData("""{ "training": { "epochs": "three" } }""", "", "'training.epochs' has a value of the wrong kind", "Give a whole number")]
    [InlineData("""{ "training": { "epochs": 0 } }""", "", "training.epochs is 0", "Use 1 to")]
    [InlineData("""{ "head": { "classes": 4 } }""", "", "head.classes is 4, the data set has 5", "--set head.classes=5")]
    [InlineData("""{ "model": { "architecture": "resnet81" } }""", "", "resnet81: no network has this name", "Did you mean resnet18?")]
    [InlineData("""{ "model": { "freeze": ["features.99"] } }""", "", "model.freeze names 'features.99'", "Did you mean 'features.")]
    [InlineData("""{ "model": { "pretrained": true } }""", "", "starts from pretrained weights", "--weights FILE")]
    [InlineData("{ \"seed\": 1", "", "not JSON", "line 1")]
    [InlineData("", "", "not JSON", "line 1")]
    [InlineData("{}", "nonsense", "'nonsense' is not key=value", "training.epochs=3")]
    [InlineData("{}", "=3", "'=3' is not key=value", "training.epochs=3")]
    [InlineData("{}", "training.epoch=3", "unknown key 'training.epoch'", "Did you mean 'training.epochs'")]
    [InlineData("{}", "training.epochs=many", "'training.epochs' has a value of the wrong kind", "Give a whole number")]
    [InlineData("{}", "training.epochs.x=1", "'training.epochs' has a value of the wrong kind", "Give a whole number")]
    [InlineData("{}", "optimiser.learningRate=1e999", "optimiser.learningRate", "a number")]
    public void Recipe_ThatCannotBeFollowed_IsRefused(string json, string set, string reason, string remedy)
    {
        var recipe = files.Text("bad.json", json);
        string[] arguments = ["train", "--recipe", recipe, "--data", files.Set, "--out", "run"];
        files.Refused(2, set.Length > 0 ? [.. arguments, "--set", set] : arguments, reason, remedy);
    }

    [Fact]
    public void Recipe_ThatIsNotThere_IsRefused() =>
        files.Refused(2, ["train", "--recipe", files.At("none.json"), "--data", files.Set, "--out", "run"], "none.json", "no such file", "recipes/");

    [Fact]
    public void Train_ThatDiverges_IsOneLineNamesTheRecipeAndGives2()
    {
        var result = FoveaProcess.Run(TimeSpan.FromMinutes(2), files.At("diverged/"), Train(files.Set, "--set", "optimiser.kind=sgd", "--set", "optimiser.learningRate=10",
            "--set", "head.kind=regression", "--set", "training.epochs=50"));
        Assert.Equal(2, result.ExitCode);
        Assert.Empty(result.Output);
        Assert.Contains("recipe: the training diverged:", Assert.Single(result.ErrorLines, l => l.Contains("recipe", StringComparison.Ordinal)), StringComparison.Ordinal);
        Assert.EndsWith("Lower optimiser.learningRate or set optimiser.clipNorm.", result.ErrorLines[^1], StringComparison.Ordinal);
        Assert.False(File.Exists(files.At("diverged/run/model.fovea")));
        Assert.Empty(Directory.GetFiles(files.At("diverged/run"), ".*"));
    }
}
