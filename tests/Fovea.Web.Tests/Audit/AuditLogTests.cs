using Fovea.Web.Audit;
using Fovea.Web.Storage;
using Microsoft.Data.Sqlite;

namespace Fovea.Web.Tests.Audit;

public sealed class AuditLogTests : IAsyncLifetime
{
    private readonly string _folder = Directory.CreateTempSubdirectory("fovea-audit-").FullName;
    private Database _database = null!;

    public async ValueTask InitializeAsync()
    {
        _database = new Database(new SqliteDialect(Path.Combine(_folder, "fovea.db")));
        await SchemaMigrations.RunAsync(_database);
        for (var i = 1; i <= 5; i++) await new AuditLog(_database).AppendAsync("maria", "image.view", $"image:{i}", new { number = i });
    }

    public ValueTask DisposeAsync()
    {
        _database.Dispose();
        SqliteConnection.ClearAllPools();
        Directory.Delete(_folder, recursive: true);
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task Check_OfAnUntouchedLog_IsGood()
    {
        var check = await new AuditLog(_database).CheckAsync();
        Assert.Equal((true, 5L, (long?)null), (check.Ok, check.Entries, check.FirstBroken));
    }

    [Theory]
    [InlineData("UPDATE audit SET actor = 'eve' WHERE sequence = 3", 3)]
    [InlineData("UPDATE audit SET detail = '{}' WHERE sequence = 2", 2)]
    [InlineData("DELETE FROM audit WHERE sequence = 4", 4)]
    [InlineData("DELETE FROM audit WHERE sequence = 1", 1)]
    public async Task Check_OfAChangedLog_NamesTheFirstBrokenEntry(string change, long broken)
    {
        await Assert.ThrowsAsync<SqliteException>(() => _database.WriteAsync(w => w.ExecuteAsync(change))); // the database itself refuses
        await _database.WriteAsync(w => w.ExecuteAsync("DROP TRIGGER audit_no_update; DROP TRIGGER audit_no_delete; " + change));
        var check = await new AuditLog(_database).CheckAsync();
        Assert.Equal((false, broken), (check.Ok, check.FirstBroken));
    }

    [Fact]
    public async Task Check_OfALogWithoutItsEnd_IsSeenByANotedHash()
    {
        var noted = (await new AuditLog(_database).CheckAsync()).LastHash;
        Assert.True((await new AuditLog(_database).CheckAsync(noted)).Ok);
        await _database.WriteAsync(w => w.ExecuteAsync("DROP TRIGGER audit_no_delete; DELETE FROM audit WHERE sequence = 5"));
        var check = await new AuditLog(_database).CheckAsync(noted);
        Assert.Equal((false, false, (long?)null), (check.Ok, check.HeadFound, check.FirstBroken));
    }

    [Fact]
    public async Task Saw_TheSameThingTwice_IsOneEntry()
    {
        var audit = new AuditLog(_database);
        for (var i = 0; i < 3; i++) await audit.SawAsync("maria", "image.view", "image:9");
        Assert.Equal(6, (await audit.CheckAsync()).Entries);
    }

    [Fact]
    public async Task Migrations_RunAgain_ChangeNothing()
    {
        await SchemaMigrations.RunAsync(_database);
        Assert.Equal(SchemaMigrations.All("sqlite").Count, await _database.ReadAsync(w => w.ScalarAsync<long>("SELECT COUNT(*) FROM schema_versions")));
        await _database.WriteAsync(w => w.ExecuteAsync("INSERT INTO schema_versions (number, name, applied_at) VALUES (9999, 'future', '')"));
        var refused = await Assert.ThrowsAsync<ServiceException>(() => SchemaMigrations.RunAsync(_database));
        Assert.Contains("9999", refused.Message);
    }
}
