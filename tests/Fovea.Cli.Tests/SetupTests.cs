using System.Diagnostics;
using System.Runtime.Versioning;

namespace Fovea.Cli.Tests;

/// <summary>eng/setup.sh against a distribution that is played by small scripts: what it would install, as whom, and what it says when it cannot.</summary>
[SupportedOSPlatform("linux")]
public sealed class SetupTests : IDisposable
{
    private readonly string folder = Directory.CreateTempSubdirectory("fovea setup ").FullName;

    public SetupTests()
    {
        Directory.CreateDirectory(Path.Combine(folder, "eng"));
        Directory.CreateDirectory(Tools);
        foreach (var file in (string[])["setup.sh", "environment.sh", "packages.txt"])
            File.Copy(Path.Combine(Repository.Root, "eng", file), Path.Combine(folder, "eng", file));
        // Only these tools exist for the script.
        foreach (var tool in (string[])["bash", "env", "dirname", "grep", "mkdir", "tail", "cat"])
            File.CreateSymbolicLink(Path.Combine(Tools, tool), Find(tool));
        Tool("dotnet", "echo '10.0.100 [/sdk]'");
        Tool("id", "echo 0");
        Tool("apt-get", $"echo \"apt-get $*\" >>'{Calls}'");
        Tool("dpkg-query", "echo installed");
    }

    private string Tools => Path.Combine(folder, "tools");

    private string Calls => Path.Combine(folder, "calls");

    private string Called => File.Exists(Calls) ? File.ReadAllText(Calls) : "";

    public void Dispose() => Directory.Delete(folder, recursive: true);

    [Fact]
    public void Setup_NothingMissing_InstallsAndSaysNothing()
    {
        var (code, error) = Run();
        Assert.Equal(0, code);
        Assert.Empty(error);
        Assert.Empty(Called);
    }

    [Fact]
    public void Setup_PackagesMissing_AsRoot_SaysWhichAndInstallsThemAlone()
    {
        Missing("libgdcm-dev", "cmake");
        var (code, error) = Run();
        Assert.Equal(0, code);
        Assert.Contains("cmake libgdcm-dev", error);
        Assert.Contains("update", Called);
        Assert.EndsWith("install --no-install-recommends cmake libgdcm-dev\n", Called);
    }

    [Fact]
    public void Setup_PackagesMissing_AsAnotherUser_UsesSudo()
    {
        Missing("cmake");
        Tool("id", "echo 1000");
        Tool("sudo", $"echo sudo >>'{Calls}'; exec \"$@\"");
        Assert.Equal(0, Run().Code);
        Assert.StartsWith("sudo\n", Called);
        Assert.EndsWith("install --no-install-recommends cmake\n", Called);
    }

    [Fact]
    public void Setup_PackagesMissing_WithoutSudo_NamesTheCommandForAnAdministrator()
    {
        Missing("cmake");
        Tool("id", "echo 1000");
        var (code, error) = Run();
        Assert.Equal(1, code);
        Assert.Contains("apt-get install --no-install-recommends cmake", error);
        Assert.Empty(Called);
    }

    [Fact]
    public void Setup_AptFails_ShowsItsWordsAndThePackages()
    {
        Missing("libtorch-dev");
        Tool("apt-get", "echo 'E: Unable to locate package libtorch-dev'; exit 100");
        var (code, error) = Run();
        Assert.Equal(1, code);
        Assert.Contains("E: Unable to locate package libtorch-dev", error);
        Assert.Contains("docs/other-systems.md", error);
    }

    [Fact]
    public void Setup_OwnLibtorch_LeavesTheDistributionsOut()
    {
        Missing("libtorch-dev", "libgloo-dev");
        Assert.Equal(0, Run(("CMAKE_PREFIX_PATH", "/opt/torch")).Code);
        Assert.Empty(Called);
    }

    [Fact]
    public void Setup_WithoutApt_NamesWhatToInstall()
    {
        File.Delete(Path.Combine(Tools, "apt-get"));
        Tool("c++", "");
        var (code, error) = Run();
        Assert.Equal(1, code);
        Assert.Contains("missing: cmake ninja", error);
        Assert.Contains("OpenCV 4", error);
    }

    [Fact]
    public void Setup_OlderSdk_AsksForDotNet10()
    {
        Tool("dotnet", "echo '8.0.100 [/sdk]'");
        var (code, error) = Run();
        Assert.Equal(1, code);
        Assert.Contains(".NET 10 SDK is missing", error);
    }

    private void Missing(params string[] packages) =>
        Tool("dpkg-query", $"for package; do :; done; case $package in {string.Join('|', packages)}) exit 1;; *) echo installed;; esac");

    private void Tool(string name, string script)
    {
        var path = Path.Combine(Tools, name);
        File.WriteAllText(path, $"#!{Find("bash")}\n{script}\n");
        File.SetUnixFileMode(path, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
    }

    private static string Find(string tool) =>
        Environment.GetEnvironmentVariable("PATH")!.Split(':').Select(directory => Path.Combine(directory, tool)).First(File.Exists);

    private (int Code, string Error) Run(params ReadOnlySpan<(string Name, string Value)> environment)
    {
        var start = new ProcessStartInfo(Find("bash")) { RedirectStandardError = true, RedirectStandardInput = true, ArgumentList = { Path.Combine(folder, "eng", "setup.sh") } };
        start.Environment.Clear();
        start.Environment["PATH"] = Tools;
        start.Environment["HOME"] = folder;
        foreach (var (name, value) in environment)
            start.Environment[name] = value;
        using var process = Process.Start(start)!;
        process.StandardInput.Close();
        var error = process.StandardError.ReadToEnd();
        process.WaitForExit();
        return (process.ExitCode, error);
    }
}
