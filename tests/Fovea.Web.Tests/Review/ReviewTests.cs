using System.Net;
using System.Text.Json;
using Fovea.Web.Review;
using Fovea.Web.Tests.Service;

namespace Fovea.Web.Tests.Review;

public sealed class ReviewTests(TestService service) : IClassFixture<TestService>
{
    [Fact]
    public async Task Readers_WhoDiffer_AreBlindAndArbitrated()
    {
        using var first = await service.UserAsync("first-reader", "grader");
        using var second = await service.UserAsync("second-reader", "grader");
        using var judge = await service.UserAsync("judge", "ophthalmologist");
        var (examination, image) = await service.Administrator.GradedAsync(11);
        var path = $"/api/v1/images/{image}/reviews";

        var after = await first.PostAsync(path, new { @decision = "override", grade = 3, reason = "haemorrhages in four quadrants" });
        Assert.Equal("awaitingSecond", State(after));
        var seen = await second.GetAsync($"/api/v1/images/{image}");
        Assert.Equal(1, seen.GetProperty("review").GetProperty("done").GetInt32());
        Assert.Empty(seen.GetProperty("review").GetProperty("reviews").EnumerateArray());
        Assert.DoesNotContain("four quadrants", (await second.GetAsync($"/api/v1/examinations/{examination}")).GetRawText());
        using var twice = await first.SendAsync(HttpMethod.Post, path, new { decision = "agree" });
        Assert.Equal(HttpStatusCode.Conflict, twice.StatusCode);

        after = await second.PostAsync(path, new { decision = "override", grade = 1, reason = "one microaneurysm" });
        Assert.Equal("awaitingArbitration", State(after));
        using var grader = await service.UserAsync("third-reader", "grader");
        using var refused = await grader.SendAsync(HttpMethod.Post, path, new { decision = "override", grade = 2, reason = "middle" });
        Assert.Equal(HttpStatusCode.Forbidden, refused.StatusCode);
        Assert.Equal(2, (await judge.GetAsync($"/api/v1/images/{image}")).GetProperty("review").GetProperty("reviews").GetArrayLength());
        after = await judge.PostAsync(path, new { decision = "override", grade = 2, reason = "between the two" });
        Assert.Equal(("final", 2), (State(after), after.GetProperty("review").GetProperty("finalGrade").GetInt32()));
        Assert.Equal(3, (await second.GetAsync($"/api/v1/images/{image}")).GetProperty("review").GetProperty("reviews").GetArrayLength());
        var whole = await second.GetAsync($"/api/v1/examinations/{examination}");
        Assert.Equal(("final", 2), (whole.GetProperty("review").GetString(), whole.GetProperty("summary").GetProperty("worstGrade").GetInt32()));
    }

    [Theory]
    [InlineData("onOverride", "agree", "final")]
    [InlineData("onOverride", "override", "awaitingSecond")]
    [InlineData("always", "agree", "awaitingSecond")]
    [InlineData("never", "override", "final")]
    public void Next_AfterTheFirstReview_FollowsTheSetting(string secondReader, string decision, string expected) =>
        Assert.Equal(expected, ReviewEndpoints.Next([], new NewReview(decision, 2), 2, false, secondReader));

    [Theory]
    [InlineData(2, false, "final")]
    [InlineData(3, false, "awaitingArbitration")]
    [InlineData(null, true, "awaitingArbitration")]
    public void Next_AfterTheSecondReview_AsksWhetherTheyAgree(int? grade, bool ungradable, string expected) =>
        Assert.Equal(expected, ReviewEndpoints.Next([new ReviewRow { Position = 1, Grade = 2 }], new NewReview("override", grade, ungradable), grade, ungradable, "onOverride"));

    [Theory]
    [InlineData("""{"decision":"override","grade":3}""")]
    [InlineData("""{"decision":"override","grade":7,"reason":"because"}""")]
    [InlineData("""{"decision":"override","grade":3,"ungradable":true,"reason":"because"}""")]
    [InlineData("""{"decision":"agree","grade":3}""")]
    [InlineData("""{"decision":"perhaps"}""")]
    [InlineData("""{"decision":"agree","unknown":1}""")]
    public async Task Review_ThatMakesNoSense_IsInvalid(string body)
    {
        using var reader = await service.UserAsync($"reader-{Guid.NewGuid():N}"[..20], "grader");
        using var answer = await reader.SendAsync(HttpMethod.Post, $"/api/v1/images/{Guid.NewGuid()}/reviews", new StringContent(body, System.Text.Encoding.UTF8, "application/json"));
        Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
    }

    private static string State(JsonElement image) => image.GetProperty("review").GetProperty("state").GetString()!;
}
