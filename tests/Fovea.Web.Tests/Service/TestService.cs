using Fovea.Web.Accounts;
using Fovea.Web.Hosting;
using Fovea.Web.Storage;
using Microsoft.AspNetCore.Builder;
using Microsoft.Extensions.DependencyInjection;

namespace Fovea.Web.Tests.Service;

/// <summary>The real service in this process: real server on a free port, real SQLite, a real small model. One for the tests of a class.</summary>
public sealed class TestService : IAsyncLifetime
{
    internal const string Password = "correct horse battery";

    internal string Folder { get; } = Directory.CreateTempSubdirectory("fovea-web-").FullName;

    internal WebApplication App { get; private set; } = null!;

    internal Uri Address { get; private set; } = null!;

    internal ServiceOptions Options { get; private set; } = null!;

    /// <summary>Signed in as the first administrator, who has every role.</summary>
    internal TestClient Administrator { get; private set; } = null!;

    /// <summary>Changes how it is started; set it in a constructor.</summary>
    internal Func<ServiceOptions, ServiceOptions> Configure { get; set; } = options => options;

    internal Database Database => App.Services.GetRequiredService<Database>();

    internal string Data => Path.Combine(Folder, "data");

    public async ValueTask InitializeAsync()
    {
        Options = Configure(new ServiceOptions { Data = Data, Model = TestModel.Write(Folder), Urls = "http://127.0.0.1:0", SignInsPerMinute = 10_000, RequestsPerSecond = 10_000 });
        await StartAsync();
        await Users.EnsureFirstAsync(Database, Password);
        Administrator = await SignInAsync("administrator");
    }

    internal async Task StartAsync()
    {
        App = await ScreeningService.CreateAsync(Options);
        await App.StartAsync();
        Address = new Uri(App.Urls.First());
    }

    internal async Task<TestClient> SignInAsync(string name)
    {
        var client = new TestClient(Address);
        await client.SignInAsync(name, Password);
        return client;
    }

    /// <summary>A new user with these roles, signed in.</summary>
    internal async Task<TestClient> UserAsync(string name, params string[] roles)
    {
        var invited = await Administrator.PostAsync("/api/v1/users", new { name, displayName = name, roles });
        var client = new TestClient(Address);
        await client.WelcomeAsync(invited.GetProperty("token").GetString()!, Password);
        return client;
    }

    public async ValueTask DisposeAsync()
    {
        Administrator.Dispose();
        await App.StopAsync();
        await App.DisposeAsync();
        Directory.Delete(Folder, recursive: true);
    }
}
