using Fovea.Training.Data;

namespace Fovea.Training.Tests.Data;

public sealed class DatasetJoinTests : IDisposable
{
    private readonly TestFolder folder = new();

    public void Dispose() => folder.Dispose();

    private string Table(string name, string text, params ReadOnlySpan<string> images)
    {
        foreach (var image in images) Pictures.Write(folder, $"{name}/images/{image}", (ulong)(name[0] * 1000 + image[0]));
        return folder.Write($"{name}/labels.csv", text);
    }

    private string First() => Table("first", "image,grade,patient,part\na.png,3,1,train\nb.png,0,1,test\n", "a.png", "b.png");
    private string Second() => Table("second", "image,grade,patient\na.png,1,1\n", "a.png");

    [Fact]
    public void Open_TwoSets_OneWithIdsAndPatientsApart()
    {
        var dataset = DatasetReaders.Open(First(), $"{Second()}?name=more");
        Assert.Equal([("csv/a.png", 3, "csv/1", "csv"), ("csv/b.png", 0, "csv/1", "csv"), ("more/a.png", 1, "more/1", "more")], dataset.Samples.Select(s => (s.Id, s.Label, s.Patient!, s.Origin)));
        Assert.Equal([SamplePart.Training, SamplePart.Test, SamplePart.Unassigned], dataset.Samples.Select(s => s.Part));
        Assert.Equal(Pictures.Noise('s' * 1000 + 'a').Pixels, dataset.Read(2).Pixels.Pixels);
        Assert.Contains("first", dataset.Source, StringComparison.Ordinal);
        Assert.Contains("second", dataset.Source, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_OneSet_KeepsItsIds() => Assert.Equal(["a.png", "b.png"], DatasetReaders.Open(First()).Samples.Select(s => s.Id));

    [Fact]
    public void Open_TwoSetsOfOneName_Refused() =>
        Assert.Contains("another set is called 'csv', too. Give one of them a name", Assert.Throws<DatasetException>(() => DatasetReaders.Open(First(), Second())).Message, StringComparison.Ordinal);

    [Fact]
    public void Open_TargetDme_LabelsByTheRiskAndLeavesOutImagesWithoutOne()
    {
        var table = Table("risks", "image,grade,dme\na.png,3,2\nb.png,0,0\nc.png,1,\n", "a.png", "b.png", "c.png");
        var dataset = DatasetReaders.Open(table + "?dme=dme&target=dme");
        Assert.Equal([("a.png", 2), ("b.png", 0)], dataset.Samples.Select(s => (s.Id, s.Label)));
        Assert.Equal(3, dataset.Classes);
        Assert.Equal(("c.png", "no risk of macular oedema"), (Assert.Single(dataset.LeftOut).Id, dataset.LeftOut[0].Reason));
        Assert.Equal("dme-risk", dataset.Task);
        Assert.Equal("dr-grade", DatasetReaders.Open(table + "?dme=dme&target=dr").Task);
        Assert.Contains("no image has a risk of macular oedema", Assert.Throws<DatasetException>(() => DatasetReaders.Open(First() + "?target=dme")).Message, StringComparison.Ordinal);
        Assert.Contains("target=dr", Assert.Throws<DatasetException>(() => DatasetReaders.Open(First() + "?target=eye")).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Open_Into_PutsAllIntoThePart()
    {
        Assert.All(DatasetReaders.Open(First() + "?into=training").Samples, s => Assert.Equal(SamplePart.Training, s.Part));
        Assert.Contains("'exam' is not a part", Assert.Throws<DatasetException>(() => DatasetReaders.Open(First() + "?into=exam")).Message, StringComparison.Ordinal);
    }

    private string Folders(params ReadOnlySpan<string> names)
    {
        foreach (var name in names) Pictures.Write(folder, $"oct/{name}", (ulong)name[0]);
        return folder["oct"];
    }

    [Fact]
    public void Open_OtherClasses_RefusedUntilMapped()
    {
        var oct = Folders("healthy/a.png", "sick/b.png", "unsure/c.png");
        var message = Assert.Throws<DatasetException>(() => DatasetReaders.Open(First(), oct)).Message;
        Assert.Contains("its classes (healthy, sick, unsure) are not among those of csv:", message, StringComparison.Ordinal);
        Assert.Contains("Map the classes", message, StringComparison.Ordinal);

        var graded = DatasetReaders.Open(First(), oct + "?map=healthy:0,sick:2,2:-");
        Assert.True(graded.IsGraded);
        Assert.Equal([3, 0, 0, 2], graded.Samples.Select(s => s.Label));
        Assert.Equal(["folders/healthy/a.png", "folders/sick/b.png"], graded.Samples.Skip(2).Select(s => s.Id));
        Assert.Equal([("folders/unsure/c.png", "class unsure is not wanted")], graded.LeftOut.Select(i => (i.Id, i.Reason)));
        Assert.Equal(Pictures.Noise('s').Pixels, graded.Read(3).Pixels.Pixels);

        var binary = DatasetReaders.Open(First() + "?map=0:healthy,1:healthy,2:sick,3:sick,4:sick", oct + "?map=sick:sick,healthy:healthy,unsure:-");
        Assert.Equal(["healthy", "sick"], binary.ClassNames);
        Assert.Equal([1, 0, 0, 1], binary.Samples.Select(s => s.Label)); // the second set names its classes in another order
    }

    [Theory]
    [InlineData("healthy:0", "class 1 (sick) is not mapped")]
    [InlineData("healthy:0,sick:5", "'5' is not a grade from 0 to 4")]
    [InlineData("healthy:0,ill:1", "there is no class 'ill'")]
    [InlineData("healthy:0,0:1,sick:1", "'0' is mapped twice")]
    [InlineData("healthy:0,sick", "'sick' is not CLASS:CLASS")]
    [InlineData("healthy:-,sick:-", "every class is left out")]
    [InlineData("healthy:eye,sick:eye", "only one class is left")]
    public void Open_BadMap_OneLine(string map, string reason)
    {
        var message = Assert.Throws<DatasetException>(() => DatasetReaders.Open($"{Folders("healthy/a.png", "sick/b.png")}?map={map}")).Message;
        Assert.Contains(reason, message, StringComparison.Ordinal);
        Assert.Contains("(the classes are 0 healthy, 1 sick)", message, StringComparison.Ordinal);
    }
}
