using System.Text.Json;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Tests.Models;

namespace Fovea.Cli.Tests.Verbs;

/// <summary>evaluate, calibrate, compare and grade with a calibrated model, through the real process.</summary>
public sealed class EvaluationVerbTests : IDisposable
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-evaluation-").FullName;

    public void Dispose() => Directory.Delete(_folder, recursive: true);

    private string At(params string[] name) => Path.Combine([_folder, .. name]);

    private FoveaResult Run(params ReadOnlySpan<string> args) => FoveaProcess.Run(TimeSpan.FromMinutes(2), _folder, args);

    private string Model()
    {
        using var module = ModelCatalog.Create("baseline_cnn", new NetworkOptions(5));
        FormulaWeights.Fill(module);
        ModelFile.Write(At("m.fovea"), new ModelCard
        {
            Task = "dr-grade", Architecture = "baseline_cnn", Preprocessing = new PreprocessingSpec { Size = 64 }, Head = new HeadSpec(HeadKind.Softmax, 5),
            Classes = ["no DR", "mild", "moderate", "severe", "proliferative"], Licence = "Apache-2.0",
        }, module.State());
        return At("m.fovea");
    }

    [Fact]
    public void CalibrateEvaluateCompareGrade_MadeUpRetinas_GoThroughOneModelFile()
    {
        var model = Model();
        Assert.Equal(0, Run("data", "draw", "--out", "retinas", "--count", "40", "--size", "256").ExitCode);

        var calibrated = Run("calibrate", "--model", model, "--data", "madeup:retinas", "--out", "c.fovea", "--coverage", "0.8", "--json");
        Assert.True(calibrated.ExitCode == 0, calibrated.Error);
        using (var json = JsonDocument.Parse(calibrated.Output))
        {
            var fitted = json.RootElement.GetProperty("calibration");
            Assert.True(fitted.GetProperty("after").GetProperty("logLoss").GetDouble() <= fitted.GetProperty("before").GetProperty("logLoss").GetDouble());
            // ⌈41 · 0.8⌉ = 33 of 40 images and more are in their sets.
            Assert.True(fitted.GetProperty("after").GetProperty("coverage").GetDouble() >= 33 / 40.0 - 1e-9);
        }
        Assert.Equal(2, ModelFile.ReadCard(At("c.fovea")).Format);
        Assert.Equal(1, ModelFile.ReadCard(model).Format);
        Assert.Equal(ModelFile.ReadCard(model).WeightsSha256, ModelFile.ReadCard(At("c.fovea")).WeightsSha256);

        foreach (var (file, output) in (ReadOnlySpan<(string, string)>)[(model, "before"), ("c.fovea", "after")])
        {
            var evaluated = Run("evaluate", "--model", file, "--data", "madeup:retinas", "--out", output, "--resamples", "50");
            Assert.True(evaluated.ExitCode == 0, evaluated.Error);
            foreach (var name in (ReadOnlySpan<string>)["report.html", "report.json", "report.pdf", "metrics.json", "predictions.csv", "submission.csv"]) Assert.True(new FileInfo(At(output, name)).Length > 100, name);
        }
        Assert.Contains("Sets of grades", File.ReadAllText(At("after", "report.html")), StringComparison.Ordinal);

        var compared = Run("compare", "before", "after", "--resamples", "50", "--html", "compare.html");
        Assert.True(compared.ExitCode == 0, compared.Error);
        // Calibration moves probabilities and no grade.
        Assert.Contains("right where the first is wrong 0, wrong where it is right 0; McNemar p = 1.000", compared.Output, StringComparison.Ordinal);
        Assert.True(File.Exists(At("compare.html")));

        var photograph = Directory.GetFiles(At("retinas"), "*.png", SearchOption.AllDirectories)[0];
        var graded = Run("grade", photograph, "--model", "c.fovea", "--force", "--json", "--submission", "submission.csv");
        Assert.True(graded.ExitCode == 0, graded.Error);
        using var report = JsonDocument.Parse(graded.Output);
        Assert.Equal(0.8, report.RootElement.GetProperty("setCoverage").GetDouble());
        Assert.NotEmpty(report.RootElement.GetProperty("set").EnumerateArray());
        Assert.Equal(["id_code,diagnosis", $"{Path.GetFileNameWithoutExtension(photograph)},{report.RootElement.GetProperty("grade").GetInt32()}"], File.ReadAllLines(At("submission.csv")));
    }

    [Fact]
    public void Calibrate_WhatCannotBe_IsAUsageError()
    {
        var model = Model();
        Run("calibrate", "--model", model, "--data", "madeup:retinas", "--out", "c.fovea", "--part", "test").AssertFailed(2, "test part", "--part validation");
        Run("calibrate", "--model", model, "--data", "madeup:retinas", "--out", "c.zip").AssertFailed(2, "c.zip", ".fovea");
        Run("calibrate", "--model", model, "--data", "madeup:retinas", "--out", "c.fovea", "--coverage", "1").AssertFailed(2, "--coverage");
        Run("compare", model).AssertFailed(2, "one system");
        Run("compare", _folder, _folder).AssertFailed(3, "predictions.csv");
    }

    [Theory]
    [InlineData("image,true,predicted,p0,p1\na,0,0,0.9,0.1\nb,1,1,NaN,0.5\n", "line 3", "NaN")]
    [InlineData("image,true,predicted,p0,p1\na,0,0,0.9,0.3\n", "line 2", "sum to 1.2")]
    [InlineData("image,true,predicted\na,0,0\nb,1,1\na,2,2\n", "line 4", "'a' occurs a second time (before on line 2)")]
    [InlineData("image,true,predicted\na,0,0\nb,9,1\n", "line 3", "'9'")]
    [InlineData("image,true,predicted\na,0,0\nb,1,\n", "line 3", "predicted")]
    public void Metrics_BadRow_IsNamed(string table, string line, string reason)
    {
        File.WriteAllText(At("p.csv"), table);
        Run("metrics", "--predictions", "p.csv").AssertFailed(3, "p.csv", line, reason);
    }

    [Theory]
    [InlineData("image,true,predicted\na,2,2\nb,2,2\n", "quadraticWeightedKappa: every image has the same true and predicted class")]
    [InlineData("image,true,predicted\na,0,2\nb,1,2\n", "0.0000")]
    public void Metrics_OneClassOrConstant_HasDefinedValues(string table, string expected)
    {
        File.WriteAllText(At("p.csv"), table);
        var result = Run("metrics", "--predictions", "p.csv", "--resamples", "20");
        Assert.True(result.ExitCode == 0, result.Error);
        Assert.Contains(expected, result.Output, StringComparison.Ordinal);
        Assert.DoesNotContain("NaN", result.Output, StringComparison.Ordinal);
    }

    [Fact]
    public void Metrics_ForeignTable_IsReadByItsColumns()
    {
        File.WriteAllText(At("oct.csv"), "file;class;cnv;dme;drusen;normal\na.jpeg;CNV;0.7;0.1;0.1;0.1\nb.jpeg;NORMAL;0.1;0.1;0.1;0.7\nc.jpeg;dme;0.1;0.2;0.3;0.4\n");
        var result = Run("metrics", "--predictions", "oct.csv", "--image-column", "file", "--true-column", "class", "--probability-columns", "cnv,dme,drusen,normal",
            "--class-names", "CNV,DME,DRUSEN,NORMAL", "--resamples", "0", "--json");
        Assert.True(result.ExitCode == 0, result.Error);
        using var json = JsonDocument.Parse(result.Output);
        Assert.Equal(2 / 3.0, json.RootElement.GetProperty("accuracy").GetDouble(), 12);
        // Of CNV and DME one is called NORMAL.
        Assert.Equal(0.5, json.RootElement.GetProperty("urgent").GetProperty("sensitivity").GetDouble());
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("referable").ValueKind);
    }
}
