namespace Fovea.Cli;

/// <summary>
/// Progress of long work on stderr: on a terminal one line that is redrawn (bar, count, rate, time left), elsewhere a plain line
/// at most every <see cref="PlainInterval"/> and one at the end, so that a log stays readable.
/// May be called from any thread; calls between two drawings cost a comparison.
/// </summary>
internal sealed class ProgressLine : IDisposable
{
    private static readonly TimeSpan TerminalInterval = TimeSpan.FromMilliseconds(100);
    private static readonly TimeSpan PlainInterval = TimeSpan.FromSeconds(10);
    private const int BarWidth = 24;

    private readonly string title;
    private readonly string unit;
    private readonly long total;
    private readonly TextWriter output;
    private readonly bool terminal;
    private readonly TimeProvider clock;
    private readonly long start;
    private readonly Lock drawing = new();
    private long drawnAt;
    private long done;
    private string note = "";
    private bool finished;
    private bool drawn;

    /// <param name="title">What is being done: "Training", "epoch 3".</param>
    /// <param name="total">How many units there are; 0 when that is not known.</param>
    /// <param name="unit">What is counted, in the plural: "images".</param>
    public ProgressLine(string title, long total, string unit)
        : this(title, total, unit, Console.Error, !Console.IsErrorRedirected && Environment.GetEnvironmentVariable("TERM") is not (null or "" or "dumb"), TimeProvider.System)
    {
    }

    internal ProgressLine(string title, long total, string unit, TextWriter output, bool terminal, TimeProvider clock)
    {
        (this.title, this.total, this.unit, this.output, this.terminal, this.clock) = (title, total, unit, output, terminal, clock);
        start = drawnAt = clock.GetTimestamp();
        if (terminal)
            Draw();
    }

    /// <summary>Says how far the work is.</summary>
    /// <param name="count">Units done since the start; not an increment.</param>
    /// <param name="detail">A few words that change ("loss 0.412"); the last ones stay when null.</param>
    public void Report(long count, string? detail = null)
    {
        lock (drawing)
        {
            done = count;
            note = detail ?? note;
            drawn = false;
            if (!finished && clock.GetElapsedTime(drawnAt) >= (terminal ? TerminalInterval : PlainInterval))
                Draw();
        }
    }

    /// <summary>Prints a line of its own above the progress line.</summary>
    public void WriteLine(string line)
    {
        lock (drawing)
        {
            output.WriteLine(terminal && !finished ? $"\r\e[K{line}" : line);
            if (terminal && !finished)
                Draw();
        }
    }

    /// <summary>Draws the last state and leaves it standing.</summary>
    public void Dispose()
    {
        lock (drawing)
        {
            if (finished)
                return;
            // The last report may have been due for a line of its own; the same again says nothing.
            if (terminal || !drawn)
                Draw();
            finished = true;
            if (terminal)
                output.WriteLine();
        }
    }

    private void Draw()
    {
        drawn = true;
        drawnAt = clock.GetTimestamp();
        var line = Line(clock.GetElapsedTime(start));
        if (!terminal)
        {
            output.WriteLine(line);
            return;
        }
        var width = Width();
        output.Write($"\r\e[K{(line.Length < width ? line : line[..(width - 1)])}");
        output.Flush();
    }

    private string Line(TimeSpan elapsed)
    {
        var parts = new List<string>();
        var rate = elapsed.TotalSeconds > 0 ? done / elapsed.TotalSeconds : 0;
        if (total > 0)
        {
            var share = Math.Clamp((double)done / total, 0, 1);
            var filled = (int)(share * BarWidth);
            parts.Add($"{title} {(terminal ? $"[{new string('#', filled)}{new string('.', BarWidth - filled)}] " : "")}{done}/{total} {unit}");
        }
        else
            parts.Add($"{title} {done} {unit}");
        if (rate > 0)
        {
            parts.Add($"{(rate >= 10 ? rate.ToString("0") : rate.ToString("0.0"))} {unit}/s");
            parts.Add(total > done ? $"{Clock(TimeSpan.FromSeconds((total - done) / rate))} left" : $"took {Clock(elapsed)}");
        }
        if (note.Length > 0)
            parts.Add(note);
        return string.Join(", ", parts);
    }

    private static string Clock(TimeSpan time) =>
        time.TotalHours >= 1 ? $"{(long)time.TotalHours}:{time.Minutes:00}:{time.Seconds:00}" : $"{time.Minutes}:{time.Seconds:00}";

    private static int Width()
    {
        // A terminal without a size (a pipe made to look like one) reports 0.
        var width = Console.WindowWidth;
        return width > 20 ? width : 80;
    }
}
