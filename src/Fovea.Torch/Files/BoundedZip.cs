using System.IO.Compression;

namespace Fovea.Torch.Files;

/// <summary>
/// Reads a zip file that may be hostile: declared sizes are bounded before anything is allocated, names are unique, checksums are checked, and
/// nothing
/// is ever extracted to a path. Every problem of the content is an <see cref="InvalidDataException"/> whose message is the reason.
/// </summary>
public sealed class BoundedZip : IDisposable
{
    // Deflate cannot expand by more than 1032:1, so an entry that claims more lies.
    private const long DeflateLimit = 1032;

    private readonly ZipArchive _archive;
    private readonly Dictionary<string, ZipArchiveEntry> _entries = new(StringComparer.Ordinal);

    /// <param name="stream">Seekable; disposed with this object.</param>
    /// <param name="maxTotalBytes">Upper bound of the sum of the entries' uncompressed sizes.</param>
    /// <exception cref="InvalidDataException">Not a zip file, a damaged one, two entries of one name, or sizes beyond the bound.</exception>
    public BoundedZip(Stream stream, long maxTotalBytes)
    {
        ArgumentNullException.ThrowIfNull(stream);
        long fileLength = stream.Length;
        _archive = Checked(() => new ZipArchive(stream, ZipArchiveMode.Read));
        try
        {
            Int128 total = 0;
            foreach (ZipArchiveEntry entry in Checked(() => _archive.Entries))
            {
                string name = FormatFault.Printable(entry.FullName);
                if (!_entries.TryAdd(entry.FullName, entry)) throw new InvalidDataException($"the zip holds \"{name}\" twice");
                if (entry.Length < 0 || entry.CompressedLength < 0 || entry.CompressedLength > fileLength
                    || entry.Length > (entry.CompressedLength * (Int128)DeflateLimit) + 64)
                {
                    throw new InvalidDataException($"the zip entry \"{name}\" declares an impossible size of {entry.Length} bytes");
                }

                total += entry.Length;
                if (total > maxTotalBytes) throw new InvalidDataException($"unpacked it would take more than {maxTotalBytes >> 20} MiB");
            }
        }
        catch
        {
            _archive.Dispose();
            throw;
        }
    }

    /// <summary>Opens a file on disk.</summary>
    /// <inheritdoc cref="BoundedZip(Stream, long)"/>
    /// <exception cref="IOException">The file cannot be opened.</exception>
    public static BoundedZip Open(string path, long maxTotalBytes)
    {
        var stream = new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.Read);
        try
        {
            return new BoundedZip(stream, maxTotalBytes);
        }
        catch
        {
            stream.Dispose();
            throw;
        }
    }

    /// <summary>Names of the entries, in the archive's order.</summary>
    public IEnumerable<string> Names => _entries.Keys;

    public bool Contains(string name) => _entries.ContainsKey(name);

    /// <summary>Uncompressed size of an entry, in bytes.</summary>
    /// <exception cref="InvalidDataException">There is no such entry.</exception>
    public long Length(string name) => Find(name).Length;

    /// <summary>The whole entry.</summary>
    /// <exception cref="InvalidDataException">There is no such entry, it is longer than <paramref name="maxBytes"/>, or damaged.</exception>
    public byte[] ReadAll(string name, long maxBytes)
    {
        long length = Length(name);
        if (length > Math.Min(maxBytes, Array.MaxLength))
        {
            long allowed = Math.Min(maxBytes, Array.MaxLength);
            throw new InvalidDataException($"the zip entry \"{FormatFault.Printable(name)}\" takes {length} bytes; {allowed} are allowed");
        }

        byte[] bytes = GC.AllocateUninitializedArray<byte>((int)length);
        using Stream stream = OpenRead(name);
        stream.ReadExactly(bytes);
        return bytes;
    }

    /// <summary>
    /// A forward stream of exactly <see cref="Length"/> bytes. The read that reaches the end checks length and checksum. One entry is open at a time.
    /// </summary>
    /// <exception cref="InvalidDataException">There is no such entry, or it is damaged (also thrown by reads).</exception>
    public Stream OpenRead(string name)
    {
        ZipArchiveEntry entry = Find(name);
        Stream stream = Checked(entry.Open);
        return new VerifiedStream(stream, FormatFault.Printable(name), entry.Length, entry.Crc32);
    }

    public void Dispose() => _archive.Dispose();

    private ZipArchiveEntry Find(string name) => _entries.TryGetValue(name, out ZipArchiveEntry? entry)
        ? entry
        : throw new InvalidDataException($"the zip has no \"{FormatFault.Printable(name)}\"");

    // ZipArchive lets several kinds of exception out of damaged input.
    private static T Checked<T>(Func<T> act)
    {
        try
        {
            return act();
        }
        catch (Exception e) when (e is InvalidDataException or EndOfStreamException or IOException or ArgumentException or OverflowException
            or NotSupportedException)
        {
            throw new InvalidDataException("not a zip file, or a damaged one", e);
        }
    }

    private sealed class VerifiedStream(Stream inner, string name, long length, uint expectedCrc) : Stream
    {
        private long _position;
        private uint _crc;
        private bool _verified;

        public override bool CanRead => true;
        public override bool CanSeek => false;
        public override bool CanWrite => false;
        public override long Length => throw new NotSupportedException();
        public override long Position { get => _position; set => throw new NotSupportedException(); }

        public override int Read(Span<byte> buffer)
        {
            if (buffer.IsEmpty) return 0;
            int wanted = (int)Math.Min(buffer.Length, length - _position);
            int got = wanted == 0 ? 0 : Checked(buffer[..wanted]);
            if (got == 0 && wanted > 0) throw new InvalidDataException($"the zip entry \"{name}\" ends after {_position} of {length} bytes");
            _crc = Crc32.Update(_crc, buffer[..got]);
            _position += got;
            if (_position == length && !_verified) Verify();
            return got;
        }

        public override int Read(byte[] buffer, int offset, int count) => Read(buffer.AsSpan(offset, count));
        public override void Flush() { }
        public override long Seek(long offset, SeekOrigin origin) => throw new NotSupportedException();
        public override void SetLength(long value) => throw new NotSupportedException();
        public override void Write(byte[] buffer, int offset, int count) => throw new NotSupportedException();

        protected override void Dispose(bool disposing)
        {
            if (disposing) inner.Dispose();
            base.Dispose(disposing);
        }

        private void Verify()
        {
            _verified = true;
            Span<byte> more = stackalloc byte[1];
            if (Checked(more) != 0) throw new InvalidDataException($"the zip entry \"{name}\" is longer than it declares");
            if (_crc != expectedCrc) throw new InvalidDataException($"the checksum of the zip entry \"{name}\" is wrong: its bytes were changed");
        }

        private int Checked(Span<byte> buffer)
        {
            try
            {
                return inner.Read(buffer);
            }
            catch (Exception e) when (e is InvalidDataException or ArgumentException or NotSupportedException)
            {
                throw new InvalidDataException($"the zip entry \"{name}\" is damaged", e);
            }
        }
    }
}
