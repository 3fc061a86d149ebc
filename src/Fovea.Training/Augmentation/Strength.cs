using System.Text.Json;
using System.Text.Json.Serialization;

namespace Fovea.Training.Augmentation;

/// <summary>
/// How strongly, and how often, one augmentation acts: with <paramref name="Probability"/> a value uniform in <paramref name="Low"/> … <paramref name="High"/>.
/// 0 leaves the picture as it is, in every augmentation. In JSON: <c>15</c> (±15, or 0 to 15 where a negative value has no meaning), <c>[0, 0.2]</c>, or
/// <c>{ "range": [0, 0.2], "probability": 0.5 }</c>.
/// </summary>
[JsonConverter(typeof(SignedStrengthConverter))]
public readonly record struct Strength(double Low, double High, double Probability = 1)
{
    public static Strength PlusMinus(double value, double probability = 1) => new(-value, value, probability);

    public static Strength UpTo(double value, double probability = 1) => new(0, value, probability);

    public static Strength Exactly(double value) => new(value, value);

    /// <summary>Changes nothing: the default.</summary>
    public bool IsOff => this == default || (Low == 0 && High == 0) || Probability == 0;

    /// <summary>A value, or null where the augmentation does not act this time. Two draws.</summary>
    internal double? Draw(SeededRandom random)
    {
        var acts = random.NextDouble() < Probability;
        var value = random.NextDouble(Low, High);
        return acts && value != 0 ? value : null;
    }

    /// <summary>The reason why this cannot be done, or null.</summary>
    internal string? Problem(string name, double min, double max) =>
        IsOff ? null
        : !(Low <= High) ? $"the {name} from {Low} to {High} is no range"
        : !(Low >= min && High <= max) ? $"a {name} of {(Low >= min ? High : Low)} is not possible ({min} to {max} are)"
        : !(Probability is >= 0 and <= 1) ? $"the {name} has the probability {Probability} (0 to 1 are possible)"
        : null;
}

/// <summary>A number alone is ± that number.</summary>
internal sealed class SignedStrengthConverter() : StrengthConverter(signed: true);

/// <summary>A number alone is 0 to that number.</summary>
internal sealed class MagnitudeConverter() : StrengthConverter(signed: false);

internal abstract class StrengthConverter(bool signed) : JsonConverter<Strength>
{
    public override Strength Read(ref Utf8JsonReader reader, Type typeToConvert, JsonSerializerOptions options)
    {
        if (reader.TokenType != JsonTokenType.StartObject) return Normal(ReadRange(ref reader));
        (double Low, double High)? range = null;
        var probability = 1.0;
        while (reader.Read() && reader.TokenType == JsonTokenType.PropertyName)
        {
            var key = reader.GetString();
            reader.Read();
            if (key == "range") range = ReadRange(ref reader);
            else if (key == "probability") probability = ReadNumber(ref reader);
            else throw new JsonException();
        }
        return range is { } r ? Normal(r, probability) : throw new JsonException();
    }

    public override void Write(Utf8JsonWriter writer, Strength value, JsonSerializerOptions options)
    {
        if (value.IsOff)
        {
            writer.WriteNumberValue(0);
            return;
        }
        if (value.Probability != 1)
        {
            writer.WriteStartObject();
            writer.WritePropertyName("range");
        }
        if (value.High >= 0 && value.Low == (signed ? -value.High : 0)) writer.WriteNumberValue(value.High);
        else
        {
            writer.WriteStartArray();
            writer.WriteNumberValue(value.Low);
            writer.WriteNumberValue(value.High);
            writer.WriteEndArray();
        }
        if (value.Probability == 1) return;
        writer.WriteNumber("probability", value.Probability);
        writer.WriteEndObject();
    }

    private static Strength Normal((double Low, double High) range, double probability = 1) =>
        range == (0, 0) || probability == 0 ? default : new Strength(range.Low, range.High, probability);

    private (double Low, double High) ReadRange(ref Utf8JsonReader reader)
    {
        if (reader.TokenType == JsonTokenType.StartArray)
        {
            reader.Read();
            var low = ReadNumber(ref reader);
            reader.Read();
            var high = ReadNumber(ref reader);
            return reader.Read() && reader.TokenType == JsonTokenType.EndArray ? (low, high) : throw new JsonException();
        }
        var value = ReadNumber(ref reader);
        return (signed ? -value : 0, value);
    }

    private static double ReadNumber(ref Utf8JsonReader reader) =>
        reader.TokenType == JsonTokenType.Number && reader.TryGetDouble(out var value) && double.IsFinite(value) ? value : throw new JsonException();
}
