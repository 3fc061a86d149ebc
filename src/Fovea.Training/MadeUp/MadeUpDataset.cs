using System.Globalization;
using System.Text;
using System.Text.Json;
using Fovea.Imaging;

namespace Fovea.Training.MadeUp;

/// <summary>What a folder of made-up retinas shall hold.</summary>
/// <param name="Count">Pictures; two eyes per patient. 1–1,000,000.</param>
public sealed record MadeUpDatasetSpec(int Count)
{
    /// <summary>See <see cref="MadeUpRetinaSpec.Size"/>.</summary>
    public int Size { get; init; } = 512;

    public ulong Seed { get; init; }

    /// <summary>Share of pictures with a camera fault, 0–1.</summary>
    public double FaultShare { get; init; }

    /// <summary>Also write masks/KIND/NAME.png, 0/255, for the four kinds that IDRiD masks and the disc.</summary>
    public bool Masks { get; init; }

    /// <summary>Shares of grades 0–4; need not sum to 1. Default: even.</summary>
    public IReadOnlyList<double> GradeShares { get; init; } = [1, 1, 1, 1, 1];

    /// <summary>PNG keeps the painter's bytes; JPEG (quality 95) is about eight times smaller.</summary>
    public ImageFormat Format { get; init; } = ImageFormat.Png;

    /// <exception cref="ArgumentOutOfRangeException">A value outside the ranges stated above.</exception>
    public void Validate()
    {
        ArgumentOutOfRangeException.ThrowIfNegativeOrZero(Count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(Count, 1_000_000);
        new MadeUpRetinaSpec(Seed, 0, Size).Validate();
        if (!(FaultShare >= 0 && FaultShare <= 1)) throw new ArgumentOutOfRangeException(nameof(FaultShare), FaultShare, "must lie in 0 … 1");
        if (GradeShares.Count != 5 || GradeShares.Any(share => !(share >= 0) || double.IsInfinity(share)) || GradeShares.Sum() <= 0)
            throw new ArgumentOutOfRangeException(nameof(GradeShares), string.Join(',', GradeShares), "must be five shares, none negative, not all 0");
        if (Format is not (ImageFormat.Png or ImageFormat.Jpeg)) throw new ArgumentOutOfRangeException(nameof(Format), Format, "must be PNG or JPEG");
    }
}

/// <summary>One picture of a made-up set.</summary>
public sealed record MadeUpEntry(string Name, string Patient, MadeUpRetinaSpec Retina);

/// <summary>
/// Plans and writes a folder of made-up retinas: images/NAME.png, labels.csv (image,grade,dme_risk,eye,patient,fault), truth/NAME.json
/// (<see cref="RetinaTruth"/>), optionally masks. The folder appears only when it is complete.
/// </summary>
public static class MadeUpDataset
{
    /// <summary>How truth files are written, and read again.</summary>
    internal static readonly JsonSerializerOptions Json = new()
    {
        PropertyNamingPolicy = JsonNamingPolicy.CamelCase,
        WriteIndented = true,
    };

    /// <summary>The pictures to paint, in order; the same specification always plans the same.</summary>
    public static IReadOnlyList<MadeUpEntry> Plan(MadeUpDatasetSpec spec)
    {
        spec.Validate();
        var entries = new List<MadeUpEntry>(spec.Count);
        Queue<int> firstEyes = new(FirstEyeGrades(spec));
        for (int patient = 0; entries.Count < spec.Count; patient++)
        {
            var random = SeededRandom.For(spec.Seed, 0x706C616E, (ulong)patient);
            ulong patientSeed = random.NextUInt64();
            int grade = firstEyes.Dequeue();
            Eye first = random.Chance(0.5) ? Eye.Right : Eye.Left;
            string id = string.Create(CultureInfo.InvariantCulture, $"P{patient:D5}");
            foreach (Eye eye in (ReadOnlySpan<Eye>)[first, 1 - first])
            {
                if (entries.Count == spec.Count) break;
                if (eye != first) grade = OtherEye(grade, spec.GradeShares, random);
                bool faulty = random.Chance(spec.FaultShare);
                var fault = (CameraFault)random.Between(1, (int)CameraFault.Blur);
                entries.Add(new MadeUpEntry($"{id}_{(eye == Eye.Right ? "R" : "L")}", id, new MadeUpRetinaSpec(random.NextUInt64(), grade, spec.Size)
                {
                    PatientSeed = patientSeed,
                    Eye = eye,
                    Framing = Pick(random.NextDouble()),
                    Fault = faulty ? fault : CameraFault.None,
                    FaultStrength = random.NextDouble(0.3, 1),
                }));
            }
        }
        return entries;
    }

