namespace Fovea.Web.Review;

/// <summary>Where an image's review stands.</summary>
internal static class ReviewStates
{
    public const string None = "none", AwaitingFirst = "awaitingFirst", AwaitingSecond = "awaitingSecond", AwaitingArbitration = "awaitingArbitration", Final = "final";
}
