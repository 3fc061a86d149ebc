using System.Net;
using System.Text;
using System.Text.Json;
using Fovea.Imaging;
using Fovea.Web.Images;
using Fovea.Web.Tests.Service;

namespace Fovea.Web.Tests.Security;

public sealed class HostileUploadTests(TestService service) : IClassFixture<TestService>
{
    private static byte[] Zip => [.. "PK\x03\x04"u8, .. new byte[60]];

    /// <summary>A PNG whose header says 50000 × 50000.</summary>
    private static byte[] Bomb
    {
        get
        {
            var png = TestPhotographs.Png(1, 64);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(16), 50_000);
            System.Buffers.Binary.BinaryPrimitives.WriteInt32BigEndian(png.AsSpan(20), 50_000);
            System.Buffers.Binary.BinaryPrimitives.WriteUInt32BigEndian(png.AsSpan(29), Crc(png.AsSpan(12, 17)));
            return png;
        }
    }

    public static TheoryData<string, byte[], int> Hostile => new()
    {
        { "a.zip", Zip, 422 },
        { "a.jpg", Zip, 422 },
        { "bomb.png", Bomb, 413 },
        { "photo.jpg", [.. TestPhotographs.Jpeg(1, 64), .. Zip], 422 },
        { "photo.jpg.html", [.. TestPhotographs.Jpeg(1, 64), .. "<script>alert(1)</script>"u8], 422 },
        { "photo.png", [.. TestPhotographs.Png(1, 64), .. "<html>"u8], 422 },
        { "x.svg", "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"u8.ToArray(), 422 },
        { "x.gif", "GIF89a/*"u8.ToArray(), 422 },
        { "x.pdf", "%PDF-1.7"u8.ToArray(), 422 },
        { "empty.jpg", [], 422 },
        { "x.bmp", ImageCodec.Encode(TestPhotographs.Retina(1, 64), ImageFormat.Bmp), 422 },
        { "x.php", "<?php system($_GET['c']); ?>"u8.ToArray(), 422 },
    };

    [Theory]
    [MemberData(nameof(Hostile))]
    public async Task Upload_OfAHostileFile_IsRefusedAndNothingIsStored(string name, byte[] bytes, int expected)
    {
        var examination = await service.Administrator.ExaminationAsync();
        var before = Stored();
        using var answer = await service.Administrator.UploadAsync(examination, (name, bytes));
        Assert.Equal(expected, (int)answer.StatusCode);
        Assert.Equal(before, Stored());
        Assert.Equal("empty", (await service.Administrator.GetAsync($"/api/v1/examinations/{examination}")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Upload_LargerThanTheLimit_Is413BeforeItIsDecoded()
    {
        var examination = await service.Administrator.ExaminationAsync();
        var before = Stored();
        using var answer = await service.Administrator.UploadAsync(examination, ("large.jpg", new byte[UploadEndpoint.MostBytes + 1]));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, answer.StatusCode);
        using var many = await service.Administrator.SendAsync(HttpMethod.Post, $"/api/v1/examinations/{examination}/images",
            TestClient.Files([.. Enumerable.Range(0, UploadEndpoint.MostFiles + 1).Select(i => ($"{i}.jpg", new byte[8]))]));
        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, many.StatusCode);
        Assert.Equal(before, Stored());
    }

    [Theory]
    [InlineData("../../../../etc/cron.d/evil.jpg", "evil.jpg")]
    [InlineData("..\\..\\windows\\evil.jpg", "evil.jpg")]
    [InlineData("/etc/passwd", "passwd")]
    [InlineData("a<img src=x onerror=alert(1)>.jpg", "aimg src=x onerror=alert(1).jpg")]
    [InlineData("..", "image")]
    [InlineData("a\u202Egpj.exe", "agpj.exe")]
    [InlineData("", "image")]
    public void NameOf_AHostileName_HoldsNoFolderAndNoMarkup(string given, string expected) => Assert.Equal(expected, UploadChecks.NameOf(given));

    [Fact]
    public async Task Upload_WithATraversingName_IsStoredUnderItsId()
    {
        var examination = await service.Administrator.ExaminationAsync();
        var content = new MultipartFormDataContent();
        var part = new ByteArrayContent(TestPhotographs.Jpeg(60, 96));
        part.Headers.TryAddWithoutValidation("Content-Disposition", "form-data; name=\"file\"; filename=\"../../../evil_R.jpg\"");
        content.Add(part);
        var answer = await TestClient.JsonAsync(service.Administrator.SendAsync(HttpMethod.Post, $"/api/v1/examinations/{examination}/images", content));
        Assert.Equal("evil_R.jpg", answer.GetProperty("images")[0].GetProperty("name").GetString());
        Assert.Empty(Directory.EnumerateFiles(service.Folder, "*evil*", SearchOption.AllDirectories));
    }

    [Theory]
    [InlineData("Robert'); DROP TABLE patients;--")]
    [InlineData("' OR '1'='1")]
    [InlineData("<script>alert(1)</script>")]
    [InlineData("=HYPERLINK(\"http://evil\")")]
    public async Task TextFields_WithSqlOrMarkup_AreRefusedOrKeptAsTheyAre(string evil)
    {
        var client = service.Administrator;
        using var pseudonym = await client.SendAsync(HttpMethod.Post, "/api/v1/patients", new { pseudonym = evil });
        Assert.Equal(HttpStatusCode.BadRequest, pseudonym.StatusCode);
        using var user = await client.SendAsync(HttpMethod.Post, "/api/v1/users", new { name = evil, roles = new[] { "grader" } });
        Assert.Equal(HttpStatusCode.BadRequest, user.StatusCode);
        var examination = await client.ExaminationAsync();
        using var note = await client.SendAsync(HttpMethod.Put, $"/api/v1/examinations/{examination}/note", new { note = evil });
        Assert.Equal(HttpStatusCode.NoContent, note.StatusCode);
        Assert.Equal(evil, (await client.GetAsync($"/api/v1/examinations/{examination}")).GetProperty("note").GetString());
        using var report = await client.SendAsync(HttpMethod.Get, $"/api/v1/examinations/{examination}/report.html");
        var html = await report.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
        Assert.DoesNotContain("<script>alert", html);
        Assert.Contains(WebUtility.HtmlEncode(evil), html);
        // Every query that takes text.
        var q = Uri.EscapeDataString(evil);
        foreach (var path in new[] { $"patients?query={q}", $"patients?after={q}", $"worklist?state={q}", $"worklist?review={q}", $"worklist?patient={q}", $"worklist?after={q}", $"audit?action={q}&user={q}&object={q}", $"export.json?state={q}" })
        {
            using var answer = await client.SendAsync(HttpMethod.Get, $"/api/v1/{path}");
            Assert.Equal(HttpStatusCode.OK, answer.StatusCode);
        }
        foreach (var path in new[] { $"worklist?from={q}", $"worklist?grade={q}", $"dashboard?from={q}", $"audit?after={q}" })
        {
            using var answer = await client.SendAsync(HttpMethod.Get, $"/api/v1/{path}");
            Assert.Equal(HttpStatusCode.BadRequest, answer.StatusCode);
        }
        foreach (var path in new[] { $"patients/{q}", $"examinations/{q}", $"images/{q}", $"images/{q}/view", $"images/{q}/overlay", $"images/{q}/file" })
        {
            using var answer = await client.SendAsync(HttpMethod.Get, $"/api/v1/{path}");
            Assert.Equal(HttpStatusCode.NotFound, answer.StatusCode);
        }
        Assert.True((await client.GetAsync("/api/v1/patients")).GetProperty("items").GetArrayLength() > 0);
    }

    /// <summary>10,000 files nightly, some hundred in the gate: refused or taken with a result, never a fault of the service's own.</summary>
    [Fact]
    public async Task Upload_OfMutatedImages_NeverFailsTheService()
    {
        var nightly = Environment.GetEnvironmentVariable("FOVEA_NIGHTLY") is { Length: > 0 };
        var random = new Random(20261127);
        byte[][] seeds = [TestPhotographs.Jpeg(1, 96), TestPhotographs.Png(2, 96), ImageCodec.Encode(TestPhotographs.Retina(3, 96), ImageFormat.Tiff)];
        var (left, accepted) = (nightly ? 10_000 : 300, 0);
        while (left > 0)
        {
            var examination = await service.Administrator.ExaminationAsync();
            var files = Enumerable.Range(0, Math.Min(left, UploadEndpoint.MostFiles)).Select(i => ($"{i}.jpg", Mutated(seeds[random.Next(seeds.Length)], random))).ToArray();
            left -= files.Length;
            using var answer = await service.Administrator.UploadAsync(examination, files);
            Assert.True((int)answer.StatusCode is 201 or 409 or 413 or 422, $"{answer.StatusCode}");
            if (answer.StatusCode != HttpStatusCode.Created) continue;
            var stored = JsonSerializer.Deserialize<JsonElement>(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken)).GetProperty("images");
            accepted += stored.GetArrayLength();
            var analysed = await service.Administrator.AnalysedAsync(examination);
            Assert.All(analysed.GetProperty("images").EnumerateArray(), i => Assert.NotEqual("failed", i.GetProperty("result").GetProperty("outcome").GetString()));
        }
        Assert.True(accepted > 0);
        Assert.Equal("ready", (await service.Administrator.GetAsync("/health/ready")).GetProperty("status").GetString());
    }

    [Fact]
    public void EndOfJpeg_OfAPhotograph_IsItsLastByte()
    {
        var jpeg = TestPhotographs.Jpeg(5, 64);
        Assert.Equal(jpeg.Length, TrailingData.EndOfJpeg(jpeg));
        Assert.Equal(jpeg.Length, TrailingData.EndOfJpeg([.. jpeg, .. Encoding.ASCII.GetBytes("more")]));
        Assert.Equal(-1, TrailingData.EndOfJpeg(jpeg.AsSpan(0, jpeg.Length / 2)));
    }

    private static byte[] Mutated(byte[] seed, Random random)
    {
        var bytes = (byte[])seed.Clone();
        for (var i = random.Next(1, 12); i > 0; i--) bytes[random.Next(4) == 0 ? random.Next(Math.Min(bytes.Length, 64)) : random.Next(bytes.Length)] = (byte)random.Next(256);
        return random.Next(4) switch { 0 => bytes[..random.Next(1, bytes.Length)], 1 => [.. bytes, .. seed.AsSpan(random.Next(seed.Length))], _ => bytes };
    }

    private int Stored() => Directory.EnumerateFiles(Path.Combine(service.Data, "images"), "*", SearchOption.AllDirectories).Count();

    private static uint Crc(ReadOnlySpan<byte> data)
    {
        var crc = 0xFFFFFFFFu;
        foreach (var value in data)
        {
            crc ^= value;
            for (var bit = 0; bit < 8; bit++) crc = (crc & 1) != 0 ? (crc >> 1) ^ 0xEDB88320 : crc >> 1;
        }
        return ~crc;
    }
}
