using System.Diagnostics;
using System.Text.Json;

namespace Fovea.Cli.Tests;

/// <summary>results/aptos.sh and results/kermany.sh on made-up folders of the published layout, with tiny recipes: what a user with the data would start runs through.</summary>
public sealed class ResultScriptTests : IDisposable
{
    private const string Tiny =
        """
        { "model": { "architecture": "baseline_cnn" }, "head": { "kind": "softmax", "classes": CLASSES, "dropout": 0 }, "preprocessing": { "chain": "plain", "size": 24 },
          "optimiser": { "kind": "sgd", "learningRate": 0.01 }, "training": { "epochs": 1, "batchSize": 8, "select": "last" } }
        """;

    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-scripts-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(params string[] name) => Path.Combine([_folder, .. name]);

    [Theory]
    [InlineData("aptos", 5)]
    [InlineData("kermany", 4)]
    public void Script_OnTheDatasLayout_TrainsEachRecipeOnOneSplitAndTabulates(string script, int classes)
    {
        Assert.Equal(0, FoveaProcess.Run("data", "draw", "--out", At("drawn"), "--count", "60", "--size", "64").ExitCode);
        var rows = File.ReadAllLines(At("drawn", "labels.csv")).Skip(1).Select(l => l.Split(',')).ToArray();
        if (script == "aptos")
        {
            Directory.CreateDirectory(At("data"));
            Directory.Move(At("drawn", "images"), At("data", "train_images"));
            File.WriteAllLines(At("data", "train.csv"), rows.Select(r => $"{Path.GetFileNameWithoutExtension(r[0])},{r[1]}").Prepend("id_code,diagnosis"));
        }
        else
        {
            string[] names = ["CNV", "DME", "DRUSEN", "NORMAL"];
            for (var i = 0; i < rows.Length; i++)
                File.Move(At("drawn", "images", rows[i][0]), Path.Combine(Directory.CreateDirectory(At("data", names[i % 4])).FullName, $"{names[i % 4]}-{100 + i / 8}-{i}.png"));
        }
        foreach (var name in (ReadOnlySpan<string>)["one", "two"]) File.WriteAllText(At($"{name}.json"), Tiny.Replace("CLASSES", $"{classes}", StringComparison.Ordinal));

        Assert.Contains("one", Run(script), StringComparison.Ordinal);
        foreach (var part in (ReadOnlySpan<string>)["split.csv", "one/model.fovea", "two/metrics.json", "ensemble-vote/metrics.json", "ensemble-mean/predictions.csv", "table.html", "table.txt"])
            Assert.True(File.Exists(At("out", part)), part);
        // All were measured on the same test part, which is 15 % of the images.
        string[] Images(string run) => [.. File.ReadLines(At("out", run, "predictions.csv")).Skip(1).Select(l => l.Split(',')[0])];
        Assert.Equal(Images("one"), Images("two"));
        Assert.InRange(Images("one").Length, 6, 13);
        using (var metrics = JsonDocument.Parse(File.ReadAllText(At("out", "ensemble-mean", "metrics.json")))) Assert.Equal(Images("one").Length, metrics.RootElement.GetProperty("samples").GetInt32());
        var trained = File.GetLastWriteTimeUtc(At("out", "one", "model.fovea"));
        if (script != "kermany") return;
        Run(script); // finished runs are left alone
        Assert.Equal(trained, File.GetLastWriteTimeUtc(At("out", "one", "model.fovea")));
    }

    private string Run(string script)
    {
        var start = new ProcessStartInfo("bash") { RedirectStandardOutput = true, RedirectStandardError = true };
        foreach (var argument in (ReadOnlySpan<string>)[Path.Combine(Repository.Root, "results", $"{script}.sh"), At("data"), At("out"), At("one.json"), At("two.json")]) start.ArgumentList.Add(argument);
        start.Environment["FOVEA"] = $"dotnet {Path.Combine(AppContext.BaseDirectory, "Fovea.Cli.dll")}";
        start.Environment["EXTRA"] = "--threads 1";
        using var process = Process.Start(start)!;
        var (output, error) = (process.StandardOutput.ReadToEndAsync(), process.StandardError.ReadToEndAsync());
        Assert.True(process.WaitForExit(TimeSpan.FromMinutes(4)), "it did not end");
        Assert.True(process.ExitCode == 0, error.Result);
        return output.Result;
    }
}
