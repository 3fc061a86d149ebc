using System.Net;
using System.Text.Json;
using Fovea.Web.Tests.Service;

namespace Fovea.Web.Tests;

public sealed class ServiceTests(TestService service) : IClassFixture<TestService>
{
    private readonly TestClient _nobody = new(service.Address);

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Upload_TwoEyes_AreGradedAndTheWorseRules()
    {
        var client = service.Administrator;
        var examination = await client.ExaminationAsync();
        var upload = await TestClient.JsonAsync(client.UploadAsync(examination, ("p1_R.jpg", TestPhotographs.Jpeg(1)), ("p1_left.png", TestPhotographs.Png(2)), ("notes.txt", "hello"u8.ToArray())));
        Assert.Equal(2, upload.GetProperty("images").GetArrayLength());
        Assert.Equal("notes.txt: not an image (it is text). Give a JPEG, PNG, TIFF or DICOM file.", upload.GetProperty("refused")[0].GetProperty("detail").GetString());

        var answer = await client.AnalysedAsync(examination);
        var images = answer.GetProperty("images").EnumerateArray().ToArray();
        Assert.Equal(["right", "left"], images.Select(i => i.GetProperty("eye").GetString()));
        Assert.All(images, i => Assert.Equal("graded", i.GetProperty("result").GetProperty("outcome").GetString()));
        var grades = images.Select(i => i.GetProperty("result").GetProperty("grade").GetInt32()).ToArray();
        Assert.Equal(grades.Max(), answer.GetProperty("summary").GetProperty("worstGrade").GetInt32());
        Assert.Equal(64, images[0].GetProperty("result").GetProperty("model").GetProperty("sha256").GetString()!.Length);
        Assert.Equal("complete", answer.GetProperty("state").GetString());

        using var overlay = await client.SendAsync(HttpMethod.Get, $"/api/v1/images/{images[0].GetProperty("id").GetString()}/overlay");
        var decoded = Imaging.ImageCodec.Probe(await overlay.Content.ReadAsByteArrayAsync(Cancel), "overlay");
        Assert.Equal((320, 320, 4), (decoded.Width, decoded.Height, decoded.Channels));
        using var view = await client.SendAsync(HttpMethod.Get, $"/api/v1/images/{images[0].GetProperty("id").GetString()}/view?max=100");
        Assert.Equal((100, 100), Imaging.ImageCodec.Probe(await view.Content.ReadAsByteArrayAsync(Cancel), "view") is var v ? (v.Width, v.Height) : default);
    }

    [Fact]
    public async Task Upload_DarkPhotograph_IsUngradableWithAReasonAndAdvice()
    {
        var client = service.Administrator;
        var examination = await client.ExaminationAsync();
        await TestClient.JsonAsync(client.UploadAsync(examination, ("od.png", TestPhotographs.Dark(3))));
        var answer = await client.AnalysedAsync(examination);
        var result = answer.GetProperty("images")[0].GetProperty("result");
        Assert.Equal("ungradable", result.GetProperty("outcome").GetString());
        Assert.Equal("tooDark", result.GetProperty("quality").GetProperty("problems")[0].GetProperty("code").GetString());
        Assert.Equal(JsonValueKind.Null, result.GetProperty("grade").ValueKind);
        Assert.Equal("retake", answer.GetProperty("summary").GetProperty("recall").GetProperty("code").GetString());
    }

    [Fact]
    public async Task Events_OfAnExamination_EndWithDone()
    {
        var (examination, _) = await service.Administrator.GradedAsync(4);
        using var answer = await service.Administrator.SendAsync(HttpMethod.Get, $"/api/v1/examinations/{examination}/events");
        Assert.Equal("text/event-stream", answer.Content.Headers.ContentType?.MediaType);
        var text = await answer.Content.ReadAsStringAsync(Cancel);
        Assert.Contains("event: image\ndata: {", text);
        Assert.EndsWith("event: done\ndata: {}\n\n", text);
    }

    [Fact]
    public async Task Health_OfAStartedService_IsReady()
    {
        Assert.Equal("ready", (await _nobody.GetAsync("/health/ready")).GetProperty("status").GetString());
        Assert.Equal("live", (await _nobody.GetAsync("/health/live")).GetProperty("status").GetString());
    }

    [Fact]
    public async Task Version_IsTheBuildsVersion() => Assert.Matches(@"^\d+\.\d+\.\d+", (await _nobody.GetAsync("/api/v1/version")).GetProperty("version").GetString());

    [Theory]
    [InlineData("GET", "/api/v1/no/such/route")]
    [InlineData("POST", "/api/v1/version")]
    [InlineData("GET", "/missing.js")]
    public async Task UnknownAddress_IsAnsweredWithAProblemDocument(string method, string path)
    {
        using var answer = await _nobody.SendAsync(new HttpMethod(method), path);
        Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
    }

    [Fact]
    public async Task Page_HasAPolicyWithoutInlineScripts()
    {
        using var answer = await _nobody.SendAsync(HttpMethod.Get, "/");
        var policy = Assert.Single(answer.Headers.GetValues("Content-Security-Policy"));
        Assert.StartsWith("default-src 'none'; script-src 'self'", policy);
        Assert.DoesNotContain("unsafe", policy);
    }

    [Fact]
    public async Task OpenApi_NamesTheUploadEndpoint() =>
        Assert.True((await _nobody.GetAsync("/openapi/v1.json")).GetProperty("paths").TryGetProperty("/api/v1/examinations/{id}/images", out _));

    [Fact]
    public void Service_DoesNotCarryTrainingCode()
    {
        // What a service's folder holds is what the compiler needed; this one is a copy of it.
        Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, "Fovea.Web.dll")));
        Assert.False(File.Exists(Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll")));
    }
}