    /// <summary>Paints the set into a new folder.</summary>
    /// <param name="folder">Must not exist, or be empty.</param>
    /// <param name="progress">The number of pictures done, from any thread.</param>
    /// <exception cref="IOException">The folder holds something, or cannot be written.</exception>
    public static IReadOnlyList<MadeUpEntry> Write(string folder, MadeUpDatasetSpec spec, IProgress<int>? progress = null, CancellationToken cancellation = default)
    {
        IReadOnlyList<MadeUpEntry> entries = Plan(spec);
        folder = Path.TrimEndingDirectorySeparator(Path.GetFullPath(folder));
        if (File.Exists(folder) || (Directory.Exists(folder) && Directory.EnumerateFileSystemEntries(folder).Any()))
            throw new IOException($"{folder}: already holds files. Name a new folder.");
        Directory.CreateDirectory(Path.GetDirectoryName(folder)!);
        string partial = $"{folder}.partial-{Environment.ProcessId}";
        try
        {
            Directory.CreateDirectory(Path.Combine(partial, "images"));
            Directory.CreateDirectory(Path.Combine(partial, "truth"));
            if (spec.Masks)
            {
                foreach (string mask in LesionKinds.MaskFolders.Select(pair => pair.Folder).Append(LesionKinds.DiscFolder)) Directory.CreateDirectory(Path.Combine(partial, "masks", mask));
            }
            var rows = new string[entries.Count];
            int done = 0;
            // Each picture depends on its own seeds only, so the order of the workers does not matter.
            Parallel.For(0, entries.Count, new ParallelOptions { CancellationToken = cancellation }, i =>
            {
                rows[i] = WriteOne(partial, entries[i], spec);
                progress?.Report(Interlocked.Increment(ref done));
            });
            var table = new StringBuilder("image,grade,dme_risk,eye,patient,fault\n");
            foreach (string row in rows) table.Append(row).Append('\n');
            File.WriteAllText(Path.Combine(partial, "labels.csv"), table.ToString());
            if (Directory.Exists(folder)) Directory.Delete(folder); // empty, as seen above
            Directory.Move(partial, folder);
        }
        catch
        {
            if (Directory.Exists(partial)) Directory.Delete(partial, recursive: true);
            throw;
        }
        return entries;
    }

    private static string WriteOne(string folder, MadeUpEntry entry, MadeUpDatasetSpec spec)
    {
        PaintedRetina painted = RetinaPainter.Paint(entry.Retina);
        string file = entry.Name + (spec.Format == ImageFormat.Png ? ".png" : ".jpg");
        File.WriteAllBytes(Path.Combine(folder, "images", file), ImageCodec.Encode(painted.Image, spec.Format));
        File.WriteAllText(Path.Combine(folder, "truth", entry.Name + ".json"), JsonSerializer.Serialize(painted.Truth, Json));
        if (spec.Masks) WriteMasks(folder, entry.Name, painted);
        RetinaTruth truth = painted.Truth;
        return $"{file},{truth.Grade},{truth.DmeRisk},{Lower(truth.Eye)},{entry.Patient},{Lower(truth.Fault)}";
    }

    private static void WriteMasks(string folder, string name, PaintedRetina painted)
    {
        foreach ((string kindFolder, LesionKind kind) in LesionKinds.MaskFolders)
            File.WriteAllBytes(Path.Combine(folder, "masks", kindFolder, name + ".png"), ImageCodec.Encode(painted.MaskOf(kind), ImageFormat.Png));
        var disc = new Image(painted.Truth.Width, painted.Truth.Height, 1);
        PixelEllipse e = painted.Truth.Disc;
        disc.FillEllipse(e.X, e.Y, e.RadiusX, e.RadiusY, 0, Colour.White);
        File.WriteAllBytes(Path.Combine(folder, "masks", LesionKinds.DiscFolder, name + ".png"), ImageCodec.Encode(disc, ImageFormat.Png));
    }

    // As evenly as the shares allow: grade g gets round-robin places by largest remainder, then the order is shuffled.
    private static int[] FirstEyeGrades(MadeUpDatasetSpec spec)
    {
        int patients = (spec.Count + 1) / 2;
        double total = spec.GradeShares.Sum();
        int[] grades = new int[patients];
        double[] owed = new double[5];
        for (int i = 0; i < patients; i++)
        {
            for (int g = 0; g < 5; g++) owed[g] += spec.GradeShares[g] / total;
            int most = Array.IndexOf(owed, owed.Max());
            owed[most] -= 1;
            grades[i] = most;
        }
        SeededRandom.For(spec.Seed, 0x6772616465).Shuffle<int>(grades);
        return grades;
    }

    // The other eye mostly has the same grade, else a neighbouring one; accepted by Metropolis' rule, so that the shares stay as asked.
    private static int OtherEye(int grade, IReadOnlyList<double> shares, SeededRandom random)
    {
        double step = random.NextDouble(), accept = random.NextDouble();
        int other = step < 0.2 ? grade - 1 : step < 0.4 ? grade + 1 : grade;
        if (other is < 0 or > 4) return grade;
        return accept < shares[other] / shares[grade] ? other : grade;
    }

    // Mostly whole discs, all four families of the APTOS pictures.
    private static Framing Pick(double u) => u < 0.6 ? Framing.Square : u < 0.78 ? Framing.VerticalCrop : u < 0.9 ? Framing.Tight : Framing.Spacious;

    private static string Lower<T>(T value) where T : struct, Enum => JsonNamingPolicy.CamelCase.ConvertName(value.ToString());
}
