using System.Globalization;
using System.Reflection;

namespace Fovea.Web.Storage;

/// <summary>Brings a database to the newest schema: numbered SQL files, each run once, in order, each in one transaction.</summary>
internal static class SchemaMigrations
{
    private const string Prefix = "migrations/";

    /// <summary>Number and name of every migration for a dialect, rising.</summary>
    public static IReadOnlyList<(int Number, string Name)> All(string dialect) =>
        [.. Assembly.GetExecutingAssembly().GetManifestResourceNames()
            .Where(n => n.StartsWith(Prefix, StringComparison.Ordinal) && n.EndsWith(".sql", StringComparison.Ordinal))
            .Where(n => n.Count(c => c == '.') == 1 || n.EndsWith($".{dialect}.sql", StringComparison.Ordinal))
            .Select(n => (int.Parse(n.AsSpan(Prefix.Length, 4), CultureInfo.InvariantCulture), n)).Order()];

    /// <exception cref="ServiceException">The database was made by a newer version of Fovea.</exception>
    public static async Task RunAsync(Database database)
    {
        var all = All(database.Dialect.Name);
        await database.WriteAsync(async work =>
        {
            await work.Dialect.LockSchemaAsync(work.Connection, work.Transaction!);
            await work.ExecuteAsync("CREATE TABLE IF NOT EXISTS schema_versions (number BIGINT PRIMARY KEY, name TEXT NOT NULL, applied_at TEXT NOT NULL)");
        });
        foreach (var (number, name) in all)
            await database.WriteAsync(async work =>
            {
                await work.Dialect.LockSchemaAsync(work.Connection, work.Transaction!);
                if (await work.ScalarAsync<long>("SELECT COUNT(*) FROM schema_versions WHERE number = @number", new { number }) > 0) return;
                using var reader = new StreamReader(Assembly.GetExecutingAssembly().GetManifestResourceStream(name)!);
                await work.ExecuteAsync(await reader.ReadToEndAsync());
                await work.ExecuteAsync("INSERT INTO schema_versions (number, name, applied_at) VALUES (@number, @name, @now)", new { number, name, now = Database.Now });
            });
        var newest = await database.ReadAsync(work => work.ScalarAsync<long>("SELECT MAX(number) FROM schema_versions"));
        if (newest > all[^1].Number)
            throw new ServiceException($"the database: its schema is number {newest}, this version of Fovea knows up to {all[^1].Number}. Start the newer version.");
    }
}
