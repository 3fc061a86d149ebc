using System.Text.Json;

namespace Fovea.Cli.Tests;

public sealed class JsonOutputTests
{
    private sealed record Result(string ImageName, double Auc, float? Kappa, DayOfWeek Day);

    [Fact]
    public void Line_OfAResult_IsCamelCaseOnOneLineAndReadable() =>
        Assert.Equal("""{"imageName":"Größe.jpg","auc":0.5,"kappa":null,"day":"monday"}""", JsonOutput.Line(new Result("Größe.jpg", 0.5, null, DayOfWeek.Monday)));

    [Fact]
    public void Line_NotANumber_IsNull()
    {
        var json = JsonDocument.Parse(JsonOutput.Line(new Result("x", double.NaN, float.PositiveInfinity, DayOfWeek.Monday)));
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("auc").ValueKind);
        Assert.Equal(JsonValueKind.Null, json.RootElement.GetProperty("kappa").ValueKind);
    }
}
