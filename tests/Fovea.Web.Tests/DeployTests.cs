using System.CommandLine;
using System.Diagnostics;
using System.Text.RegularExpressions;
using Fovea.Web.Commands;

namespace Fovea.Web.Tests;

/// <summary>What deploy/ and docs/ say of the service's commands is what there is. The machines that they are for are not here: systemd's own check runs where it is installed, the containers are not started.</summary>
public sealed partial class DeployTests
{
    private static readonly string Root = FindRoot();

    /// <summary>The command lines of the unit and of the compose file.</summary>
    public static IEnumerable<TheoryDataRow<string>> Lines =>
    [
        .. File.ReadLines(Deploy("fovea.service")).Where(l => l.StartsWith("ExecStart=", StringComparison.Ordinal)).Select(l => l[(l.IndexOf("Fovea.Web.dll", StringComparison.Ordinal) + 14)..]),
        .. File.ReadLines(Deploy("compose.yaml")).Select(l => Command().Match(l)).Where(m => m.Success).Select(m => string.Join(' ', m.Groups[1].Value.Split(',').Select(w => w.Trim(' ', '"')))),
    ];

    [Theory]
    [MemberData(nameof(Lines))]
    public void CommandLines_OfDeploy_ArePossible(string line)
    {
        var root = new RootCommand();
        foreach (var verb in ServiceCommands.Create((_, _) => Task.FromResult(0))) root.Add(verb);
        var parse = root.Parse(line.Split(' '));
        Assert.Empty(parse.Errors);
        Assert.Contains(parse.CommandResult.Command.Name, (string[])["serve", "worker"]);
    }

    [Fact]
    public void Deploy_HasTheUnitsLineAndTheContainersTwo() => Assert.Equal(3, Lines.Count());

    [Fact]
    public void Compose_IsYamlWhosePartsFitTogether()
    {
        const string check = """
            import sys, yaml
            c = yaml.safe_load(open(sys.argv[1]))
            for name, s in c['services'].items():
                assert 'image' in s, name
                for d in s.get('depends_on', {}): assert 'healthcheck' in c['services'][d], d
                for v in s.get('volumes', []):
                    source = v.split(':')[0]
                    assert source.startswith('./') or source in c['volumes'], v
            print(' '.join(sorted(c['services'])))
            """;
        using var python = Process.Start(new ProcessStartInfo("python3", ["-c", check, Deploy("compose.yaml")]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
        var (output, error) = (python.StandardOutput.ReadToEnd(), python.StandardError.ReadToEnd());
        python.WaitForExit();
        if (error.Contains("No module named 'yaml'", StringComparison.Ordinal)) Assert.Skip("Python's yaml module is not installed (package python3-yaml)");
        Assert.True(python.ExitCode == 0, error);
        Assert.Equal("database queue web worker", output.Trim());
    }

    /// <summary>systemd's own check, with what it names put where the unit says by a copy of it.</summary>
    [Fact]
    public void Unit_ByItsOwnCheck_IsWithoutFault()
    {
        const string tool = "/usr/bin/systemd-analyze";
        if (!File.Exists(tool)) Assert.Skip("systemd-analyze is not installed (package systemd)");
        var folder = Directory.CreateTempSubdirectory("fovea-unit-").FullName;
        try
        {
            // The check looks for the program and the user, which are the installation's.
            var unit = File.ReadAllText(Deploy("fovea.service")).Replace("/usr/bin/dotnet", "/bin/true", StringComparison.Ordinal).Replace("=fovea\n", "=daemon\n", StringComparison.Ordinal);
            var path = Path.Combine(folder, "fovea.service");
            File.WriteAllText(path, unit);
            using var check = Process.Start(new ProcessStartInfo(tool, ["verify", "--man=no", path]) { RedirectStandardOutput = true, RedirectStandardError = true })!;
            var said = check.StandardOutput.ReadToEnd() + check.StandardError.ReadToEnd();
            check.WaitForExit();
            // It also speaks of other units of the machine.
            Assert.DoesNotContain("fovea.service", said);
            Assert.True(check.ExitCode == 0 || !said.Contains("fovea", StringComparison.Ordinal), said);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    [Fact]
    public void Dockerfile_CopiesWhatThereIs()
    {
        foreach (var line in File.ReadLines(Deploy("Dockerfile")).Where(l => l.StartsWith("COPY eng/", StringComparison.Ordinal))) Assert.True(File.Exists(Path.Combine(Root, line.Split(' ')[1])), line);
        // The containers' entry point is the program whose verbs the compose file gives.
        Assert.Contains("ENTRYPOINT [\"dotnet\", \"/opt/fovea/Fovea.Web.dll\"]", File.ReadAllText(Deploy("Dockerfile")));
    }

    private static string Deploy(string name) => Path.Combine(Root, "deploy", name);

    private static string FindRoot()
    {
        var folder = AppContext.BaseDirectory;
        while (!File.Exists(Path.Combine(folder, "Fovea.slnx"))) folder = Path.GetDirectoryName(folder) ?? throw new FileNotFoundException("Fovea.slnx");
        return folder;
    }

    [GeneratedRegex(@"^\s+command: \[(.+)\]$")]
    private static partial Regex Command();
}
