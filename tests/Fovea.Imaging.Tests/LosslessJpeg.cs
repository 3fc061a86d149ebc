namespace Fovea.Imaging.Tests;

/// <summary>The simplest encoder of ITU-T T.81's lossless process: first-order prediction, one table in which every code has four bits.</summary>
internal static class LosslessJpeg
{
    public static byte[] Encode(Image image)
    {
        var n = image.Channels;
        List<byte> bytes = [0xFF, 0xD8];
        byte[] components = [.. Enumerable.Range(1, n).SelectMany(i => (byte[])[(byte)i, 0x11, 0])];
        Segment(0xC3, [8, (byte)(image.Height >> 8), (byte)image.Height, (byte)(image.Width >> 8), (byte)image.Width, (byte)n, .. components]);
        // Nine categories of differences, 0 to 8, all of length 4.
        Segment(0xC4, [0, 0, 0, 0, 9, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
        Segment(0xDA, [(byte)n, .. Enumerable.Range(1, n).SelectMany(i => (byte[])[(byte)i, 0]), 1, 0, 0]);
        var (pending, count) = (0u, 0);
        for (var y = 0; y < image.Height; y++)
        {
            for (var x = 0; x < image.Width; x++)
            {
                for (var c = 0; c < n; c++)
                {
                    int At(int row, int column) => image.Pixels[(((row * image.Width) + column) * n) + c];
                    var prediction = x > 0 ? At(y, x - 1) : y > 0 ? At(y - 1, 0) : 128;
                    var difference = At(y, x) - prediction;
                    var category = 0;
                    while (Math.Abs(difference) >> category != 0)
                        category++;
                    Put((uint)category, 4);
                    Put((uint)(difference < 0 ? difference + (1 << category) - 1 : difference), category);
                }
            }
        }
        Put(0x7F, 7);
        return [.. bytes, 0xFF, 0xD9];

        void Segment(byte marker, byte[] body) => bytes.AddRange([0xFF, marker, (byte)((body.Length + 2) >> 8), (byte)(body.Length + 2), .. body]);

        void Put(uint value, int bits)
        {
            (pending, count) = ((pending << bits) | value, count + bits);
            for (; count >= 8; count -= 8)
            {
                var b = (byte)(pending >> (count - 8));
                bytes.Add(b);
                if (b == 0xFF)
                    bytes.Add(0);
            }
        }
    }
}
