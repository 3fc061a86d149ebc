using System.Data.Common;
using System.Security.Cryptography;
using System.Text;
using Fovea.Imaging;
using Fovea.Web.Accounts;
using Fovea.Web.Analysis;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Queue;
using Fovea.Web.Storage;
using Microsoft.AspNetCore.WebUtilities;
using Microsoft.Net.Http.Headers;

namespace Fovea.Web.Images;

internal sealed record UploadAnswer(IReadOnlyList<ImageAnswer> Images, IReadOnlyList<RefusedFile> Refused);

/// <summary>
/// Takes files in. Order: is there room, is every size within its bound, is each a picture, file to the disk, row committed, answer, queue. What is answered 201 gets a result, whatever happens to this
/// process afterwards.
/// </summary>
internal sealed class UploadEndpoint(Database database, ImageStore store, IAnalysisQueue queue, Changes changes, Telemetry telemetry, ServiceOptions options) : IDisposable
{
    public const long MostBytes = 25 << 20, MostTogether = 100 << 20;
    public const int MostFiles = 20;
    public const string KeyHeader = "Idempotency-Key", ReplayedHeader = "Idempotency-Replayed";

    private readonly SemaphoreSlim _room = new(options.MostUploads, options.MostUploads);

    public static void Map(IEndpointRouteBuilder api) => api.MapPost("/examinations/{id}/images", (string id, HttpContext context, UploadEndpoint upload) => upload.TakeAsync(id, context))
        .WithTags("images").ForRoles(Roles.Registering).WithDescription("multipart/form-data with up to 20 parts named file: JPEG, PNG, TIFF or DICOM, 25 MiB each.").Produces<UploadAnswer>(201).DisableAntiforgery()
        .WithMetadata(new Microsoft.AspNetCore.Mvc.RequestSizeLimitAttribute(MostTogether + (1 << 20)));

    private async Task<IResult> TakeAsync(string id, HttpContext context)
    {
        var caller = Caller.Of(context);
        var key = context.Request.Headers[KeyHeader].ToString();
        if (key.Length > 100) throw Faults.Invalid(KeyHeader, "up to 100 characters are possible.");
        // Before anything of the body is read.
        if (!await _room.WaitAsync(0)) throw Faults.Busy("the service: too many uploads at once. Send it again after the time in Retry-After.", 1);
        try
        {
            var waiting = await database.ReadAsync(w => w.ScalarAsync<long>("SELECT COUNT(*) FROM images WHERE pending = 1"), context.RequestAborted);
            if (waiting >= options.MostWaiting) throw Faults.Busy($"the service: {waiting} images wait already. Send it again after the time in Retry-After.", (int)Math.Clamp(waiting / 20, 1, 30));
            if (await database.ReadAsync(w => w.FirstAsync<string>("SELECT id FROM examinations WHERE id = @id", new { id }), context.RequestAborted) is null) throw Faults.NotFound("examination");
            var (accepted, refused) = await ReadAsync(context);
            foreach (var file in refused) telemetry.Refused(file.Code);
            if (accepted.Count + refused.Count == 0) throw Faults.Invalid("file", "no file is in the request. Send multipart/form-data with parts named file.");
            return await StoreAsync(id, key, accepted, refused, caller, context);
        }
        finally
        {
            _room.Release();
        }
    }

