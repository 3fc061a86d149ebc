using Fovea.Torch.Files;

namespace Fovea.Torch.Tests.Files;

/// <summary>Truncated and mutated files: only the declared exceptions, and little memory.</summary>
public sealed class DamagedFilesTests
{
    public static TheoryData<string> Files => ["plain.pth", "views.pth", "checkpoint.pth", "protocol4.pth", "reference.safetensors", "row_major.npy", "dtypes.npz", "dtypes_compressed.npz"];

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_CutAtEveryByte_IsRefused(string name)
    {
        byte[] bytes = File.ReadAllBytes(TestFiles.Fixture(name));
        for (int length = 0; length < bytes.Length; length++)
        {
            string? message = Read(name, bytes[..length]);
            Assert.True(message is not null, $"cut to {length} bytes it was read");
            Assert.StartsWith(name + ": ", message);
            Assert.DoesNotContain('\n', message);
        }
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Read_MutatedBytes_OnlyDeclaredExceptions(string name)
    {
        const int mutations = 4000;
        const long most = 96L << 20; // the largest bound of the readers is 64 MiB and eight times the file
        byte[] original = File.ReadAllBytes(TestFiles.Fixture(name));
        var random = new Random(20240601);
        int refused = 0;
        for (int i = 0; i < mutations; i++)
        {
            byte[] bytes = [.. original];
            for (int flips = random.Next(1, 4); flips > 0; flips--) Mutate(bytes, random);
            long before = GC.GetAllocatedBytesForCurrentThread();
            if (Read(name, bytes) is not null) refused++;
            long allocated = GC.GetAllocatedBytesForCurrentThread() - before;
            Assert.True(allocated < most, $"mutation {i} took {allocated} bytes");
        }

        Assert.InRange(refused, mutations / 4, mutations);
    }

    private static void Mutate(byte[] bytes, Random random)
    {
        int at = random.Next(bytes.Length);
        switch (random.Next(4))
        {
            case 0:
                bytes[at] ^= (byte)(1 << random.Next(8));
                break;
            case 1:
                bytes[at] = (byte)random.Next(256);
                break;
            case 2: // an extreme number
                bytes.AsSpan(at, Math.Min(random.Next(1, 9), bytes.Length - at)).Fill(random.Next(2) == 0 ? (byte)0 : (byte)0xFF);
                break;
            default: // a piece of the file in another place
                int length = Math.Min(random.Next(1, 32), bytes.Length - at);
                bytes.AsSpan(random.Next(bytes.Length - length), length).CopyTo(bytes.AsSpan(at));
                break;
        }
    }

    // The message of the declared exception; null when the file was read. Any other exception fails the test.
    private static string? Read(string name, byte[] bytes)
    {
        using var stream = new MemoryStream(bytes);
        try
        {
            switch (Path.GetExtension(name))
            {
                case ".pth":
                    PyTorchCheckpoint.Read(stream, name);
                    break;
                case ".safetensors":
                    Safetensors.Read(bytes, name);
                    break;
                case ".npy":
                    Npy.Read(stream, bytes.Length, name);
                    break;
                default:
                    Npz.Read(stream, name);
                    break;
            }

            return null;
        }
        catch (Exception e) when (e is WeightsFormatException or ArrayFormatException)
        {
            return e.Message;
        }
    }
}
