using System.Net;
using Fovea.Web.Tests.Service;

namespace Fovea.Web.Tests.Security;

public sealed class SessionTests(TestService service) : IClassFixture<TestService>
{
    [Fact]
    public async Task SignIn_WithAWrongPassword_SaysTheSameAsWithAWrongName()
    {
        using var client = new TestClient(service.Address);
        using var password = await client.SendAsync(HttpMethod.Post, "/api/v1/session", new { name = "administrator", password = "wrong wrong wrong" });
        using var name = await client.SendAsync(HttpMethod.Post, "/api/v1/session", new { name = "nobody-here", password = "wrong wrong wrong" });
        Assert.Equal(HttpStatusCode.Unauthorized, password.StatusCode);
        static async Task<string> DetailAsync(HttpResponseMessage answer) => System.Text.Json.JsonSerializer.Deserialize<System.Text.Json.JsonElement>(await answer.Content.ReadAsStringAsync()).GetProperty("detail").GetString()!;
        Assert.Equal(await DetailAsync(password), await DetailAsync(name));
    }

    [Fact]
    public async Task Cookie_OfASession_IsClosedToScriptsAndOtherSites()
    {
        using var client = new TestClient(service.Address);
        using var answer = await client.SendAsync(HttpMethod.Post, "/api/v1/session", new { name = "administrator", password = TestService.Password });
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("httponly", cookie, StringComparison.OrdinalIgnoreCase);
        Assert.Contains("samesite=strict", cookie, StringComparison.OrdinalIgnoreCase);
        // Over https, as a proxy in front says it was.
        using var behind = new TestClient(service.Address);
        using var secure = await behind.SendAsync(HttpMethod.Post, "/api/v1/session", System.Net.Http.Json.JsonContent.Create(new { name = "administrator", password = TestService.Password }), ("X-Forwarded-Proto", "https"));
        Assert.Equal(HttpStatusCode.OK, secure.StatusCode);
        Assert.Contains("secure", Assert.Single(secure.Headers.GetValues("Set-Cookie")), StringComparison.OrdinalIgnoreCase);
    }