    private static async Task<(List<AcceptedFile>, List<RefusedFile>)> ReadAsync(HttpContext context)
    {
        var type = context.Request.ContentType;
        if (!MediaTypeHeaderValue.TryParse(type, out var media) || !media.MediaType.Equals("multipart/form-data", StringComparison.OrdinalIgnoreCase)
            || HeaderUtilities.RemoveQuotes(media.Boundary).Value is not { Length: > 0 and <= 200 } boundary)
            throw new RequestException(415, "unsupported-media-type", "the request: no multipart/form-data. Send the files as parts named file.");
        var reader = new MultipartReader(boundary, context.Request.Body) { HeadersCountLimit = 8, HeadersLengthLimit = 4096 };
        List<AcceptedFile> accepted = [];
        List<RefusedFile> refused = [];
        var total = 0L;
        try
        {
            while (await reader.ReadNextSectionAsync(context.RequestAborted) is { } section)
            {
                if (section.GetContentDispositionHeader() is not { } header || HeaderUtilities.RemoveQuotes(header.Name) != "file") throw Faults.Invalid("file", "only parts named file are taken.");
                if (accepted.Count + refused.Count >= MostFiles) throw new RequestException(413, "too-large", $"the request: more than {MostFiles} files. Send fewer at once.");
                var name = UploadChecks.NameOf(HeaderUtilities.RemoveQuotes(header.FileNameStar.HasValue ? header.FileNameStar : header.FileName).ToString());
                var bytes = await ReadBoundedAsync(section.Body, name, context.RequestAborted);
                total += bytes.Length;
                if (total > MostTogether) throw new RequestException(413, "too-large", $"the request: more than {MostTogether >> 20} MiB. Send fewer files at once.");
                var (file, no) = UploadChecks.Look(name, bytes);
                if (no is not null) refused.Add(no);
                else accepted.Add(file!);
            }
        }
        catch (IOException e) when (e is not BadHttpRequestException)
        {
            throw new RequestException(400, "invalid", "the request: it ended in the middle of a file. Send it again.");
        }
        return (accepted, refused);
    }

    private static async Task<byte[]> ReadBoundedAsync(Stream body, string name, CancellationToken cancel)
    {
        using var buffer = new MemoryStream();
        var chunk = new byte[1 << 16];
        int read;
        while ((read = await body.ReadAsync(chunk, cancel)) > 0)
        {
            if (buffer.Length + read > MostBytes) throw new RequestException(413, "too-large", $"{name}: larger than {MostBytes >> 20} MiB. Give a smaller file.");
            buffer.Write(chunk, 0, read);
        }
        return buffer.ToArray();
    }

    private async Task<IResult> StoreAsync(string id, string key, List<AcceptedFile> accepted, List<RefusedFile> refused, Caller caller, HttpContext context)
    {
        var language = Words.Language(context);
        var request = HashOf(id, accepted, refused);
        if (key.Length > 0 && await ReplayAsync(key, request, caller, language, context) is { } replayed) return replayed;
        // The same photograph twice in one examination is a slip of the hand.
        var there = (await database.ReadAsync(w => w.QueryAsync<string>("SELECT sha256 FROM images WHERE examination_id = @id", new { id }))).ToHashSet(StringComparer.Ordinal);
        foreach (var twice in accepted.Where(a => !there.Add(a.Sha256)).ToArray())
        {
            accepted.Remove(twice);
            refused.Add(new RefusedFile(twice.Name, "duplicate", $"{twice.Name}: the same photograph is in this examination already. Give the other one."));
        }
        if (accepted.Count == 0) throw Refused(refused);
        // In the order of the upload: ids of one millisecond are random among themselves, and lists are sorted by them.
        var ids = accepted.ConvertAll(_ => Database.NewId());
        ids.Sort(StringComparer.Ordinal);
        var stored = accepted.Select((file, i) => (Id: ids[i], File: file)).ToList();
        var committed = false;
        try
        {
            foreach (var (image, file) in stored) await store.WriteAsync(image, file.Bytes, context.RequestAborted);
            var answer = await database.WriteAsync(async work =>
            {
                var now = Database.Now;
                if (await work.FirstAsync<string>("SELECT id FROM examinations WHERE id = @id" + work.Dialect.ForUpdate, new { id }) is null) throw Faults.NotFound("examination");
                foreach (var (image, file) in stored)
                    await work.ExecuteAsync(
                        "INSERT INTO images (id, examination_id, name, format, width, height, bytes, sha256, eye, eye_source, uploaded_at, uploaded_by, pending, review, final_ungradable) VALUES (@image, @id, @Name, @format, @width, @height, @bytes, @Sha256, @Eye, @EyeSource, @now, @by, 1, 'none', 0)",
                        new
                        {
                            image, id, file.Name, format = file.Format.ToString().ToLowerInvariant(), width = (long)file.Width, height = (long)file.Height, bytes = (long)file.Bytes.Length, file.Sha256, file.Eye,
                            file.EyeSource, now, by = caller.Name,
                        });
                if (key.Length > 0)
                    await work.ExecuteAsync("INSERT INTO idempotency (actor, key, request_hash, answer, created_at) VALUES (@actor, @key, @request, @answer, @now)",
                        new { actor = caller.Id, key, request, answer = ServiceJson.Text(new Kept([.. stored.Select(s => s.Id)], refused)), now });
                await ExaminationState.RefreshAsync(work, id);
                await AuditLog.AppendAsync(work, caller.Name, "image.upload", $"examination:{id}", new { images = stored.Select(s => s.Id) });
                return await AnswersAsync(work, [.. stored.Select(s => s.Id)], caller, language);
            });
            committed = true;
            await HandOverAsync([.. stored.Select(s => s.Id)]);
            telemetry.Uploaded(stored.Count);
            changes.Announce(id);
            return TypedResults.Created($"/api/v1/examinations/{id}", new UploadAnswer(answer, refused));
        }
        catch (DbException e) when (database.Dialect.IsDuplicate(e))
        {
            // Somebody sent the same at the same moment: with the same key it has the same answer.
            if (key.Length > 0 && await ReplayAsync(key, request, caller, language, context) is { } same) return same;
            throw Faults.Conflict("duplicate", "the photographs: sent twice at the same moment. Load the examination again.");
        }
        finally
        {
            if (!committed)
                foreach (var (image, _) in stored) store.Delete(image);
        }
    }

