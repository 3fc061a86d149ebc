using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using Fovea.Calibration;
using Fovea.Preprocessing;

namespace Fovea.Models;

/// <summary>What the card of a packed ensemble says beside that of one network.</summary>
/// <param name="Rule">How the members' opinions become one.</param>
/// <param name="Members">Their cards, each with its own preprocessing, head and decoding; 2 to <see cref="MaxMembers"/>, none of them an ensemble.</param>
public sealed record CardEnsemble(EnsembleSpec Rule, IReadOnlyList<ModelCard> Members)
{
    /// <summary>Most members of a file.</summary>
    public const int MaxMembers = 32;

    /// <summary>What stands for a network's name in an ensemble's card.</summary>
    public const string Architecture = "ensemble";

    /// <summary>How an explanation of an ensemble comes about, for the card.</summary>
    public string Explanation { get; init; } = "the mean of the members' heat maps";

    /// <summary>The card of an ensemble whose members stand as they are.</summary>
    /// <param name="rule">How their opinions become one.</param>
    /// <param name="members">Their cards.</param>
    /// <exception cref="ArgumentException">They cannot be packed together; the message says why.</exception>
    public static ModelCard CardOf(EnsembleSpec rule, IReadOnlyList<ModelCard> members)
    {
        ArgumentNullException.ThrowIfNull(members);
        if (members.Count == 0) throw new ArgumentException("an ensemble without members", nameof(members));
        var first = members[0];
        string[] licences = [.. members.Select(m => m.Licence).Distinct()];
        var card = new ModelCard
        {
            Task = first.Task, Architecture = Architecture, Preprocessing = first.Preprocessing, Head = HeadOf(rule, first.Head.Classes), Classes = first.Classes,
            Decoding = new DecodingSpec { ReferableFrom = first.Decoding.ReferableFrom }, Licence = string.Join(" AND ", licences), Data = [.. members.SelectMany(m => m.Data).Distinct()],
            Ensemble = new CardEnsemble(rule, members),
        };
        return card.Problem() is { } problem ? throw new ArgumentException(problem, nameof(members)) : card;
    }

    /// <summary>What the combined opinion is read as: a linear rule gives a number, the others probabilities, whose logarithms are logits.</summary>
    internal static HeadSpec HeadOf(EnsembleSpec rule, int classes) => new(rule.Kind == EnsembleKind.Linear ? HeadKind.Regression : HeadKind.Softmax, classes);

    /// <summary>Whether two specifications make the same of every photograph.</summary>
    internal static bool Same(PreprocessingSpec a, PreprocessingSpec b) => JsonSerializer.Serialize(a, ModelCard.Json) == JsonSerializer.Serialize(b, ModelCard.Json);

    /// <summary>Stands for all weights: the SHA-256 of the members' own, one a line.</summary>
    internal static string Sha256(IEnumerable<ModelCard> members) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(string.Concat(members.Select(m => m.WeightsSha256 + "\n")))));

    /// <summary>The reason why a card with this in it is impossible, or null.</summary>
    internal string? Problem(ModelCard card)
    {
        if (Rule is null || Members is null || Members.Contains(null!)) return "an ensemble without a rule, or with an empty member";
        if (Members.Count is < 2 or > MaxMembers) return $"an ensemble of {Members.Count} (2 to {MaxMembers} are possible)";
        for (var i = 0; i < Members.Count; i++)
        {
            var member = Members[i];
            if (member.Ensemble is not null) return $"its member {i + 1} is an ensemble itself; one within another is not possible";
            if (member.Problem() is { } problem) return $"its member {i + 1}: {problem}";
            if (member.Task != card.Task) return $"its member {i + 1} is for {ModelCard.OneLine(member.Task)}, not for {ModelCard.OneLine(card.Task)}";
            if (!member.Classes.SequenceEqual(card.Classes)) return $"the classes of its member {i + 1} are others than the ensemble's";
            if (member.Decoding.ReferableFrom != card.Decoding.ReferableFrom) return $"its member {i + 1} refers from grade {member.Decoding.ReferableFrom}, the ensemble from {card.Decoding.ReferableFrom}";
        }
        if (Rule.Problem(Members.Count) is { } rule) return rule;
        if (card.Architecture != Architecture) return $"an ensemble whose architecture is {ModelCard.OneLine(card.Architecture)}";
        if (card.Head != HeadOf(Rule, card.Classes.Count)) return "the ensemble's head is not that of its rule";
        return Same(card.Preprocessing, Members[0].Preprocessing) ? null : "the ensemble's preprocessing is not its first member's";
    }
}
