using System.Data.Common;
using Dapper;
using Microsoft.Data.Sqlite;
using Npgsql;

namespace Fovea.Web.Storage;

/// <summary>Where SQLite and PostgreSQL differ. All other SQL of the service is the same for both.</summary>
internal interface IDialect
{
    /// <summary>The ending of migrations that are for this database only: <c>sqlite</c> or <c>postgres</c>.</summary>
    string Name { get; }

    /// <summary>Writers take turns within the process, because the database takes one at a time anyway.</summary>
    bool OneWriter { get; }

    /// <summary>Ends a SELECT whose row must not change until the transaction ends.</summary>
    string ForUpdate { get; }

    /// <summary>Whether a row's id is among those of the parameter <c>ids</c>, an array: Dapper writes a list out for SQLite, and PostgreSQL takes arrays as they are.</summary>
    string AmongIds { get; }

    /// <param name="durable">False: commits on it may be lost with the power, though not with the process.</param>
    Task<DbConnection> OpenAsync(CancellationToken cancel, bool durable = true);

    /// <summary>Lets one transaction after another append to the audit log, also from other machines.</summary>
    Task LockAuditAsync(DbConnection connection, DbTransaction transaction);

    /// <summary>Lets one process after another change the schema.</summary>
    Task LockSchemaAsync(DbConnection connection, DbTransaction transaction);

    /// <summary>Overwrites what deleted rows leave behind, where the database keeps such remains in its files.</summary>
    Task ForgetDeletedAsync(DbConnection connection);

    /// <summary>A unique constraint was broken: somebody else was first.</summary>
    bool IsDuplicate(DbException exception);
}

internal sealed class SqliteDialect : IDialect
{
    private readonly string _connection;

    static SqliteDialect() => SQLitePCL.Batteries_V2.Init();

    public SqliteDialect(string file) =>
        _connection = new SqliteConnectionStringBuilder { DataSource = file, ForeignKeys = true, DefaultTimeout = 30, Pooling = true }.ToString();

    public string Name => "sqlite";

    public bool OneWriter => true;

    public string ForUpdate => "";

    public string AmongIds => "id IN @ids";

    public async Task<DbConnection> OpenAsync(CancellationToken cancel, bool durable = true)
    {
        var connection = new SqliteConnection(_connection);
        await connection.OpenAsync(cancel);
        // FULL: a commit is on the disk before it is acknowledged. secure_delete: what is deleted is overwritten. Each time, because a pooled connection keeps what it was told last.
        await connection.ExecuteAsync($"PRAGMA journal_mode = WAL; PRAGMA synchronous = {(durable ? "FULL" : "NORMAL")}; PRAGMA secure_delete = ON");
        return connection;
    }

    // A transaction that writes has the whole file.
    public Task LockAuditAsync(DbConnection connection, DbTransaction transaction) => Task.CompletedTask;

    public Task LockSchemaAsync(DbConnection connection, DbTransaction transaction) => Task.CompletedTask;

    public Task ForgetDeletedAsync(DbConnection connection) => connection.ExecuteAsync("PRAGMA wal_checkpoint(TRUNCATE)");

    public bool IsDuplicate(DbException exception) => exception is SqliteException { SqliteErrorCode: 19 };
}

internal sealed class PostgresDialect : IDialect, IDisposable
{
    private const long AuditLock = 0x666F766561, SchemaLock = AuditLock + 1;
    private readonly NpgsqlDataSource _source;

    /// <param name="url"><c>postgres://user:password@host:port/database</c>.</param>
    /// <exception cref="ServiceException">It is no such address.</exception>
    public PostgresDialect(string url)
    {
        if (!Uri.TryCreate(url, UriKind.Absolute, out var uri) || uri.Scheme is not ("postgres" or "postgresql") || uri.AbsolutePath.Length < 2)
            throw new ServiceException("--database: not an address of PostgreSQL. Give postgres://USER:PASSWORD@HOST:PORT/DATABASE.");
        var user = uri.UserInfo.Split(':', 2);
        var connection = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host, Port = uri.Port > 0 ? uri.Port : 5432, Database = Uri.UnescapeDataString(uri.AbsolutePath[1..]), Username = Uri.UnescapeDataString(user[0]),
            Password = user.Length > 1 ? Uri.UnescapeDataString(user[1]) : null, ApplicationName = "fovea",
        };
        _source = NpgsqlDataSource.Create(connection);
    }

    public string Name => "postgres";

    public bool OneWriter => false;

    public string ForUpdate => " FOR UPDATE";

    public string AmongIds => "id = ANY(@ids)";

    public async Task<DbConnection> OpenAsync(CancellationToken cancel, bool durable = true) => await _source.OpenConnectionAsync(cancel);

    public Task LockAuditAsync(DbConnection connection, DbTransaction transaction) => connection.ExecuteAsync("SELECT pg_advisory_xact_lock(@key)", new { key = AuditLock }, transaction);

    public Task LockSchemaAsync(DbConnection connection, DbTransaction transaction) => connection.ExecuteAsync("SELECT pg_advisory_xact_lock(@key)", new { key = SchemaLock }, transaction);

    public Task ForgetDeletedAsync(DbConnection connection) => connection.ExecuteAsync("VACUUM annotations, reviews, results, images, examinations, patients");

    public bool IsDuplicate(DbException exception) => exception is PostgresException { SqlState: PostgresErrorCodes.UniqueViolation };

    public void Dispose() => _source.Dispose();
}