    private async Task HandOverAsync(IReadOnlyList<string> ids)
    {
        try
        {
            await queue.PublishAsync(ids, CancellationToken.None);
        }
        catch (QueueException)
        {
            // They are accepted: QueueRecovery hands them over when the broker is back.
        }
    }

    private async Task<IResult?> ReplayAsync(string key, string request, Caller caller, string language, HttpContext context)
    {
        var kept = await database.ReadAsync(w => w.FirstAsync<KeptRow>("SELECT request_hash, answer FROM idempotency WHERE actor = @actor AND key = @key", new { actor = caller.Id, key }));
        if (kept is null) return null;
        if (kept.RequestHash != request) throw Faults.Conflict("idempotency", $"{KeyHeader}: used before for another request. Make a new key.");
        var before = ServiceJson.Read<Kept>(kept.Answer);
        context.Response.Headers[ReplayedHeader] = "true";
        return TypedResults.Json(new UploadAnswer(await database.ReadAsync(w => AnswersAsync(w, before.Images, caller, language)), before.Refused), ServiceJson.Options, statusCode: 201);
    }

    private static async Task<IReadOnlyList<ImageAnswer>> AnswersAsync(Work work, IReadOnlyList<string> ids, Caller caller, string language)
    {
        List<ImageAnswer> answers = [];
        foreach (var id in ids) answers.Add(await ImageAnswers.OneAsync(work, id, caller, language));
        return answers;
    }

    private static RequestException Refused(List<RefusedFile> refused)
    {
        var status = refused.All(r => r.Code == "too-large") ? 413 : refused.All(r => r.Code == "duplicate") ? 409 : 422;
        return new RequestException(status, refused[0].Code, refused[0].Detail) { Members = { ["refused"] = refused } };
    }

    private static string HashOf(string id, IEnumerable<AcceptedFile> accepted, IEnumerable<RefusedFile> refused)
    {
        var text = string.Join('\n', [id, .. accepted.Select(a => $"{a.Sha256} {a.Name}"), .. refused.Select(r => r.Detail)]);
        return Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(text)));
    }

    public void Dispose() => _room.Dispose();

    internal sealed record Kept(IReadOnlyList<string> Images, IReadOnlyList<RefusedFile> Refused);

    internal sealed record KeptRow
    {
        public string RequestHash { get; init; } = "";
        public string Answer { get; init; } = "";
    }
}
