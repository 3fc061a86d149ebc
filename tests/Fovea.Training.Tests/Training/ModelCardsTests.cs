using Fovea.Training.Data;
using Fovea.Training.Metrics;
using Fovea.Training.Recipes;
using Fovea.Training.Tests.Data;
using Fovea.Training.Training;

namespace Fovea.Training.Tests.Training;

public class ModelCardsTests
{
    [Theory]
    [InlineData("csv:", "?name=idrid", "see the data set")] // named like a published set, and the user's own
    [InlineData("idrid:", "", "CC-BY-4.0")]
    public void For_DataOfAKind_NamesItsLicenceAndWhatWasTrainedOn(string kind, string options, string licence)
    {
        using var folder = new TestFolder();
        foreach (var image in (string[])["a.png", "b.png"]) Pictures.Write(folder, $"set/images/{image}", image[0]);
        folder.Write("set/labels.csv", kind == "csv:" ? "image,grade\na.png,3\nb.png,0\n" : "image,dr_grade,dme_risk\na.png,3,1\nb.png,0,0\n");
        var data = DatasetReaders.Open(kind + folder[kind == "csv:" ? "set/labels.csv" : "set"] + options);
        var metrics = MetricsReport.Compute(new Predictions(5, ["a", "b"], [3, 0], [3, 0], null, null), new MetricsOptions { Resamples = 0 }, TestContext.Current.CancellationToken);
        var card = ModelCards.For(new Recipe { Licence = "MIT" }, data, [data.Samples[0].Id], metrics, "test");
        Assert.Equal(("MIT", "idrid", 1, licence), (card.Licence, Assert.Single(card.Data).Name, card.Data[0].Images, card.Data[0].Licence));
    }
}
