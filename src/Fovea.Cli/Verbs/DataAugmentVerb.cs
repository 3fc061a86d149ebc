using System.CommandLine;
using Fovea.Acquisition;
using Fovea.Imaging;
using Fovea.Preprocessing;
using Fovea.Training;
using Fovea.Training.Augmentation;
using Fovea.Training.Data;
using Fovea.Training.MadeUp;
using Fovea.Training.Recipes;

namespace Fovea.Cli.Verbs;

/// <summary>Shows what a recipe's augmentation does to pictures, before hours are spent on training with it.</summary>
internal static class DataAugmentVerb
{
    private const int FromDataSet = 4, MostPictures = 64;

    public static Command Create()
    {
        var images = new Argument<string[]>("image") { Description = "Photographs or folders of them; without any, and without --data, a made-up retina.", Arity = ArgumentArity.ZeroOrMore };
        var data = DataOption.Create();
        data.Required = false;
        data.Description = $"Instead of images: {FromDataSet} of a data set, chosen by the seed. " + data.Description;
        var recipe = new Option<string?>("--recipe") { Description = "Whose preparation and augmentation to show.", HelpName = "FILE" };
        var preset = new Option<string?>("--preset")
        {
            Description = "Instead of a recipe: " + string.Join("; ", AugmentationPresets.Names.Select(p => $"{p.Name} ({p.What})")) + ".",
            HelpName = "NAME",
        };
        var output = new Option<string>("--out") { Description = "A picture for all, or a folder for a picture each.", Required = true, HelpName = "FILE.png|DIR" };
        var count = new Option<int>("--count") { Description = "How many with all augmentations together, 0 to 100.", DefaultValueFactory = _ => 6, HelpName = "N" };
        var seed = new Option<ulong>("--seed") { Description = "Another seed, other chance.", DefaultValueFactory = _ => 1UL, HelpName = "S" };
        var cell = new Option<int>("--cell") { Description = "Side of each picture in pixels, 32 to 1024.", DefaultValueFactory = _ => 192, HelpName = "PIXELS" };
        var boxes = new Option<bool>("--boxes") { Description = "Draw the boxes of lesions, moved along; made-up retina only." };
        return new Command("augment", "Show what an augmentation does: each kind alone at its extremes, and all together.")
            { images, data, recipe, preset, output, count, seed, cell, boxes }.Runs((parse, cancel) =>
        {
            var (named, path, side) = (parse.GetValue(images) ?? [], parse.GetValue(output)!, parse.GetValue(cell));
            if (parse.GetValue(recipe) is null == parse.GetValue(preset) is null) throw new UsageException("data augment: one of --recipe and --preset is needed. Give --preset s1, or --recipe FILE.");
            if (parse.GetValue(count) is < 0 or > 100) throw new UsageException($"--count: {parse.GetValue(count)} is out of range. Give 0 to 100.");
            if (side is < 32 or > 1024) throw new UsageException($"--cell: {side} is out of range. Give 32 to 1024.");
            var hasData = parse.GetValue(data) is { Length: > 0 };
            if (hasData && named.Length > 0) throw new UsageException("data augment: both images and --data. Give one of them.");
            if (parse.GetValue(boxes) && (hasData || named.Length > 0)) throw new UsageException("--boxes: only of the made-up retina are the lesions known. Leave out --boxes, or images and --data.");

            var (spec, preparation) = parse.GetValue(recipe) is { } file && RecipeFile.Read(file) is var read
                ? (read.Augmentation, read.Preprocessing)
                : (AugmentationPresets.Find(parse.GetValue(preset)!, "--preset"), new PreprocessingSpec { Size = side });
            GalleryPicture[] pictures = hasData ? OfDataSet(parse.Open(data), preparation, parse.GetValue(seed))
                : named.Length > 0 ? [.. Named(named).Select(p => new GalleryPicture(Path.GetFileName(p), Preprocessor.Prepare(FundusImage.Read(p), preparation).Pixels, []))]
                : [MadeUp(preparation.Size, parse.GetValue(boxes))];
            var sheets = new Image[pictures.Length];
            for (var i = 0; i < sheets.Length; i++)
            {
                cancel.ThrowIfCancellationRequested();
                var other = pictures.Length > 1 ? pictures[(i + 1) % pictures.Length].Image : pictures[i].Image.Rotate90();
                sheets[i] = AugmentationGallery.Sheet(pictures[i], other, spec, parse.GetValue(count), parse.GetValue(seed), side);
            }
            if (ImageFile.FormatOf(path) is not null)
            {
                ImageFile.Write(path, AugmentationGallery.Stack(sheets));
                Console.Out.WriteLine(path);
                return ExitCodes.Ok;
            }
            Directory.CreateDirectory(path);
            for (var i = 0; i < sheets.Length; i++)
            {
                var name = Path.Combine(path, $"{i + 1:00}-{Path.GetFileNameWithoutExtension(pictures[i].Name)}.png");
                ImageFile.Write(name, sheets[i]);
                Console.Out.WriteLine(name);
            }
            return ExitCodes.Ok;
        });
    }

    private static IReadOnlyList<string> Named(string[] named)
    {
        var paths = ImagePaths.Expand(named);
        return paths.Count <= MostPictures ? paths : throw new UsageException($"data augment: {paths.Count} images. Name at most {MostPictures}.");
    }

    private static GalleryPicture[] OfDataSet(Dataset dataset, PreprocessingSpec preparation, ulong seed)
    {
        int[] order = [.. Enumerable.Range(0, dataset.Samples.Count)];
        SeededRandom.For(seed).Shuffle<int>(order);
        return [.. order.Take(FromDataSet).Select(i => new GalleryPicture(
            $"{Path.GetFileName(dataset.Samples[i].Id)}  {dataset.ClassNames[dataset.Samples[i].Label]}", Preprocessor.Prepare(dataset.Read(i), preparation).Pixels, []))];
    }

    private static GalleryPicture MadeUp(int size, bool boxes)
    {
        var (image, truth) = RetinaPainter.Paint(11, 2, Math.Max(size, 32));
        return new GalleryPicture("made-up retina, grade 2", image,
            boxes ? [.. truth.Lesions.Select(l => new MarkedBox(l.Box.X, l.Box.Y, l.Box.X + l.Box.Width, l.Box.Y + l.Box.Height, (int)l.Kind))] : []);
    }
}
