using Fovea.Imaging;
using Fovea.Training.Training;

namespace Fovea.Training.Watching;

/// <summary>What the network is shown, for TensorBoard: images of the first batch, augmented and mixed.</summary>
internal static class RunPictures
{
    private const int Most = 16, Columns = 4, Gap = 4, LargestSide = 256;

    internal static void Write(string folder, Batch batch)
    {
        if (Directory.EnumerateFiles(folder, "events.out.tfevents.*.pictures").Any()) return;
        var count = Math.Min(Most, batch.Labels.Length);
        var scale = Math.Min(1, (double)LargestSide / Math.Max(batch.Width, batch.Height));
        var (w, h) = (Math.Max(1, (int)(batch.Width * scale)), Math.Max(1, (int)(batch.Height * scale)));
        var sheet = Image.Filled(Columns * (w + Gap) + Gap, (count + Columns - 1) / Columns * (h + Gap) + Gap, 3, Colour.Grey(24));
        for (var i = 0; i < count; i++)
        {
            var image = new Image(batch.Width, batch.Height, 3);
            batch.Pixels.AsSpan(i * image.Pixels.Length, image.Pixels.Length).CopyTo(image.Pixels);
            sheet.Paste(scale < 1 ? image.Resize(w, h, Interpolation.Area) : image, Gap + i % Columns * (w + Gap), Gap + i / Columns * (h + Gap));
        }
        using var file = new EventFile(Path.Combine(folder, $"events.out.tfevents.{DateTimeOffset.UtcNow.ToUnixTimeSeconds()}.pictures"));
        file.Image("training/first batch", 0, sheet.Width, sheet.Height, ImageCodec.Encode(sheet, ImageFormat.Png), DateTimeOffset.UtcNow);
    }
}
