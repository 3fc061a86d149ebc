using System.CommandLine;
using System.Text.Encodings.Web;
using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Cli;

/// <summary>
/// What <c>--json</c> means everywhere: one document on stdout with camelCase keys, or one line per image (JSON Lines) where there are many.
/// A number that is not finite (an AUC without positives) is <c>null</c>, since JSON has no NaN.
/// </summary>
internal static class JsonOutput
{
    private static readonly JsonSerializerOptions Compact = Options(indented: false);
    private static readonly JsonSerializerOptions Document = Options(indented: true);

    /// <summary>The option that a verb adds when it prints results.</summary>
    public static Option<bool> Option() => new("--json") { Description = "Print results as JSON for machines." };

    /// <summary>Prints the one result of a verb, indented.</summary>
    public static void Write<T>(T result) => Console.Out.WriteLine(Text(result));

    /// <summary>The one result of a verb, indented, for a file.</summary>
    public static string Text<T>(T result) => JsonSerializer.Serialize(result, Document);

    /// <summary>Prints one of many results on a line of its own.</summary>
    public static void WriteLine<T>(T result) => Console.Out.WriteLine(Line(result));

    /// <summary>One result as one line of JSON, without its end.</summary>
    public static string Line<T>(T result) => JsonSerializer.Serialize(result, Compact);

    private static JsonSerializerOptions Options(bool indented) => new(JsonSerializerDefaults.Web)
    {
        WriteIndented = indented,
        // Output goes to terminals and files, never into a web page: "Größe.jpg" stays readable.
        Encoder = JavaScriptEncoder.UnsafeRelaxedJsonEscaping,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase), new FiniteOrNull(), new FiniteOrNullSingle() },
    };

    private sealed class FiniteOrNull : JsonConverter<double>
    {
        public override double Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetDouble();

        public override void Write(Utf8JsonWriter writer, double value, JsonSerializerOptions options)
        {
            if (double.IsFinite(value))
                writer.WriteNumberValue(value);
            else
                writer.WriteNullValue();
        }
    }

    private sealed class FiniteOrNullSingle : JsonConverter<float>
    {
        public override float Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options) => reader.GetSingle();

        public override void Write(Utf8JsonWriter writer, float value, JsonSerializerOptions options)
        {
            if (float.IsFinite(value))
                writer.WriteNumberValue(value);
            else
                writer.WriteNullValue();
        }
    }
}
