using System.Net;
using System.Net.Http.Headers;
using System.Net.Http.Json;
using System.Text.Json;

namespace Fovea.Web.Tests.Service;

/// <summary>Talks to the service as the page does: cookie, token against forgery, JSON.</summary>
internal sealed class TestClient(Uri address) : IDisposable
{
    private readonly HttpClient _http = new(new SocketsHttpHandler { UseCookies = true, CookieContainer = new CookieContainer(), AllowAutoRedirect = false }) { BaseAddress = address };

    public string? CsrfToken { get; set; }

    public string UserId { get; private set; } = "";

    /// <summary>An API key instead of a session.</summary>
    public string? Key { set => _http.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", value); }

    public Task SignInAsync(string name, string password) => BeginAsync("/api/v1/session", new { name, password });

    public Task WelcomeAsync(string token, string password) => BeginAsync("/api/v1/welcome", new { token, password });

    private async Task BeginAsync(string path, object body)
    {
        var answer = await PostAsync(path, body);
        CsrfToken = answer.GetProperty("csrfToken").GetString();
        UserId = answer.GetProperty("user").GetProperty("id").GetString()!;
    }

    public async Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, HttpContent? body = null, params (string Name, string Value)[] headers)
    {
        using var request = new HttpRequestMessage(method, path) { Content = body };
        if (CsrfToken is not null) request.Headers.Add("X-CSRF-Token", CsrfToken);
        foreach (var (name, value) in headers) request.Headers.TryAddWithoutValidation(name, value);
        return await _http.SendAsync(request, TestContext.Current.CancellationToken);
    }

    public Task<HttpResponseMessage> SendAsync(HttpMethod method, string path, object body) => SendAsync(method, path, JsonContent.Create(body));

    public Task<JsonElement> GetAsync(string path) => JsonAsync(SendAsync(HttpMethod.Get, path));

    public Task<JsonElement> PostAsync(string path, object body) => JsonAsync(SendAsync(HttpMethod.Post, path, body));

    public Task<JsonElement> PutAsync(string path, object body) => JsonAsync(SendAsync(HttpMethod.Put, path, body));

    public Task<HttpResponseMessage> DeleteAsync(string path, string reason = "asked for") => SendAsync(HttpMethod.Delete, path, new { reason });

    /// <summary>The answer's JSON; a fault fails the test with its text.</summary>
    public static async Task<JsonElement> JsonAsync(Task<HttpResponseMessage> sending)
    {
        using var answer = await sending;
        var text = await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.True(answer.IsSuccessStatusCode, $"{answer.StatusCode}: {text}");
        return text.Length == 0 ? default : JsonSerializer.Deserialize<JsonElement>(text);
    }

    public static MultipartFormDataContent Files(params (string Name, byte[] Bytes)[] files)
    {
        var content = new MultipartFormDataContent();
        foreach (var (name, bytes) in files) content.Add(new ByteArrayContent(bytes), "file", name);
        return content;
    }

    public Task<HttpResponseMessage> UploadAsync(string examination, params (string Name, byte[] Bytes)[] files) =>
        SendAsync(HttpMethod.Post, $"/api/v1/examinations/{examination}/images", Files(files));

    /// <summary>A new patient's new examination.</summary>
    public async Task<string> ExaminationAsync()
    {
        var patient = await PostAsync("/api/v1/patients", new { });
        return (await PostAsync($"/api/v1/patients/{patient.GetProperty("id").GetString()}/examinations", new { })).GetProperty("id").GetString()!;
    }

    /// <summary>Waits until every image has its result.</summary>
    public async Task<JsonElement> AnalysedAsync(string examination)
    {
        for (var i = 0; ; i++)
        {
            var answer = await GetAsync($"/api/v1/examinations/{examination}");
            if (answer.GetProperty("state").GetString() is "complete" or "needsEye") return answer;
            Assert.True(i < 600, "no result within 60 s");
            await Task.Delay(100, TestContext.Current.CancellationToken);
        }
    }

    /// <summary>Uploads one photograph and waits for its result; the image's id.</summary>
    public async Task<(string Examination, string Image)> GradedAsync(int seed, string name = "x_R.jpg")
    {
        var examination = await ExaminationAsync();
        var image = (await JsonAsync(UploadAsync(examination, (name, TestPhotographs.Jpeg(seed))))).GetProperty("images")[0].GetProperty("id").GetString()!;
        await AnalysedAsync(examination);
        return (examination, image);
    }

    public void Dispose() => _http.Dispose();
}
