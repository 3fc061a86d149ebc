using Fovea.Web.Storage;
using Microsoft.Data.Sqlite;

namespace Fovea.Web.Commands;

/// <summary>
/// Copies of a running service with SQLite: first the database as of one moment, then the images, which never change once written. What was uploaded in between is in neither. A service with PostgreSQL
/// is copied with pg_dump and a copy of the images folder.
/// </summary>
internal static class Backup
{
    private const string DatabaseName = "fovea.db", Images = "images";

    public static async Task<int> WriteAsync(ServiceOptions options, string folder, CancellationToken cancel)
    {
        RequireSqlite(options);
        if (!File.Exists(options.DatabaseFile)) throw new ServiceException($"{options.Data}: no service's data folder. Give the folder of `fovea serve` by --data.");
        if (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()) throw new ServiceException($"{folder}: already holds files. Name a new folder.");
        var temporary = folder.TrimEnd('/') + $".{Guid.NewGuid():N}.tmp";
        Directory.CreateDirectory(temporary);
        try
        {
            await using (var source = (SqliteConnection)await new SqliteDialect(options.DatabaseFile).OpenAsync(cancel))
            await using (var target = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = Path.Combine(temporary, DatabaseName), Pooling = false }.ToString()))
            {
                await target.OpenAsync(cancel);
                source.BackupDatabase(target);
            }
            var images = CopyImages(Path.Combine(options.Data, Images), Path.Combine(temporary, Images), cancel);
            if (Directory.Exists(folder)) Directory.Delete(folder);
            Directory.Move(temporary, folder);
            Console.Out.WriteLine($"{folder}: the database and {images} images.");
            return 0;
        }
        catch
        {
            Directory.Delete(temporary, recursive: true);
            throw;
        }
    }

    public static async Task<int> RestoreAsync(ServiceOptions options, string folder, CancellationToken cancel)
    {
        RequireSqlite(options);
        if (!File.Exists(Path.Combine(folder, DatabaseName))) throw new ServiceException($"{folder}: no backup. Give a folder that `fovea backup` made.");
        if (Directory.Exists(options.Data) && Directory.EnumerateFileSystemEntries(options.Data).Any()) throw new ServiceException($"{options.Data}: already holds files. Stop the service, move the folder away, and restore into a new one.");
        Directory.CreateDirectory(options.Data);
        var images = CopyImages(Path.Combine(folder, Images), Path.Combine(options.Data, Images), cancel);
        var temporary = options.DatabaseFile + ".tmp";
        File.Copy(Path.Combine(folder, DatabaseName), temporary);
        File.Move(temporary, options.DatabaseFile);
        using var database = await CommandRunner.OpenAsync(options);
        var missing = 0;
        foreach (var id in await database.ReadAsync(w => w.QueryAsync<string>("SELECT id FROM images"), cancel))
            if (!File.Exists(Path.Combine(options.Data, Images, id[^2..], id + ".image"))) missing++;
        var check = await new Audit.AuditLog(database).CheckAsync();
        Console.Out.WriteLine($"{options.Data}: the database and {images} images, {missing} missing; audit log: {check.Text}.");
        return check.Ok && missing == 0 ? 0 : 3;
    }

    private static int CopyImages(string from, string to, CancellationToken cancel)
    {
        Directory.CreateDirectory(to);
        if (!Directory.Exists(from)) return 0;
        var copied = 0;
        foreach (var path in Directory.EnumerateFiles(from, "*.image", SearchOption.AllDirectories))
        {
            cancel.ThrowIfCancellationRequested();
            var target = Path.Combine(to, Path.GetRelativePath(from, path));
            Directory.CreateDirectory(Path.GetDirectoryName(target)!);
            File.Copy(path, target);
            copied++;
        }
        return copied;
    }

    private static void RequireSqlite(ServiceOptions options)
    {
        if (options.DatabaseUrl is not null) throw new ServiceException("--database: PostgreSQL is copied with its own pg_dump, and the images folder as files; docs/operations.md shows how.");
    }
}
