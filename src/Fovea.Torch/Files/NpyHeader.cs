using System.Buffers.Binary;
using System.Globalization;
using System.Text;

namespace Fovea.Torch.Files;

/// <summary>
/// The header of an <c>.npy</c> file (numpy.lib.format, versions 1.0 to 3.0): magic, version, length, and a Python dict literal of exactly
/// <c>descr</c>, <c>fortran_order</c> and <c>shape</c>.
/// </summary>
internal sealed record NpyHeader(ScalarType Type, bool BigEndian, bool FortranOrder, long[] Shape, int Length)
{
    // numpy's own limit is 10,000 characters.
    private const int MaxLength = 1 << 16;
    private const int MaxRank = 64;

    // numpy leaves room for the first size to grow to 21 digits, so that an array can be appended to in place.
    private const int GrowthDigits = 21;
    private const string UnknownTypeRemedy = "Save it as uint8, int64, float32 or another plain number type.";

    private static ReadOnlySpan<byte> Magic => [0x93, (byte)'N', (byte)'U', (byte)'M', (byte)'P', (byte)'Y'];

    /// <summary>Bytes of data that follow the header.</summary>
    /// <exception cref="FormatFault">The shape is not possible.</exception>
    public long DataBytes => StoredTensor.TryByteCount(Type, Shape)
        ?? throw new FormatFault($"it declares an impossible shape {FormatFault.Shape(Shape)}");

    /// <summary>Reads and checks the header; afterwards the stream stands at the data.</summary>
    /// <param name="stream">Forward only.</param>
    /// <param name="fileLength">Bytes of the whole file.</param>
    /// <exception cref="FormatFault">The header is damaged, or the data's length is not what it says.</exception>
    public static NpyHeader Read(Stream stream, long fileLength)
    {
        if (fileLength == 0) throw new FormatFault("the file is empty");
        Span<byte> start = stackalloc byte[12];
        int got = stream.ReadAtLeast(start[..8], 8, throwOnEndOfStream: false);
        if (got < 8 || !start.StartsWith(Magic)) throw new FormatFault("not a .npy file");
        int version = start[6];
        if (version is not (1 or 2 or 3) || start[7] != 0) throw new FormatFault($"version {version}.{start[7]} of the .npy format is unknown");

        Span<byte> size = version == 1 ? start[8..10] : start[8..12];
        stream.ReadExactly(size);
        uint length = version == 1 ? BinaryPrimitives.ReadUInt16LittleEndian(size) : BinaryPrimitives.ReadUInt32LittleEndian(size);
        int prefix = 8 + size.Length;
        if (length > MaxLength || length > fileLength - prefix) throw new FormatFault($"it declares a header of {length} bytes");

        byte[] text = new byte[length];
        stream.ReadExactly(text);
        Encoding encoding = version == 3 ? Encoding.UTF8 : Encoding.Latin1;
        NpyHeader header = new PythonDictReader(encoding.GetString(text)).Read(prefix + text.Length);
        long expected = header.DataBytes, actual = fileLength - header.Length;
        return expected == actual
            ? header
            : throw new FormatFault($"its data has {actual} bytes, but {header.Type} {FormatFault.Shape(header.Shape)} takes {expected}");
    }

    /// <summary>The bytes that numpy.save writes before the data. Their number does not depend on the first size.</summary>
    /// <exception cref="NotSupportedException">numpy has no such type (bfloat16).</exception>
    public static byte[] Build(ScalarType type, ReadOnlySpan<long> shape)
    {
        string sizes = string.Join(", ", shape.ToArray());
        if (shape.Length == 1) sizes += ",";
        var text = new StringBuilder($"{{'descr': '{Descr(type)}', 'fortran_order': False, 'shape': ({sizes}), }}");
        if (shape.Length > 0) text.Append(' ', GrowthDigits - shape[0].ToString(CultureInfo.InvariantCulture).Length);
        do text.Append(' '); // numpy pads an aligned header too, by 64
        while ((10 + text.Length + 1) % 64 != 0);
        text.Append('\n');

        byte[] header = new byte[10 + text.Length];
        Magic.CopyTo(header);
        header[6] = 1;
        BinaryPrimitives.WriteUInt16LittleEndian(header.AsSpan(8), (ushort)text.Length);
        Encoding.ASCII.GetBytes(text.ToString(), header.AsSpan(10));
        return header;
    }

