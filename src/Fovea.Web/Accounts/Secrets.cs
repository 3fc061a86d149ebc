using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Identity;

namespace Fovea.Web.Accounts;

/// <summary>Random secrets and what is kept of them. The database never holds a secret that opens something.</summary>
internal static class Secrets
{
    public const string KeyPrefix = "fovea_";
    public const int LeastPasswordLength = 12, MostPasswordLength = 200;

    private static readonly PasswordHasher<string> Hasher = new(Microsoft.Extensions.Options.Options.Create(new PasswordHasherOptions { IterationCount = 210_000 }));

    // What is compared when there is no such user, so that the time of the answer does not tell.
    private static readonly Lazy<string> Nobody = new(() => Hasher.HashPassword("", NewToken()));

    /// <summary>32 random bytes as base64url.</summary>
    public static string NewToken() => Microsoft.AspNetCore.WebUtilities.WebEncoders.Base64UrlEncode(RandomNumberGenerator.GetBytes(32));

    /// <summary>Of a random token, whose own strength makes a slow hash needless.</summary>
    public static string HashOf(string token) => Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(token)));

    public static string HashPassword(string password) => Hasher.HashPassword("", password);

    public static bool Verify(string? hash, string password)
    {
        var right = Hasher.VerifyHashedPassword("", hash ?? Nobody.Value, password) != PasswordVerificationResult.Failed;
        return right && hash is not null;
    }

    /// <exception cref="Hosting.RequestException">Too short, too long, or the user's own name.</exception>
    public static void RequireGood(string? password, string name)
    {
        var problem = password is null || password.Length < LeastPasswordLength ? $"shorter than {LeastPasswordLength} characters. Take several words."
            : password.Length > MostPasswordLength ? $"longer than {MostPasswordLength} characters. Take a shorter one."
            : password.Distinct().Count() < 5 || password.Contains(name, StringComparison.OrdinalIgnoreCase) ? "easily guessed. Take several words that do not hold your name."
            : null;
        if (problem is not null) throw new Hosting.RequestException(400, "weak-password", $"the password: {problem}");
    }
}
