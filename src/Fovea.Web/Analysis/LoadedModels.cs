using System.Diagnostics;
using Fovea.Acquisition;
using Fovea.Detection;
using Fovea.Imaging;
using Fovea.Models;
using Fovea.Preprocessing;
using Fovea.Web.Hosting;

namespace Fovea.Web.Analysis;

/// <summary>The models of this process: loaded once, shared by all requests. Loading begins at once and the service is ready when it has ended.</summary>
internal sealed class LoadedModels : IDisposable
{
    private readonly Task<(GradingModel Model, ImageAnalysis Analysis)>? _grading;

    public LoadedModels(ServiceOptions options)
    {
        if (options.Model is null) return;
        // What is wrong with the file is said at start and not at the first patient.
        Card = ModelFile.ReadCard(options.Model);
        if (Card.Task != "dr-grade" && Card.Classes.Count != 5) throw new ServiceException($"{options.Model}: a model for {Card.Task}, not for grades of retinopathy. Give one for dr-grade.");
        Path = options.Model;
        if (options.Analyses) _grading = Task.Run(() => Load(options.Model, options.Detector));
    }

    private LesionDetector? _lesions;

    public string? Path { get; }

    public ModelCard? Card { get; }

    public bool IsReady => _grading is null || _grading.IsCompletedSuccessfully;

    /// <summary>Why it cannot be loaded, or null.</summary>
    public string? Problem => _grading?.Exception?.InnerException?.Message;

    /// <summary>What the self-test said when the model was loaded; null where this process has none.</summary>
    public bool? SelfTestPassed { get; private set; }

    public async Task<ImageAnalysis> GradingAsync(CancellationToken cancel) =>
        _grading is null ? throw new InvalidOperationException("no model is configured") : (await _grading.WaitAsync(cancel)).Analysis;

    private (GradingModel, ImageAnalysis) Load(string path, string? detector)
    {
        var model = GradingModel.Load(path);
        // The first call makes what later ones use; a black picture must give numbers that are probabilities.
        var black = new FundusImage(new Image(model.Card.Preprocessing.Size, model.Card.Preprocessing.Size, 3), "a black picture");
        var (prediction, _) = model.PredictAndExplain([model.Prepare(black)])[0];
        SelfTestPassed = Math.Abs(prediction.Probabilities.Sum() - 1) < 1e-6 && prediction.Probabilities.All(p => p is >= 0 and <= 1);
        if (SelfTestPassed != true) throw new ServiceException($"{path}: its probabilities are none. Train the model anew.");
        if (detector is null) return (model, new ImageAnalysis(model, Build.Version));
        var lesions = _lesions = LesionDetector.Load(detector);
        return (model, new ImageAnalysis(model, Build.Version, photograph => Find(lesions, photograph)));
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
        if (_grading is { IsCompletedSuccessfully: true }) _grading.Result.Model.Dispose();
        _lesions?.Dispose();
    }
}
