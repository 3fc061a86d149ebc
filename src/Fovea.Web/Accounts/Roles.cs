namespace Fovea.Web.Accounts;

/// <summary>What a person or a program may do. One may have several.</summary>
internal static class Roles
{
    public const string Operator = "operator", Grader = "grader", Ophthalmologist = "ophthalmologist", Administrator = "administrator";

    public static IReadOnlyList<string> All { get; } = [Operator, Grader, Ophthalmologist, Administrator];

    /// <summary>Whoever registers patients and takes photographs.</summary>
    public static readonly string[] Registering = [Operator, Administrator];

    /// <summary>Whoever grades.</summary>
    public static readonly string[] Reading = [Grader, Ophthalmologist];

    public static readonly string[] Exporting = [Grader, Ophthalmologist, Administrator];

    public static readonly string[] Administering = [Administrator];

    public static readonly string[] Any = [.. All];

    /// <summary>Role names joined as the database has them.</summary>
    public static string Join(IEnumerable<string> roles) => string.Join(' ', All.Where(roles.Contains));

    public static string[] Split(string roles) => roles.Split(' ', StringSplitOptions.RemoveEmptyEntries);

    /// <exception cref="Hosting.RequestException">None, or one that there is not.</exception>
    public static string Checked(IReadOnlyList<string>? roles)
    {
        if (roles is null || roles.Count == 0) throw Hosting.Faults.Invalid("roles", "none is given. Give one or several of operator, grader, ophthalmologist, administrator.");
        if (roles.FirstOrDefault(r => !All.Contains(r)) is not null) throw Hosting.Faults.Invalid("roles", "there is no such role. Give some of operator, grader, ophthalmologist, administrator.");
        return Join(roles);
    }
}
