using Fovea.Models;
using Fovea.Torch;

namespace Fovea.Explanation;

/// <summary>The number whose causes a map shows: what in the logits speaks for a grade.</summary>
/// <remarks>
/// <list type="bullet">
/// <item>Softmax: the grade's logit.</item>
/// <item>Ordinal: for grade g &gt; 0 the sum of the logits of "grade &gt; 0" … "grade &gt; g−1", the bits that must be on; for grade 0 minus the logit of "grade &gt; 0", the bit that must be off.</item>
/// <item>CORN: as ordinal; the logits are those of "grade &gt; k, given that it reaches k".</item>
/// <item>Three heads: the grade's logit of the softmax head.</item>
/// <item>Regression: the value itself, whatever the grade: the map shows what raises it.</item>
/// </list>
/// Logits, not probabilities: a probability near 1 has a gradient near 0.
/// </remarks>
public static class ExplanationTarget
{
    /// <returns>From logits [N, outputs] to one number an image, [N].</returns>
    /// <exception cref="ArgumentOutOfRangeException">The head has no such grade.</exception>
    public static Func<Tensor, Tensor> For(HeadSpec head, int grade)
    {
        ArgumentNullException.ThrowIfNull(head);
        ArgumentOutOfRangeException.ThrowIfNegative(grade);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(grade, head.Classes);
        var first = head.AlwaysOnBit ? 1 : 0;
        return head.Kind switch
        {
            HeadKind.Softmax => logits => logits.Select(1, grade),
            HeadKind.ThreeHeads => logits => logits.Select(1, 1 + grade),
            HeadKind.Ordinal or HeadKind.Corn when grade == 0 => logits => -logits.Select(1, first),
            HeadKind.Ordinal or HeadKind.Corn => logits => logits.Narrow(1, first, grade).Sum([1]),
            _ => logits => logits.Select(1, 0),
        };
    }
}
