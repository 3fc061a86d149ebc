using System.Data.Common;
using System.Globalization;
using Dapper;

namespace Fovea.Web.Storage;

/// <summary>One transaction: what is written through it is there as a whole or not at all.</summary>
internal sealed record Work(DbConnection Connection, DbTransaction? Transaction, IDialect Dialect)
{
    public Task<int> ExecuteAsync(string sql, object? values = null) => Connection.ExecuteAsync(sql, values, Transaction);

    public async Task<List<T>> QueryAsync<T>(string sql, object? values = null) => [.. await Connection.QueryAsync<T>(sql, values, Transaction)];

    public Task<T?> FirstAsync<T>(string sql, object? values = null) => Connection.QueryFirstOrDefaultAsync<T>(sql, values, Transaction);

    public Task<T?> ScalarAsync<T>(string sql, object? values = null) => Connection.ExecuteScalarAsync<T>(sql, values, Transaction);
}

/// <summary>The service's database.</summary>
internal sealed class Database(IDialect dialect) : IDisposable
{
    private const int Attempts = 5;
    private readonly SemaphoreSlim _writer = new(1, 1);

    static Database() => DefaultTypeMap.MatchNamesWithUnderscores = true;

    /// <exception cref="ServiceException">The address is none.</exception>
    public static Database Of(ServiceOptions options) => new(options.DatabaseUrl is { } url ? new PostgresDialect(url) : new SqliteDialect(options.DatabaseFile));

    public IDialect Dialect => dialect;

    /// <summary>Now, as it is stored: ISO 8601 UTC to the millisecond.</summary>
    public static string Now => Time(DateTimeOffset.UtcNow);

    public static string Time(DateTimeOffset time) => time.UtcDateTime.ToString("yyyy-MM-dd'T'HH:mm:ss.fff'Z'", CultureInfo.InvariantCulture);

    public static DateTimeOffset Time(string time) => DateTimeOffset.Parse(time, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal);

    /// <summary>An id that cannot be guessed and that sorts by the time it was made.</summary>
    public static string NewId() => Guid.CreateVersion7().ToString();

    public async Task<T> ReadAsync<T>(Func<Work, Task<T>> read, CancellationToken cancel = default)
    {
        await using var connection = await dialect.OpenAsync(cancel);
        return await read(new Work(connection, null, dialect));
    }

    /// <summary>Runs a transaction. What it did is on the disk when this returns; when it throws, nothing was done. It may run again after a deadlock.</summary>
    public Task<T> WriteAsync<T>(Func<Work, Task<T>> write, CancellationToken cancel = default) => WriteAsync(write, durable: true, cancel);

    /// <summary>The same for what need not outlive a loss of power, only this process: it does not wait for the disk where the database can do without.</summary>
    public Task<T> WriteLooselyAsync<T>(Func<Work, Task<T>> write, CancellationToken cancel = default) => WriteAsync(write, durable: false, cancel);

    private async Task<T> WriteAsync<T>(Func<Work, Task<T>> write, bool durable, CancellationToken cancel)
    {
        if (dialect.OneWriter) await _writer.WaitAsync(cancel);
        try
        {
            for (var attempt = 1; ; attempt++)
            {
                await using var connection = await dialect.OpenAsync(cancel, durable);
                await using var transaction = await connection.BeginTransactionAsync(cancel);
                try
                {
                    var result = await write(new Work(connection, transaction, dialect));
                    await transaction.CommitAsync(CancellationToken.None);
                    return result;
                }
                catch (DbException e) when (e.IsTransient && attempt < Attempts && !dialect.OneWriter)
                {
                    await Task.Delay(TimeSpan.FromMilliseconds(20 * attempt), cancel);
                }
            }
        }
        finally
        {
            if (dialect.OneWriter) _writer.Release();
        }
    }

    public Task WriteAsync(Func<Work, Task> write, CancellationToken cancel = default) => WriteAsync(async work =>
    {
        await write(work);
        return true;
    }, cancel);

    public async Task ForgetDeletedAsync()
    {
        await using var connection = await dialect.OpenAsync(CancellationToken.None);
        await dialect.ForgetDeletedAsync(connection);
    }

    public void Dispose()
    {
        _writer.Dispose();
        (dialect as IDisposable)?.Dispose();
    }
}
