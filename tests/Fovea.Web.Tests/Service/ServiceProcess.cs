using System.Diagnostics;
using Fovea.Web.Commands;

namespace Fovea.Web.Tests.Service;

/// <summary>The service as its own process, to be killed at any moment.</summary>
internal sealed class ServiceProcess : IDisposable
{
    private readonly Process _process;

    private ServiceProcess(Process process, Uri address) => (_process, Address) = (process, address);

    public Uri Address { get; }

    /// <summary>Starts it and waits until it is ready.</summary>
    /// <param name="folder">Of model and data.</param>
    /// <param name="more">Further words of the command line.</param>
    public static async Task<ServiceProcess> StartAsync(string folder, string verb = "serve", params string[] more)
    {
        var port = FreePort();
        var address = new Uri($"http://127.0.0.1:{port}");
        var password = Path.Combine(folder, "password");
        await File.WriteAllTextAsync(password, TestService.Password);
        string[] words = [verb, "--data", Path.Combine(folder, "data"), "--model", Path.Combine(folder, "model.fovea"), "--urls", address.ToString().TrimEnd('/'), .. verb == "serve" ? new[] { "--first-password-file", password, "--requests-per-second", "10000" } : [], .. more];
        var process = Start(words);
        var started = new ServiceProcess(process, address);
        using var http = new HttpClient { BaseAddress = address, Timeout = TimeSpan.FromSeconds(5) };
        for (var i = 0; ; i++)
        {
            Assert.True(!process.HasExited && i < 900, $"{string.Join(' ', words)} did not get ready: {(process.HasExited ? await process.StandardError.ReadToEndAsync() : "")}");
            try
            {
                using var answer = await http.GetAsync("/health/ready");
                if (answer.IsSuccessStatusCode) return started;
            }
            catch (Exception e) when (e is HttpRequestException or TaskCanceledException)
            {
                // not yet
            }
            await Task.Delay(100);
        }
    }

    /// <summary>Runs a verb to its end.</summary>
    public static async Task<(int Code, string Output)> RunAsync(params string[] words)
    {
        using var process = Start(words);
        process.StandardInput.Close();
        var output = process.StandardOutput.ReadToEndAsync();
        var error = process.StandardError.ReadToEndAsync();
        await process.WaitForExitAsync();
        return (process.ExitCode, await output + await error);
    }

    private static Process Start(string[] words)
    {
        var start = new ProcessStartInfo("dotnet") { UseShellExecute = false, RedirectStandardOutput = true, RedirectStandardError = true, RedirectStandardInput = true };
        foreach (var word in (string[])[typeof(ServiceCommands).Assembly.Location, .. words]) start.ArgumentList.Add(word);
        var process = Process.Start(start)!;
        return process;
    }

    private static int FreePort()
    {
        using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
        listener.Start();
        return ((System.Net.IPEndPoint)listener.LocalEndpoint).Port;
    }

    /// <summary>SIGKILL: nothing is finished, nothing is said.</summary>
    public void Kill()
    {
        _process.Kill();
        _process.WaitForExit();
    }

    public void Dispose()
    {
        if (!_process.HasExited) Kill();
        _process.Dispose();
    }
}
