using System.Globalization;
using Fovea.Imaging;
using Fovea.Web.Accounts;
using Fovea.Web.Analysis;
using Fovea.Web.Audit;
using Fovea.Web.Hosting;
using Fovea.Web.Patients;
using Fovea.Web.Storage;
using Microsoft.Net.Http.Headers;

namespace Fovea.Web.Images;

internal sealed record ChosenEye(string? Eye);

internal static class ImageEndpoints
{
    public static void Map(IEndpointRouteBuilder api)
    {
        var images = api.MapGroup("/images/{id}").WithTags("images");
        images.MapGet("", OneAsync).ForRoles(Roles.Any);
        images.MapPut("/eye", EyeAsync).ForRoles(Roles.Any);
        images.MapDelete("", DeleteAsync).ForRoles(Roles.Administering);
        images.MapGet("/view", ViewAsync).ForRoles(Roles.Any).Produces(200, contentType: "image/jpeg");
        images.MapGet("/overlay", OverlayAsync).ForRoles(Roles.Any).Produces(200, contentType: "image/png");
        images.MapGet("/file", FileAsync).ForRoles(Roles.Any).Produces(200, contentType: "application/octet-stream");
    }

    private static async Task<ImageAnswer> OneAsync(string id, HttpContext context, Database database, AuditLog audit)
    {
        var caller = Caller.Of(context);
        var answer = await database.ReadAsync(w => ImageAnswers.OneAsync(w, id, caller, Words.Language(context)));
        await audit.SawAsync(caller.Name, "image.view", $"image:{id}");
        return answer;
    }

    private static async Task<ImageAnswer> EyeAsync(string id, ChosenEye body, HttpContext context, Database database, Changes changes)
    {
        if (body.Eye is not ("right" or "left")) throw Faults.Invalid("eye", "there are right and left.");
        var caller = Caller.Of(context);
        var answer = await database.WriteAsync(async work =>
        {
            if (await work.ExecuteAsync("UPDATE images SET eye = @Eye, eye_source = 'person' WHERE id = @id", new { id, body.Eye }) == 0) throw Faults.NotFound("image");
            await ExaminationState.RefreshAsync(work, (await work.FirstAsync<string>("SELECT examination_id FROM images WHERE id = @id", new { id }))!);
            await AuditLog.AppendAsync(work, caller.Name, "image.eye", $"image:{id}", new { body.Eye });
            return await ImageAnswers.OneAsync(work, id, caller, Words.Language(context));
        });
        changes.Announce(answer.ExaminationId);
        return answer;
    }

    private static async Task<IResult> DeleteAsync(string id, [Microsoft.AspNetCore.Mvc.FromBody] Reason body, HttpContext context, Deletion deletion)
    {
        await deletion.ImageAsync(id, Hosting.Text.Checked("reason", body.reason, 3, 500, lines: true), Caller.Of(context).Name);
        return TypedResults.NoContent();
    }

    /// <summary>The photograph for a browser: decoded and encoded anew, so that nothing of the uploaded bytes but pixels reaches one.</summary>
    private static async Task<IResult> ViewAsync(string id, HttpContext context, Database database, ImageStore store, AuditLog audit, Drawing drawing, int? max = null)
    {
        if (max is < 16 or > 8192) throw Faults.Invalid("max", "16 to 8192 are possible.");
        var row = await RowAsync(database, id);
        await audit.SawAsync(Caller.Of(context).Name, "image.view", $"image:{id}");
        if (NotModified(context, $"{row.Sha256[..16]}-{max}")) return TypedResults.StatusCode(304);
        using var turn = await drawing.EnterAsync(context.RequestAborted);
        var bytes = await store.ReadAsync(id, context.RequestAborted);
        try
        {
            var side = max ?? int.MaxValue;
            var whole = Math.Max(row.Width, row.Height) <= side;
            // A JPEG is decoded no larger than it is shown.
            var shorter = (int)Math.Max(1, Math.Ceiling((double)Math.Min(row.Width, row.Height) * Math.Min(1, side / (double)Math.Max(row.Width, row.Height))));
            var image = ImageCodec.Decode(bytes, row.Name, new DecodeOptions { MaxPixels = ImageAnalysis.MostPixels, MinSide = whole ? null : shorter });
            var scale = (double)side / Math.Max(image.Width, image.Height);
            if (scale < 1) image = image.Resize(Math.Max(1, (int)Math.Round(image.Width * scale)), Math.Max(1, (int)Math.Round(image.Height * scale)), Interpolation.Area);
            return TypedResults.Bytes(ImageCodec.Encode(image, ImageFormat.Jpeg, 92), "image/jpeg");
        }
        catch (UnreadableImageException e)
        {
            throw new RequestException(422, "unreadable-image", e.Message);
        }
    }

    private static async Task<IResult> OverlayAsync(string id, HttpContext context, Database database, AuditLog audit, Drawing drawing, double? opacity = null)
    {
        if (opacity is not (null or (>= 0 and <= 1))) throw Faults.Invalid("opacity", "0 to 1 is possible.");
        var row = await RowAsync(database, id);
        await audit.SawAsync(Caller.Of(context).Name, "image.view", $"image:{id}");
        var map = await database.ReadAsync(w => w.FirstAsync<string>("SELECT map FROM results WHERE image_id = @id", new { id }))
            ?? throw new RequestException(404, "no-heatmap", "the image: there is no heat map of it (not analysed yet, not graded, or no place stands out).");
        if (NotModified(context, $"{id}-{(opacity ?? 1).ToString(CultureInfo.InvariantCulture)}")) return TypedResults.StatusCode(304);
        using var turn = await drawing.EnterAsync(context.RequestAborted);
        return TypedResults.Bytes(HeatmapPng.Draw(ServiceJson.Read<StoredMap>(map), (int)row.Width, (int)row.Height, opacity ?? 1), "image/png");
    }

    private static async Task<IResult> FileAsync(string id, HttpContext context, Database database, ImageStore store, AuditLog audit)
    {
        var row = await RowAsync(database, id);
        await audit.AppendAsync(Caller.Of(context).Name, "image.export", $"image:{id}");
        // Never a type that a browser would show or run.
        return TypedResults.Bytes(await store.ReadAsync(id, context.RequestAborted), "application/octet-stream", row.Name);
    }

    private static async Task<ImageRow> RowAsync(Database database, string id) =>
        await database.ReadAsync(w => w.FirstAsync<ImageRow>(ImageRow.Sql + "WHERE i.id = @id", new { id })) ?? throw Faults.NotFound("image");

    // What a browser keeps is kept for this user only, and asked for again each time: whoever signed out sees nothing.
    private static bool NotModified(HttpContext context, string tag)
    {
        var etag = new EntityTagHeaderValue($"\"{tag}\"");
        context.Response.Headers.CacheControl = "private, no-cache";
        context.Response.Headers.ETag = etag.ToString();
        return context.Request.Headers.IfNoneMatch.ToString() == etag.ToString();
    }
}

/// <summary>How many pictures are decoded for viewers at the same time: each may take 200 MB, and the analysis must not starve.</summary>
internal sealed class Drawing : IDisposable
{
    private readonly SemaphoreSlim _places = new(2, 2);

    public async Task<IDisposable> EnterAsync(CancellationToken cancel)
    {
        await _places.WaitAsync(cancel);
        return new Place(_places);
    }

    public void Dispose() => _places.Dispose();

    private sealed class Place(SemaphoreSlim places) : IDisposable
    {
        public void Dispose() => places.Release();
    }
}
