using System.Diagnostics;
using Fovea.Acquisition;
using Fovea.Detection;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Quality;
using Fovea.Web.Hosting;

namespace Fovea.Web.Analysis;

/// <summary>One model of this process, for the page and the API.</summary>
/// <param name="Role"><c>grading</c> or <c>oct</c>.</param>
internal sealed record ConfiguredModel(string Role, string Path, ModelCard Card);

/// <summary>The models of this process: loaded once, shared by all requests. Loading begins at once and the service is ready when it has ended.</summary>
internal sealed class LoadedModels : IDisposable
{
    private const int Grades = 5;

    private readonly Task<ImageAnalysis>? _loading;
    private readonly List<IDisposable> _loaded = [];

    /// <exception cref="ServiceException">A model is for something else.</exception>
    /// <exception cref="ModelFileException">A file is damaged.</exception>
    public LoadedModels(ServiceOptions options)
    {
        if (options.Model is null) return;
        // What is wrong with a file is said at start and not at the first patient.
        var card = ModelFile.ReadCard(options.Model);
        if (card.Classes.Count != Grades) throw new ServiceException($"{options.Model}: a model with {card.Classes.Count} classes, not with the grades 0 to 4 of retinopathy. Give one for these.");
        List<ConfiguredModel> all = [new("grading", options.Model, card)];
        if (options.OctModel is { } oct)
        {
            var octCard = ModelFile.ReadCard(oct);
            if (!octCard.Classes.Any(c => AnalysisResult.Normal.Equals(c, StringComparison.OrdinalIgnoreCase)))
                throw new ServiceException($"{oct}: none of its classes is named {AnalysisResult.Normal}, so it is not known which ones are referred. Give a model for OCT scans.");
            all.Add(new ConfiguredModel("oct", oct, octCard));
        }
        All = all;
        if (options.Analyses) _loading = Task.Run(() => Load(options));
    }

    /// <summary>What grades here, photographs first; empty where nothing is configured.</summary>
    public IReadOnlyList<ConfiguredModel> All { get; } = [];

    /// <summary>What marks lesions; null where nothing does, and until it is loaded.</summary>
    public (string Path, DetectorCard Card)? Detector { get; private set; }

    public bool IsReady => _loading is null || _loading.IsCompletedSuccessfully;

    /// <summary>What the self-test said when the models were loaded; null where this process has none loaded.</summary>
    public bool? SelfTestPassed { get; private set; }

    public async Task<ImageAnalysis> GradingAsync(CancellationToken cancel) => _loading is null ? throw new InvalidOperationException("no model is configured") : await _loading.WaitAsync(cancel);

    private ImageAnalysis Load(ServiceOptions options)
    {
        GradingModel[] models = [.. All.Select(m => Tested(m.Path))];
        SelfTestPassed = true;
        Func<FundusImage, QualityReport>? judge = File.Exists(ShippedModels.Quality) ? Kept(QualityNetwork.Load(ShippedModels.Quality)).Assess : null;
        if (options.Detector is null) return new ImageAnalysis(models[0], Build.Version, models.ElementAtOrDefault(1), judge: judge);
        var lesions = Kept(LesionDetector.Load(options.Detector));
        Detector = (options.Detector, lesions.Card);
        return new ImageAnalysis(models[0], Build.Version, models.ElementAtOrDefault(1), photograph => Find(lesions, photograph), judge);
    }

    private GradingModel Tested(string path)
    {
        var model = Kept(GradingModel.Load(path));
        // The first call makes what later ones use; a black picture must give numbers that are probabilities.
        var size = model.Card.Preprocessing.Size;
        var (prediction, _) = model.PredictAndExplain([model.Prepare(new FundusImage(new Image(size, size, 3), "a black picture"))])[0];
        return Math.Abs(prediction.Probabilities.Sum() - 1) < 1e-6 && prediction.Probabilities.All(p => p is >= 0 and <= 1) ? model
            : throw new ServiceException($"{path}: its probabilities are none. Train the model anew.");
    }

    private T Kept<T>(T model) where T : IDisposable
    {
        _loaded.Add(model);
        return model;
    }

    /// <summary>Boxes from the score at which the detector's card shows them.</summary>
    private static List<FoundLesion> Find(LesionDetector detector, FundusImage photograph)
    {
        var found = new List<FoundLesion>();
        foreach (var (box, label, score) in detector.Detect(photograph.Pixels))
        {
            var kind = detector.Card.Labels[label - 1];
            if (detector.Card.Thresholds.TryGetValue(kind, out var least) && score < least) continue;
            // The service's names are camelCase, as all of its JSON.
            var name = string.Concat(kind.Split('_').Select((word, i) => i == 0 ? word : char.ToUpperInvariant(word[0]) + word[1..]));
            found.Add(new FoundLesion(name, Math.Round(box.Left, 1), Math.Round(box.Top, 1), Math.Round(box.Width, 1), Math.Round(box.Height, 1), Math.Round(score, 4)));
        }
        return found;
    }

    public void Dispose()
    {
        if (_loading is { IsCompleted: true }) foreach (var model in _loaded) model.Dispose();
    }
}
