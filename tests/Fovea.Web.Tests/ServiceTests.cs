using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Microsoft.AspNetCore.Mvc.Testing;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace Fovea.Web.Tests;

public sealed class ServiceTests(WebApplicationFactory<Program> service) : IClassFixture<WebApplicationFactory<Program>>
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task FrontPage_SaysThatItIsNotAMedicalDevice()
    {
        using var answer = await service.CreateClient().GetAsync("/", Cancel);
        Assert.Equal("text/html", answer.Content.Headers.ContentType?.MediaType);
        Assert.Contains("Research software, not a medical device", await answer.Content.ReadAsStringAsync(Cancel));
        Assert.Equal("nosniff", Assert.Single(answer.Headers.GetValues("X-Content-Type-Options")));
        Assert.StartsWith("default-src 'none'", Assert.Single(answer.Headers.GetValues("Content-Security-Policy")));
    }

    [Fact]
    public async Task Health_OfARunningService_IsHealthy() =>
        Assert.Equal("Healthy", await service.CreateClient().GetStringAsync("/healthz", Cancel));

    [Fact]
    public async Task Health_WithACheckThatFails_Is503()
    {
        await using var ill = service.WithWebHostBuilder(host => host.ConfigureServices(services =>
            services.AddHealthChecks().AddCheck("model", () => HealthCheckResult.Unhealthy())));
        using var answer = await ill.CreateClient().GetAsync("/healthz", Cancel);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, answer.StatusCode);
    }

    [Fact]
    public async Task Version_IsTheBuildsVersion()
    {
        var answer = await service.CreateClient().GetFromJsonAsync<JsonElement>("/api/v1/version", Cancel);
        Assert.Matches(@"^\d+\.\d+\.\d+", answer.GetProperty("version").GetString());
    }

    [Theory]
    [InlineData("GET", "/no/such/route", HttpStatusCode.NotFound)]
    [InlineData("POST", "/api/v1/version", HttpStatusCode.MethodNotAllowed)]
    public async Task WrongRequest_IsAnsweredWithAProblemDocument(string method, string path, HttpStatusCode expected)
    {
        using var request = new HttpRequestMessage(new HttpMethod(method), path);
        using var answer = await service.CreateClient().SendAsync(request, Cancel);
        Assert.Equal(expected, answer.StatusCode);
        Assert.Equal("application/problem+json", answer.Content.Headers.ContentType?.MediaType);
        var problem = await answer.Content.ReadFromJsonAsync<JsonElement>(Cancel);
        Assert.Equal((int)expected, problem.GetProperty("status").GetInt32());
    }

    [Fact]
    public void Service_DoesNotCarryTrainingCode()
    {
        // What a service's folder holds is what the compiler needed; this one is a copy of it.
        Assert.True(File.Exists(Path.Combine(AppContext.BaseDirectory, "Fovea.Web.dll")));
        Assert.False(File.Exists(Path.Combine(AppContext.BaseDirectory, "Fovea.Training.dll")));
    }
}