    private static string Descr(ScalarType type) => type switch
    {
        ScalarType.Bool => "|b1",
        ScalarType.UInt8 => "|u1",
        ScalarType.Int8 => "|i1",
        ScalarType.Int16 => "<i2",
        ScalarType.Int32 => "<i4",
        ScalarType.Int64 => "<i8",
        ScalarType.Float16 => "<f2",
        ScalarType.Float32 => "<f4",
        ScalarType.Float64 => "<f8",
        _ => throw new NotSupportedException($"numpy has no {type}; convert to Float32 first"),
    };

    private static (ScalarType Type, bool BigEndian) ParseDescr(string descr)
    {
        ScalarType? type = (descr.Length == 3 && descr[0] is '<' or '>' or '|' or '=') ? descr[1..] switch
        {
            "b1" => ScalarType.Bool,
            "u1" => ScalarType.UInt8,
            "i1" => ScalarType.Int8,
            "i2" => ScalarType.Int16,
            "i4" => ScalarType.Int32,
            "i8" => ScalarType.Int64,
            "f2" => ScalarType.Float16,
            "f4" => ScalarType.Float32,
            "f8" => ScalarType.Float64,
            _ => null,
        } : null;
        if (type is not { } known)
        {
            throw new FormatFault($"it holds elements of type {FormatFault.Printable(descr, 20)}, which Fovea does not read", UnknownTypeRemedy);
        }

        if (descr[0] == '|' && known.ElementSize() > 1) throw new FormatFault("its element type has no byte order");
        return (known, descr[0] == '>' && known.ElementSize() > 1);
    }

    /// <summary>Just enough of Python's literals: strings, True and False, a tuple of whole numbers.</summary>
    private ref struct PythonDictReader(string text)
    {
        private ReadOnlySpan<char> _rest = text;

        public NpyHeader Read(int length)
        {
            string? descr = null;
            bool? fortran = null;
            long[]? shape = null;
            Expect('{');
            while (!TryTake('}'))
            {
                string key = ReadString();
                Expect(':');
                switch (key)
                {
                    case "descr" when descr is null:
                        descr = Next() is '\'' or '"'
                            ? ReadString()
                            : throw new FormatFault("it is a structured array, which Fovea does not read", UnknownTypeRemedy);
                        break;
                    case "fortran_order" when fortran is null:
                        fortran = TryTake("True") || (TryTake("False") ? false : throw Damaged());
                        break;
                    case "shape" when shape is null:
                        shape = ReadShape();
                        break;
                    default:
                        throw Damaged();
                }

                if (TryTake(',')) continue;
                Expect('}');
                break;
            }

            if (Next() != '\0' || descr is null || fortran is null || shape is null) throw Damaged();
            (ScalarType type, bool bigEndian) = ParseDescr(descr);
            return new NpyHeader(type, bigEndian, fortran.Value, shape, length);
        }

        private long[] ReadShape()
        {
            var sizes = new List<long>();
            Expect('(');
            while (!TryTake(')'))
            {
                if (sizes.Count == MaxRank) throw new FormatFault($"it has more than {MaxRank} axes");
                sizes.Add(ReadNumber());
                if (TryTake(',')) continue;
                Expect(')');
                break;
            }

            return [.. sizes];
        }

        private long ReadNumber()
        {
            Next();
            int digits = 0;
            while (digits < _rest.Length && char.IsAsciiDigit(_rest[digits])) digits++;
            if (!long.TryParse(_rest[..digits], NumberStyles.None, CultureInfo.InvariantCulture, out long number)) throw Damaged();
            _rest = _rest[digits..];
            TryTake('L'); // Python 2 wrote long integers so
            return number;
        }

        private string ReadString()
        {
            char quote = Next();
            if (quote is not ('\'' or '"')) throw Damaged();
            int end = _rest[1..].IndexOf(quote);
            if (end < 0) throw Damaged();
            string value = _rest.Slice(1, end).ToString();
            _rest = _rest[(end + 2)..];
            return value;
        }

        private char Next()
        {
            _rest = _rest.TrimStart(" \t\r\n");
            return _rest.IsEmpty ? '\0' : _rest[0];
        }

        private bool TryTake(char c)
        {
            if (Next() != c || _rest.IsEmpty) return false;
            _rest = _rest[1..];
            return true;
        }

        private bool TryTake(string word)
        {
            Next();
            if (!_rest.StartsWith(word)) return false;
            _rest = _rest[word.Length..];
            return true;
        }

        private void Expect(char c)
        {
            if (!TryTake(c)) throw Damaged();
        }

        private static FormatFault Damaged() => new("its header is damaged");
    }
}
