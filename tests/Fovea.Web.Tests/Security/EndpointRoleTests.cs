using System.Net;
using System.Text.Json;
using Fovea.Web.Tests.Service;
using Microsoft.AspNetCore.Routing;
using Microsoft.Extensions.DependencyInjection;

namespace Fovea.Web.Tests.Security;

/// <summary>Every endpoint × every role. The endpoints come from the running service: one that is missing here fails the test until somebody decides who may use it.</summary>
public sealed class EndpointRoleTests(TestService service) : IClassFixture<TestService>
{
    private const string Everyone = "everyone", Any = "OGPA";

    /// <summary>O operator, G grader, P ophthalmologist, A administrator.</summary>
    private static readonly Dictionary<string, string> Allowed = new()
    {
        ["GET /api/v1/version"] = Everyone, ["GET /api/v1/session"] = Everyone, ["POST /api/v1/session"] = Everyone, ["POST /api/v1/welcome"] = Everyone, ["POST /api/v1/welcome/check"] = Everyone,
        ["PUT /api/v1/session/password"] = Any, ["PUT /api/v1/session/language"] = Any, ["DELETE /api/v1/session"] = Any,
        ["GET /api/v1/patients"] = Any, ["POST /api/v1/patients"] = "OA", ["GET /api/v1/patients/{id}"] = Any, ["DELETE /api/v1/patients/{id}"] = "A", ["POST /api/v1/patients/{id}/examinations"] = "OA",
        ["GET /api/v1/examinations/{id}"] = Any, ["PUT /api/v1/examinations/{id}/note"] = Any, ["DELETE /api/v1/examinations/{id}"] = "A", ["GET /api/v1/examinations/{id}/events"] = Any,
        ["POST /api/v1/examinations/{id}/images"] = "OA", ["GET /api/v1/examinations/{id}/report.html"] = Any, ["GET /api/v1/examinations/{id}/report.pdf"] = Any,
        ["GET /api/v1/images/{id}"] = Any, ["PUT /api/v1/images/{id}/eye"] = Any, ["DELETE /api/v1/images/{id}"] = "A", ["GET /api/v1/images/{id}/view"] = Any, ["GET /api/v1/images/{id}/overlay"] = Any,
        ["GET /api/v1/images/{id}/file"] = Any, ["GET /api/v1/images/{id}/annotations"] = Any, ["PUT /api/v1/images/{id}/annotations"] = "GP", ["GET /api/v1/images/{id}/annotations.xml"] = Any,
        ["POST /api/v1/images/{id}/reviews"] = "GP", ["GET /api/v1/worklist"] = Any, ["GET /api/v1/dashboard"] = Any, ["GET /api/v1/models"] = Any, ["GET /api/v1/settings"] = Any, ["PUT /api/v1/settings"] = "A",
        ["GET /api/v1/export.json"] = "GPA", ["GET /api/v1/export.csv"] = "GPA",
        ["GET /api/v1/users"] = "A", ["POST /api/v1/users"] = "A", ["PUT /api/v1/users/{id}"] = "A", ["POST /api/v1/users/{id}/link"] = "A", ["GET /api/v1/keys"] = "A", ["POST /api/v1/keys"] = "A",
        ["DELETE /api/v1/keys/{id}"] = "A", ["GET /api/v1/audit"] = "A", ["GET /api/v1/audit/check"] = "A",
    };

    private static readonly (char Letter, string Role)[] Roles = [('O', "operator"), ('G', "grader"), ('P', "ophthalmologist"), ('A', "administrator")];

    private IEnumerable<string> Endpoints => service.App.Services.GetRequiredService<IEnumerable<EndpointDataSource>>().SelectMany(s => s.Endpoints).OfType<RouteEndpoint>()
        .Where(e => e.RoutePattern.RawText!.StartsWith("/api/", StringComparison.Ordinal))
        .SelectMany(e => e.Metadata.GetMetadata<HttpMethodMetadata>()!.HttpMethods.Select(m => $"{m} {e.RoutePattern.RawText!.TrimEnd('/')}"))
        // Whoever signs out can ask nothing more.
        .Distinct().OrderBy(e => e.StartsWith("DELETE /api/v1/session", StringComparison.Ordinal) ? 1 : 0).ThenBy(e => e, StringComparer.Ordinal);

    [Fact]
    public void Endpoints_AreThoseOfTheTable() => Assert.Equal(Allowed.Keys.Order(StringComparer.Ordinal), Endpoints.Order(StringComparer.Ordinal));

    [Fact]
    public async Task EveryEndpoint_LetsInTheRolesOfTheTableAndNobodyElse()
    {
        List<string> wrong = [];
        using var nobody = new TestClient(service.Address);
        foreach (var endpoint in Endpoints)
        {
            var (status, code) = await AskAsync(nobody, endpoint);
            if (Allowed[endpoint] == Everyone ? code == "not-signed-in" : status != HttpStatusCode.Unauthorized) wrong.Add($"nobody: {endpoint} gave {status}");
        }
        foreach (var (letter, role) in Roles)
        {
            using var user = await service.UserAsync($"only-{role}", role);
            foreach (var endpoint in Endpoints)
            {
                var (status, code) = await AskAsync(user, endpoint);
                var letIn = status != HttpStatusCode.Unauthorized && code != "forbidden";
                if (Allowed[endpoint] == Everyone) continue;
                if (letIn != Allowed[endpoint].Contains(letter)) wrong.Add($"{role}: {endpoint} gave {status} {code}");
                if ((int)status >= 500) wrong.Add($"{role}: {endpoint} gave {status}");
            }
        }
        Assert.Empty(wrong);
    }

    [Fact]
    public async Task EveryChange_WithoutTheSessionsToken_IsRefused()
    {
        using var client = await service.UserAsync("forgetful", "administrator", "operator", "grader", "ophthalmologist");
        var token = client.CsrfToken;
        foreach (var wrong in new[] { null, "", "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA", token![..^1] })
        {
            client.CsrfToken = wrong;
            foreach (var endpoint in Endpoints.Where(e => !e.StartsWith("GET", StringComparison.Ordinal)))
            {
                var (status, code) = await AskAsync(client, endpoint);
                Assert.True((status, code) == (HttpStatusCode.Forbidden, "csrf"), $"{endpoint} gave {status} {code}");
            }
        }
    }

    private static async Task<(HttpStatusCode Status, string? Code)> AskAsync(TestClient client, string endpoint)
    {
        var (method, path) = (endpoint.Split(' ')[0], endpoint.Split(' ')[1].Replace("{id}", Guid.CreateVersion7().ToString(), StringComparison.Ordinal));
        using var answer = method == "GET" ? await client.SendAsync(HttpMethod.Get, path) : await client.SendAsync(new HttpMethod(method), path, new { });
        var isProblem = answer.Content.Headers.ContentType?.MediaType == "application/problem+json";
        return (answer.StatusCode, isProblem ? JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync()).GetProperty("code").GetString() : null);
    }
}
