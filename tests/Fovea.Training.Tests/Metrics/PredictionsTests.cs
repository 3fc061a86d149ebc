using Fovea.Training.Data;
using Fovea.Training.Metrics;

namespace Fovea.Training.Tests.Metrics;

public sealed class PredictionsTests
{
    [Fact]
    public void Read_WhatWriteWrote_SameBits()
    {
        using var folder = new TestFolder();
        double[][] p = [[1.0 / 3, 2.0 / 3], [0.1 + 0.2, 1 - (0.1 + 0.2)]];
        var written = new Predictions(2, ["a, \"b\".png", " c.png"], [0, 1], [1, 1], p, ["p1", "p;2"]);
        written.Write(folder["p.csv"]);
        var read = Predictions.Read(folder["p.csv"]);
        Assert.Equal(written.Images, read.Images);
        Assert.Equal(written.Truth, read.Truth);
        Assert.Equal(written.Predicted, read.Predicted);
        Assert.Equal(written.Probabilities!, read.Probabilities!);
        Assert.Equal(written.Groups!, read.Groups!);
        Assert.Equal([folder["p.csv"]], Directory.GetFiles(folder.Path));
    }

    [Theory]
    [InlineData("image;true;predicted\r\na;0;1\r\n")]
    [InlineData("\uFEFFImage\tTRUE\tpredicted\na\t0\t1")]
    [InlineData("extra,predicted,true,image\n,1,0,a\n,,,\n")]
    [InlineData("image,true,predicted\n\"a\" ,0.0, 1\n\n")]
    public void Read_ManyDialects_SameTable(string text)
    {
        using var folder = new TestFolder();
        var read = Predictions.Read(folder.Write("p.csv", text));
        Assert.Equal(["a"], read.Images);
        Assert.Equal([0], read.Truth);
        Assert.Equal([1], read.Predicted);
        Assert.Equal(5, read.ClassCount);
        Assert.Null(read.Probabilities);
    }

    [Theory]
    [InlineData("", "the file is empty")]
    [InlineData("image,true,predicted\n", "no line after the header")]
    [InlineData("image,true\na,0\n", "no column 'predicted'")]
    [InlineData("image,true,predicted\na,7,1\n", "line 2, column 'true': '7' is not a class from 0 to 4")]
    [InlineData("image,true,predicted\na,0,1\nb,0,-1\n", "line 3, column 'predicted': '-1' is not a class from 0 to 4")]
    [InlineData("image,true,predicted\na,0,1.5\n", "'1.5' is not a class")]
    [InlineData("image,true,predicted\na,0,\n", "'' is not a class")]
    [InlineData("image,true,predicted\n,0,1\n", "line 2, column 'image': the cell is empty")]
    [InlineData("image,true,predicted\na,0,1\na,0,1\n", "line 3, column 'image': 'a' occurs a second time")]
    [InlineData("image,true,predicted\na,0\n", "line 2 has 2 cells, the header 3")]
    [InlineData("image,true,predicted,p0,p1\na,0,1,0.5,NaN\n", "line 2, column 'p1': 'NaN' is not a number from 0 to 1")]
    [InlineData("image,true,predicted,p0,p1\na,0,1,0.5,0.6\n", "the probabilities of the line sum to 1.1")]
    [InlineData("image,true,predicted,p0,p2\na,0,1,0.5,0.5\n", "column 'p2' without column 'p1'")]
    [InlineData("image,true,predicted,p0\na,0,1,1\n", "a single probability column")]
    [InlineData("image,true,true,predicted\na,0,0,1\n", "column 'true' occurs twice")]
    [InlineData("image,true,predicted\n\"a,0,1\n", "line 2: a quotation mark is not closed")]
    [InlineData("image,true,predicted\na\"b,0,1\n", "line 2: a quotation mark within a cell")]
    public void Read_BadTable_OneLineWithFileReasonRemedy(string text, string reason)
    {
        using var folder = new TestFolder();
        var path = folder.Write("p.csv", text);
        var message = Assert.Throws<DatasetException>(() => Predictions.Read(path)).Message;
        Assert.StartsWith($"{path}: ", message, StringComparison.Ordinal);
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.DoesNotContain('\n', message);
        Assert.Matches(@"\. [A-Z].*\.$", message);
    }

    [Fact]
    public void Read_LineBreakInQuotes_IsOneCellAndLinesStayRight()
    {
        using var folder = new TestFolder();
        Assert.Equal(["a\n\"b\", c"], Predictions.Read(folder.Write("p.csv", "image,true,predicted\n\"a\n\"\"b\"\", c\",0,1\n")).Images);
        var message = Assert.Throws<DatasetException>(() => Predictions.Read(folder.Write("q.csv", "image,true,predicted\n\"a\nb\",0,1\nc,9,1\n"))).Message;
        Assert.Contains("line 4, column 'true'", message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Binary_SaysNotText()
    {
        using var folder = new TestFolder();
        File.WriteAllBytes(folder["p.csv"], [0x89, 0x50, 0x4E, 0x47, 0xFF, 0xFE, 0x00]);
        Assert.Contains("not UTF-8 text", Assert.Throws<DatasetException>(() => Predictions.Read(folder["p.csv"])).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_EndlessCell_Refused()
    {
        using var folder = new TestFolder();
        var path = folder.Write("p.csv", "image,true,predicted\n\"" + new string('a', 100_000));
        Assert.Contains("a cell longer than 4096", Assert.Throws<DatasetException>(() => Predictions.Read(path)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Read_Missing_SaysSo() => Assert.Contains("no such file", Assert.Throws<DatasetException>(() => Predictions.Read("nowhere.csv")).Message, StringComparison.Ordinal);

    [Fact]
    public void Read_NamedGroup_IsUsedOrMissed()
    {
        using var folder = new TestFolder();
        var path = folder.Write("p.csv", "image,true,predicted,patient\na,0,1,x\nb,0,1,x\n");
        Assert.Null(Predictions.Read(path).Groups);
        Assert.Equal(["x", "x"], Predictions.Read(path, "patient").Groups!);
        Assert.Contains("no column 'eye'", Assert.Throws<DatasetException>(() => Predictions.Read(path, "eye")).Message, StringComparison.Ordinal);
    }
}
