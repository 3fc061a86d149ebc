using Fovea.Web.Accounts;
using Fovea.Web.Images;

namespace Fovea.Web.Review;

internal sealed record ReviewRow
{
    public string Id { get; init; } = "";
    public string ImageId { get; init; } = "";
    public long Position { get; init; }
    public string Decision { get; init; } = "";
    public long? Grade { get; init; }
    public long Ungradable { get; init; }
    public string Reason { get; init; } = "";
    public string ReaderId { get; init; } = "";
    public string Reader { get; init; } = "";
    public string CreatedAt { get; init; } = "";
    public long? Seconds { get; init; }

    public string Role => RoleOf(Position);

    public static string RoleOf(long position) => position switch { 1 => "first", 2 => "second", _ => "arbitration" };

    /// <summary>Two readers say the same.</summary>
    public bool Equals(long? grade, bool ungradable) => Grade == grade && (Ungradable != 0) == ungradable;
}

internal sealed record OneReview(string Id, string ImageId, string Role, string Decision, long? Grade, bool Ungradable, string Reason, string Reader, string CreatedAt, long? Seconds)
{
    public static OneReview Of(ReviewRow r) => new(r.Id, r.ImageId, r.Role, r.Decision, r.Grade, r.Ungradable != 0, r.Reason, r.Reader, r.CreatedAt, r.Seconds);
}

/// <summary>Where the review of an image stands, as one caller may see it.</summary>
/// <param name="Done">Reviews made, those of others counted.</param>
/// <param name="Reviews">All once it is final, and all for whoever may arbitrate; before that only one's own.</param>
/// <param name="NextRole">What the next review will be: first, second or arbitration; null where none is wanted.</param>
internal sealed record ReviewAnswer(
    string State, long? FinalGrade, bool FinalUngradable, int Done, OneReview? Mine, IReadOnlyList<OneReview> Reviews, bool CanReview, string? NextRole)
{
    public static ReviewAnswer Of(ImageRow image, IReadOnlyList<ReviewRow> reviews, Caller caller)
    {
        var mine = reviews.FirstOrDefault(r => r.ReaderId == caller.Id);
        var open = image.Review is ReviewStates.AwaitingFirst or ReviewStates.AwaitingSecond or ReviewStates.AwaitingArbitration;
        var can = open && mine is null && caller.SessionHash is not null && caller.Is(image.Review == ReviewStates.AwaitingArbitration ? [Roles.Ophthalmologist] : Roles.Reading);
        // Whoever may still read must not know what the other reader said; administrators and operators neither, who may sit beside them.
        var all = image.Review == ReviewStates.Final || (image.Review == ReviewStates.AwaitingArbitration && can);
        return new ReviewAnswer(image.Review, image.FinalGrade, image.FinalUngradable != 0, reviews.Count, mine is null ? null : OneReview.Of(mine),
            [.. reviews.Where(r => all || r.ReaderId == caller.Id).Select(OneReview.Of)], can, open ? ReviewRow.RoleOf(reviews.Count + 1) : null);
    }
}