    [Fact]
    public async Task SignIn_OverHttpFromElsewhere_IsRefused()
    {
        using var client = new TestClient(service.Address);
        using var answer = await client.SendAsync(HttpMethod.Post, "/api/v1/session", System.Net.Http.Json.JsonContent.Create(new { name = "administrator", password = TestService.Password }), ("Host", "screening.example"));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    /// <summary>A proxy that says whom it asks for but not that it was asked by https: the host that the request names is no proof of where it comes from.</summary>
    [Fact]
    public async Task SignIn_ThroughAProxyWithoutCertificate_IsRefused()
    {
        using var client = new TestClient(service.Address);
        using var answer = await client.SendAsync(HttpMethod.Post, "/api/v1/session", System.Net.Http.Json.JsonContent.Create(new { name = "administrator", password = TestService.Password }), ("X-Forwarded-For", "203.0.113.7"));
        Assert.Equal(HttpStatusCode.Forbidden, answer.StatusCode);
    }

    [Fact]
    public async Task Body_OfWhoeverIsNotSignedIn_IsSmall()
    {
        using var client = new TestClient(service.Address);
        using var answer = await client.SendAsync(HttpMethod.Post, "/api/v1/session", new { name = "administrator", password = new string('x', 2 << 20) });
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
    }

    [Theory]
    [InlineData("192.0.2.1", "192.0.2.1")]
    [InlineData("::ffff:192.0.2.1", "192.0.2.1")]
    [InlineData("2001:db8:1:2:3:4:5:6", "20010db800010002")] // one machine has all addresses of its network
    [InlineData(null, "")]
    public void Address_ThatIsCounted_IsOneForAMachine(string? address, string expected) => Assert.Equal(expected, Hosting.Limits.Address(address is null ? null : IPAddress.Parse(address)));

    [Fact]
    public async Task SignIn_AgainInTheSameBrowser_EndsTheSessionBefore()
    {
        using var client = await service.UserAsync("again", "operator");
        using var first = await client.SendAsync(HttpMethod.Get, "/api/v1/session");
        var hashes = await service.Database.ReadAsync(w => w.QueryAsync<string>("SELECT s.token_hash FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.name = 'again'"));
        await client.SignInAsync("again", TestService.Password);
        var after = await service.Database.ReadAsync(w => w.QueryAsync<string>("SELECT s.token_hash FROM sessions s JOIN users u ON u.id = s.user_id WHERE u.name = 'again'"));
        Assert.NotEqual(Assert.Single(hashes), Assert.Single(after));
    }

    [Theory]
    [InlineData("fovea_session=AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA")]
    [InlineData("fovea_session=' OR 1=1 --")]
    [InlineData("fovea_session=")]
    public async Task Session_Forged_IsNobodys(string cookie)
    {
        using var client = new TestClient(service.Address);
        using var answer = await client.SendAsync(HttpMethod.Get, "/api/v1/patients", null, ("Cookie", cookie));
        Assert.Equal(HttpStatusCode.Unauthorized, answer.StatusCode);
    }

    [Fact]
    public async Task SignOut_EndsTheSession()
    {
        using var client = await service.UserAsync("leaver", "operator");
        await client.GetAsync("/api/v1/patients");
        using var end = await client.SendAsync(HttpMethod.Delete, "/api/v1/session");
        Assert.Equal(HttpStatusCode.NoContent, end.StatusCode);
        using var after = await client.SendAsync(HttpMethod.Get, "/api/v1/patients");
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    [Fact]
    public async Task Welcome_UsedTwice_IsGone()
    {
        var invited = await service.Administrator.PostAsync("/api/v1/users", new { name = "twice", roles = new[] { "grader" } });
        var token = invited.GetProperty("token").GetString()!;
        using var client = new TestClient(service.Address);
        Assert.Equal("twice", (await client.PostAsync("/api/v1/welcome/check", new { token })).GetProperty("name").GetString());
        await client.WelcomeAsync(token, TestService.Password);
        using var other = new TestClient(service.Address);
        using var again = await other.SendAsync(HttpMethod.Post, "/api/v1/welcome", new { token, password = TestService.Password });
        Assert.Equal(HttpStatusCode.Gone, again.StatusCode);
    }

    [Fact]
    public async Task Key_OfAProgram_WorksUntilItIsRevoked()
    {
        var made = await service.Administrator.PostAsync("/api/v1/keys", new { name = "archive", roles = new[] { "operator" } });
        using var program = new TestClient(service.Address) { Key = made.GetProperty("secret").GetString() };
        await program.PostAsync("/api/v1/patients", new { });
        using var users = await program.SendAsync(HttpMethod.Get, "/api/v1/users");
        Assert.Equal(HttpStatusCode.Forbidden, users.StatusCode);
        using var revoke = await service.Administrator.SendAsync(HttpMethod.Delete, $"/api/v1/keys/{made.GetProperty("key").GetProperty("id").GetString()}");
        using var after = await program.SendAsync(HttpMethod.Get, "/api/v1/patients");
        Assert.Equal(HttpStatusCode.Unauthorized, after.StatusCode);
    }

    [Fact]
    public async Task LastAdministrator_CannotBeTakenAway()
    {
        var id = service.Administrator.UserId;
        using var answer = await service.Administrator.SendAsync(HttpMethod.Put, $"/api/v1/users/{id}", new { displayName = "Administrator", roles = new[] { "grader" }, active = true });
        Assert.Equal(HttpStatusCode.Conflict, answer.StatusCode);
        // One who was only invited is none yet.
        await service.Administrator.PostAsync("/api/v1/users", new { name = "invited-only", roles = new[] { "administrator" } });
        using var still = await service.Administrator.SendAsync(HttpMethod.Put, $"/api/v1/users/{id}", new { displayName = "Administrator", roles = new[] { "grader" }, active = true });
        Assert.Equal(HttpStatusCode.Conflict, still.StatusCode);
    }
}
