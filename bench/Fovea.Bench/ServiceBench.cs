using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Net.Http.Json;
using System.Text.Json;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Web.Analysis;

namespace Fovea.Bench;

/// <summary>
/// The screening service under load, over loopback, as its own process: time to ready, one large photograph from upload to heat map, images a second against the bare engine, waiting times at 70 % of it, and what
/// happens at three times as much.
/// </summary>
/// <remarks>
/// Fovea.Bench service MODEL.fovea PHOTOGRAPH.jpg [--seconds 20] [--rounds 3] [--only-sustained] [--output FOLDER]; the photograph of 4288×2848 or like it. Accounts and data are made in a temporary folder.
/// Bare engine and service take turns, and the processor time of each and of this driver is counted, because all share the machine.
/// </remarks>
internal static class ServiceBench
{
    private const string Password = "correct horse battery";
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.CamelCase };

    internal static async Task<int> RunAsync(string[] args)
    {
        var (seconds, rounds, onlySustained, output, files) = (20d, 3, false, Path.Combine(Repository.Root, "bench", "results"), new List<string>());
        for (var i = 0; i < args.Length; i++)
            switch (args[i])
            {
                case "--seconds": seconds = double.Parse(args[++i], CultureInfo.InvariantCulture); break;
                case "--rounds": rounds = int.Parse(args[++i], CultureInfo.InvariantCulture); break;
                case "--only-sustained": onlySustained = true; break;
                case "--output": output = args[++i]; break;
                case var name: files.Add(name); break;
            }
        if (files.Count != 2)
        {
            Console.Error.WriteLine("service: give a model and a photograph. See the head of bench/Fovea.Bench/ServiceBench.cs.");
            return 2;
        }
        var folder = Directory.CreateTempSubdirectory("fovea-load-").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "password"), Password);
            var large = await File.ReadAllBytesAsync(files[1]);
            // What a load test sends: the photograph at a camera's usual 1500 pixels, so that the network is driven and not the wire.
            var image = ImageCodec.Decode(large, files[1]);
            var medium = ImageCodec.Encode(image.Resize(1536, (int)Math.Round(1536.0 * image.Height / image.Width), Interpolation.Area), ImageFormat.Jpeg, 90);
            var figures = new Dictionary<string, object?> { ["processor"] = Processor(), ["processors"] = Environment.ProcessorCount, ["model"] = ModelFile.ReadCard(files[0]).Architecture };
            if (!onlySustained) figures["coldStartSeconds"] = await ColdStartsAsync(folder, files[0]);
            var sustained = 0d;
            await using (var service = await Running.StartAsync(folder, files[0]))
            {
                if (!onlySustained) figures["largePhotograph"] = await LargeAsync(service, large, $"{image.Width}x{image.Height}");
                List<(double Bare, double BareMs, Load Load)> turns = [];
                for (var i = 0; i < rounds; i++)
                {
                    var (rate, milliseconds) = Bare(files[0], medium, seconds);
                    var load = await SustainedAsync(service, medium, seconds);
                    turns.Add((rate, milliseconds, load));
                    Console.WriteLine($"bare engine {rate:F1} images/s ({milliseconds:F0} ms of processor an image); service {load.Rate:F1} ({load.ServiceMs:F0} ms, driver {load.DriverMs:F1} ms), {100 * load.Rate / rate:F0} %, without the driver {100 * load.RateWithoutDriver / rate:F0} %");
                }
                double Median(Func<(double Bare, double BareMs, Load Load), double> of) => turns.Select(of).Order().ElementAt(turns.Count / 2);
                sustained = Median(t => t.Load.Rate);
                figures["rounds"] = rounds;
                figures["bareImagesPerSecond"] = Median(t => t.Bare);
                figures["sustainedImagesPerSecond"] = sustained;
                figures["shareOfBare"] = Median(t => t.Load.Rate / t.Bare);
                figures["shareOfBareByRound"] = turns.ConvertAll(t => t.Load.Rate / t.Bare);
                figures["shareOfBareWithoutDriver"] = Median(t => t.Load.RateWithoutDriver / t.Bare);
                figures["processorMillisecondsAnImage"] = new { Bare = Median(t => t.BareMs), Service = Median(t => t.Load.ServiceMs), Driver = Median(t => t.Load.DriverMs) };
                if (!onlySustained) figures["at70Percent"] = await WaitsAsync(service, medium, 0.7 * sustained, seconds);
            }
            if (onlySustained) return 0;
            figures["at300Percent"] = await OverloadAsync(folder, files[0], medium, 3 * sustained, seconds);
            Directory.CreateDirectory(output);
            await File.WriteAllTextAsync(Path.Combine(output, "service.json"), JsonSerializer.Serialize(figures, Json) + "\n");
            Console.WriteLine(JsonSerializer.Serialize(figures, Json));
            return 0;
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    /// <summary>The same decoding, quality gate, network and heat map without a service around them: decoders beside one grading thread, batches of eight.</summary>
    private static (double Rate, double Milliseconds) Bare(string model, byte[] jpeg, double seconds)
    {
        using var grading = GradingModel.Load(model);
        var analysis = new ImageAnalysis(grading, "bench");
        using var prepared = new BlockingCollection<PreparedPhotograph>(16);
        var (end, done) = (0L, 0);
        var decoders = Enumerable.Range(0, Environment.ProcessorCount).Select(_ => Task.Run(() =>
        {
            while (end == 0 || Environment.TickCount64 < Volatile.Read(ref end)) prepared.Add(analysis.Prepare("x", jpeg));
        })).ToArray();
        for (var warm = 0; warm < 3; warm++) analysis.Grade([prepared.Take()], 0.5);
        var (watch, before) = (Stopwatch.StartNew(), Environment.CpuUsage.TotalTime);
        Volatile.Write(ref end, Environment.TickCount64 + (long)(1000 * seconds));
        while (watch.Elapsed.TotalSeconds < seconds)
        {
            List<PreparedPhotograph> batch = [prepared.Take()];
            while (batch.Count < 8 && prepared.TryTake(out var next)) batch.Add(next);
            analysis.Grade(batch, 0.5);
            done += batch.Count;
        }
        var (rate, milliseconds) = (done / watch.Elapsed.TotalSeconds, (Environment.CpuUsage.TotalTime - before).TotalMilliseconds / done);
        while (!Task.WhenAll(decoders).IsCompleted) prepared.TryTake(out _, 50);
        return (rate, milliseconds);
    }

    private static async Task<double[]> ColdStartsAsync(string folder, string model)
    {
        var times = new List<double>();
        for (var i = 0; i < 5; i++)
        {
            var watch = Stopwatch.StartNew();
            await using var service = await Running.StartAsync(Path.Combine(folder, $"cold{i}"), model, signIn: false);
            times.Add(Math.Round(watch.Elapsed.TotalSeconds, 3));
        }
        Console.WriteLine($"cold start to ready: {string.Join(", ", times)} s");
        return [.. times.Order()];
    }

    private static async Task<object> LargeAsync(Running service, byte[] jpeg, string size)
    {
        var times = new List<double>();
        for (var i = 0; i < 15; i++)
        {
            var examination = await service.ExaminationAsync();
            var watch = Stopwatch.StartNew();
            var image = await service.UploadAsync(examination, Unique(jpeg));
            await service.ResultAsync(image!);
            using var overlay = await service.Http.GetAsync($"/api/v1/images/{image}/overlay");
            overlay.EnsureSuccessStatusCode();
            await overlay.Content.ReadAsByteArrayAsync();
            if (i >= 2) times.Add(watch.Elapsed.TotalSeconds);
        }
        times.Sort();
        Console.WriteLine($"{size} photograph, upload to grade and heat map: median {times[times.Count / 2]:F3} s");
        return new { Size = size, Bytes = jpeg.Length, MedianSeconds = times[times.Count / 2], LowestSeconds = times[0], HighestSeconds = times[^1] };
    }

    /// <param name="Rate">Images a second with the driver on the same processors.</param>
    /// <param name="ServiceMs">Processor time of the service's process, an image.</param>
    /// <param name="DriverMs">Of this process.</param>
    /// <param name="RateWithoutDriver">The rate if the driver's processor time had been the service's.</param>
    private sealed record Load(double Rate, double ServiceMs, double DriverMs, double RateWithoutDriver);

    /// <summary>As many at once as keep some waiting; measured from the results' side.</summary>
    private static async Task<Load> SustainedAsync(Running service, byte[] jpeg, double seconds)
    {
        using var end = new CancellationTokenSource();
        var waiting = 0L;
        var clients = Enumerable.Range(0, 4).Select(_ => Task.Run(async () =>
        {
            var examination = await service.ExaminationAsync();
            for (var i = 1; !end.IsCancellationRequested; i++)
            {
                if (i % 50 == 0) examination = await service.ExaminationAsync();
                while (Volatile.Read(ref waiting) > 24 && !end.IsCancellationRequested) await Task.Delay(20);
                if (await service.UploadAsync(examination, Unique(jpeg)) is null) await Task.Delay(60);
            }
        })).ToArray();
        // One looks for all how many wait: a driver that asked after every upload would measure its own questions.
        var looking = Task.Run(async () =>
        {
            for (; !end.IsCancellationRequested; await Task.Delay(200)) Volatile.Write(ref waiting, await service.WaitingAsync());
        });
        await Task.Delay(TimeSpan.FromSeconds(6)); // what runs often is compiled well by then
        var (before, watch, own, its) = (await service.ResultsAsync(), Stopwatch.StartNew(), Environment.CpuUsage.TotalTime, service.ProcessorTime);
        await Task.Delay(TimeSpan.FromSeconds(seconds));
        var (images, elapsed) = (await service.ResultsAsync() - before, watch.Elapsed.TotalSeconds);
        var (driver, served) = ((Environment.CpuUsage.TotalTime - own).TotalSeconds, (service.ProcessorTime - its).TotalSeconds);
        await end.CancelAsync();
        await Task.WhenAll([looking, .. clients]);
        await service.IdleAsync();
        return new Load(images / elapsed, 1000 * served / images, 1000 * driver / images, images / (elapsed - driver / Environment.ProcessorCount));
    }

    /// <summary>Arrivals at an even rate; waiting time from the request's beginning to the result's commit, as the service recorded it, plus the upload.</summary>
    private static async Task<object> WaitsAsync(Running service, byte[] jpeg, double rate, double seconds)
    {
        var waits = new ConcurrentBag<double>();
        var examination = await service.ExaminationAsync();
        var tasks = new List<Task>();
        var watch = Stopwatch.StartNew();
        for (var i = 0; watch.Elapsed.TotalSeconds < seconds; i++)
        {
            var due = i / rate - watch.Elapsed.TotalSeconds;
            if (due > 0) await Task.Delay(TimeSpan.FromSeconds(due));
            if (i % 50 == 49) examination = await service.ExaminationAsync();
            var into = examination;
            tasks.Add(Task.Run(async () =>
            {
                var own = Stopwatch.StartNew();
                if (await service.UploadAsync(into, Unique(jpeg)) is not { } image) return;
                await service.ResultAsync(image);
                waits.Add(own.Elapsed.TotalSeconds);
            }));
        }
        await Task.WhenAll(tasks);
        var sorted = waits.Order().ToArray();
        Console.WriteLine($"at 70 %: {sorted.Length} images, median {sorted[sorted.Length / 2]:F3} s, p99 {sorted[(int)(0.99 * (sorted.Length - 1))]:F3} s");
        return new { ImagesPerSecond = rate, Images = sorted.Length, MedianSeconds = sorted[sorted.Length / 2], P99Seconds = sorted[(int)(0.99 * (sorted.Length - 1))], HighestSeconds = sorted[^1] };
    }

    private static async Task<object> OverloadAsync(string folder, string model, byte[] jpeg, double rate, double seconds)
    {
        await using var service = await Running.StartAsync(Path.Combine(folder, "overload"), model, signIn: true, "--most-waiting", "64");
        var (accepted, busy, withoutRetry, other) = (0, 0, 0, 0);
        var (restBefore, most) = (service.ResidentMegabytes, 0.0);
        var examination = await service.ExaminationAsync();
        var tasks = new List<Task>();
        var watch = Stopwatch.StartNew();
        for (var i = 0; watch.Elapsed.TotalSeconds < seconds; i++)
        {
            var due = i / rate - watch.Elapsed.TotalSeconds;
            if (due > 0) await Task.Delay(TimeSpan.FromSeconds(due));
            if (i % 100 == 99 && await service.TryExaminationAsync() is { } next) examination = next;
            most = Math.Max(most, service.ResidentMegabytes);
            var into = examination;
            tasks.Add(Task.Run(async () =>
            {
                using var content = new MultipartFormDataContent { { new ByteArrayContent(Unique(jpeg)), "file", "x_R.jpg" } };
                using var answer = await service.Http.PostAsync($"/api/v1/examinations/{into}/images", content);
                if ((int)answer.StatusCode == 201) Interlocked.Increment(ref accepted);
                else if ((int)answer.StatusCode == 503) _ = answer.Headers.RetryAfter is null ? Interlocked.Increment(ref withoutRetry) : Interlocked.Increment(ref busy);
                else Interlocked.Increment(ref other);
            }));
        }
        await Task.WhenAll(tasks);
        await service.IdleAsync();
        var results = await service.ResultsAsync();
        var after = 0;
        for (var i = 0; i < 20; i++)
        {
            var image = await service.UploadAsync(await service.ExaminationAsync(), Unique(jpeg));
            if (image is null) after++;
            else await service.ResultAsync(image);
        }
        Console.WriteLine($"at 300 %: {accepted} taken, {busy} answered 503 with Retry-After, {withoutRetry} without, {other} other; {results} results; {restBefore:F0} → {most:F0} MB; {after} refused afterwards");
        return new { ImagesPerSecond = rate, Accepted = accepted, Busy = busy, BusyWithoutRetryAfter = withoutRetry, Other = other, Results = results, MegabytesBefore = restBefore, MegabytesMost = most, RefusedAfterwards = after };
    }

    private static long s_number;

    /// <summary>The same picture with a comment of its own, because one examination does not take the same file twice.</summary>
    private static byte[] Unique(byte[] jpeg)
    {
        var number = BitConverter.GetBytes(Interlocked.Increment(ref s_number));
        return [.. jpeg.AsSpan(0, 2), 0xFF, 0xFE, 0, 10, .. number, .. jpeg.AsSpan(2)];
    }

    private static string Processor() => File.ReadLines("/proc/cpuinfo").First(l => l.StartsWith("model name", StringComparison.Ordinal)).Split(": ")[1];

    /// <summary>A service as its own process, and a program's key to it.</summary>
    private sealed class Running : IAsyncDisposable
    {
        private readonly Process _process;

        private Running(Process process, HttpClient http) => (_process, Http) = (process, http);

        public HttpClient Http { get; }

        public TimeSpan ProcessorTime
        {
            get
            {
                _process.Refresh();
                return _process.TotalProcessorTime;
            }
        }

        public double ResidentMegabytes
        {
            get
            {
                _process.Refresh();
                return _process.WorkingSet64 / 1e6;
            }
        }

        public static async Task<Running> StartAsync(string folder, string model, bool signIn = true, params string[] more)
        {
            Directory.CreateDirectory(folder);
            var password = Path.Combine(folder, "password");
            if (!File.Exists(password)) await File.WriteAllTextAsync(password, Password);
            using var listener = new System.Net.Sockets.TcpListener(System.Net.IPAddress.Loopback, 0);
            listener.Start();
            var address = $"http://127.0.0.1:{((System.Net.IPEndPoint)listener.LocalEndpoint).Port}";
            listener.Stop();
            var start = new ProcessStartInfo("dotnet") { UseShellExecute = false }; // what it logs stands among the figures
            foreach (var word in (string[])[Path.Combine(Repository.Root, "src/Fovea.Web/bin/Release/net10.0/Fovea.Web.dll"), "serve", "--data", Path.Combine(folder, "data"), "--model", model, "--urls", address, "--first-password-file", password, "--requests-per-second", "100000", .. more])
                start.ArgumentList.Add(word);
            var running = new Running(Process.Start(start)!, new HttpClient { BaseAddress = new Uri(address), Timeout = TimeSpan.FromSeconds(60) });
            while (true)
            {
                try
                {
                    using var answer = await running.Http.GetAsync("/health/ready");
                    if (answer.IsSuccessStatusCode) break;
                }
                catch (HttpRequestException) when (!running._process.HasExited)
                {
                    // not yet
                }
                await Task.Delay(10);
            }
            if (!signIn) return running;
            using var session = await running.Http.PostAsJsonAsync("/api/v1/session", new { name = "administrator", password = Password });
            var token = (await session.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("csrfToken").GetString();
            running.Http.DefaultRequestHeaders.Add("X-CSRF-Token", token);
            return running;
        }

        public async Task<string> ExaminationAsync() => await TryExaminationAsync() ?? throw new InvalidOperationException("no examination was made");

        public async Task<string?> TryExaminationAsync()
        {
            using var patient = await Http.PostAsJsonAsync("/api/v1/patients", new { });
            if (!patient.IsSuccessStatusCode) return null;
            var id = (await patient.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString();
            using var examination = await Http.PostAsJsonAsync($"/api/v1/patients/{id}/examinations", new { });
            return examination.IsSuccessStatusCode ? (await examination.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("id").GetString() : null;
        }

        /// <returns>The image's id; null when there was no room.</returns>
        public async Task<string?> UploadAsync(string examination, byte[] jpeg)
        {
            using var content = new MultipartFormDataContent { { new ByteArrayContent(jpeg), "file", "x_R.jpg" } };
            using var answer = await Http.PostAsync($"/api/v1/examinations/{examination}/images", content);
            if ((int)answer.StatusCode == 503) return null;
            answer.EnsureSuccessStatusCode();
            return (await answer.Content.ReadFromJsonAsync<JsonElement>()).GetProperty("images")[0].GetProperty("id").GetString();
        }

        public async Task ResultAsync(string image)
        {
            while ((await Http.GetFromJsonAsync<JsonElement>($"/api/v1/images/{image}")).GetProperty("state").GetString() != "done") await Task.Delay(10);
        }

        public async Task<long> ResultsAsync()
        {
            var models = await Http.GetFromJsonAsync<JsonElement>("/api/v1/models");
            return models.GetProperty("items")[0].GetProperty("results").GetInt64();
        }

        public async Task<long> WaitingAsync() => (await Http.GetFromJsonAsync<JsonElement>("/api/v1/dashboard?from=2000-01-01&to=2000-01-01")).GetProperty("queue").GetInt64();

        public async Task IdleAsync()
        {
            while (await WaitingAsync() > 0) await Task.Delay(50);
        }

        public async ValueTask DisposeAsync()
        {
            Http.Dispose();
            _process.Kill();
            await _process.WaitForExitAsync();
            _process.Dispose();
        }
    }
}
