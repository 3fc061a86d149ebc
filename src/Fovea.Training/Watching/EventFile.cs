using System.Buffers.Binary;
using System.Numerics;
using System.Text;

namespace Fovea.Training.Watching;

/// <summary>
/// A TensorBoard event file, written as it grows: records of TFRecord (length, masked CRC-32C of it, bytes, masked CRC-32C of them), each a tensorflow.Event in protocol-buffer encoding.
/// Five fields of four messages are all that is needed, hence no protocol-buffer library (docs/decisions/0014).
/// </summary>
public sealed class EventFile : IDisposable
{
    private readonly FileStream _file;

    /// <param name="path">Written on at where it is there. TensorBoard looks for <c>tfevents</c> in the name.</param>
    /// <param name="began">Time of the first record; null: now.</param>
    public EventFile(string path, DateTimeOffset? began = null)
    {
        _file = new FileStream(path, FileMode.Append, FileAccess.Write, FileShare.ReadWrite | FileShare.Delete);
        if (_file.Length == 0) Write(began ?? DateTimeOffset.UtcNow, 0, Message.Text(3, "brain.Event:2"));
    }

    /// <summary>One number of a curve.</summary>
    /// <param name="tag">What is before its slash groups curves: <c>validation/loss</c>.</param>
    /// <param name="value">float32; not a number shows as a gap.</param>
    public void Scalar(string tag, long step, double value, DateTimeOffset time) =>
        Write(time, step, Message.Nested(5, Message.Nested(1, Message.Text(1, tag).Concat(Message.Float(2, (float)value)))));

    /// <summary>One picture.</summary>
    /// <param name="encoded">PNG or JPEG.</param>
    public void Image(string tag, long step, int width, int height, byte[] encoded, DateTimeOffset time)
    {
        var image = Message.Integer(1, height).Concat(Message.Integer(2, width)).Concat(Message.Integer(3, 3)).Concat(Message.Bytes(4, encoded)); // 3: RGB
        Write(time, step, Message.Nested(5, Message.Nested(1, Message.Text(1, tag).Concat(Message.Nested(4, image)))));
    }

    private void Write(DateTimeOffset time, long step, IEnumerable<byte> what)
    {
        byte[] data = [.. Message.Double(1, time.ToUnixTimeMilliseconds() / 1000.0), .. Message.Integer(2, step), .. what];
        var record = new byte[12 + data.Length + 4];
        BinaryPrimitives.WriteInt64LittleEndian(record, data.Length);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(8), Masked(record.AsSpan(0, 8)));
        data.CopyTo(record, 12);
        BinaryPrimitives.WriteUInt32LittleEndian(record.AsSpan(12 + data.Length), Masked(data));
        _file.Write(record); // whole, so that a reader meets no half of one but at a kill
        _file.Flush();
    }

    /// <summary>TFRecord turns a checksum about and adds a constant, since sums of data that hold sums are weak.</summary>
    internal static uint Masked(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var b in bytes) crc = BitOperations.Crc32C(crc, b);
        return BitOperations.RotateRight(~crc, 15) + 0xa282ead8;
    }

    public void Dispose() => _file.Dispose();

    /// <summary>Fields of a protocol-buffer message: a key (number · 8 + wire type), then the value.</summary>
    private static class Message
    {
        internal static IEnumerable<byte> Integer(int field, long value) => [.. Varint((ulong)field << 3), .. Varint((ulong)value)];

        internal static IEnumerable<byte> Double(int field, double value)
        {
            var bytes = new byte[8];
            BinaryPrimitives.WriteDoubleLittleEndian(bytes, value);
            return [.. Varint((ulong)field << 3 | 1), .. bytes];
        }

        internal static IEnumerable<byte> Float(int field, float value)
        {
            var bytes = new byte[4];
            BinaryPrimitives.WriteSingleLittleEndian(bytes, value);
            return [.. Varint((ulong)field << 3 | 5), .. bytes];
        }

        internal static IEnumerable<byte> Text(int field, string text) => Bytes(field, Encoding.UTF8.GetBytes(text));

        internal static IEnumerable<byte> Nested(int field, IEnumerable<byte> message) => Bytes(field, [.. message]);

        internal static IEnumerable<byte> Bytes(int field, byte[] bytes) => [.. Varint((ulong)field << 3 | 2), .. Varint((ulong)bytes.Length), .. bytes];

        private static List<byte> Varint(ulong value)
        {
            var bytes = new List<byte>();
            for (; value >= 0x80; value >>= 7) bytes.Add((byte)(value | 0x80));
            bytes.Add((byte)value);
            return bytes;
        }
    }
}
