using Fovea.Acquisition;
using Fovea.Models;

namespace Fovea.Quality;

/// <summary>A second judge of quality beside <see cref="QualityAssessor"/>'s measures: a small network that has seen spoiled photographs. Safe for concurrent calls.</summary>
public sealed class QualityNetwork : IDisposable
{
    /// <summary>What such a model's card says it decides.</summary>
    public const string Task = "photograph-quality";

    /// <summary>The class of a photograph that can be graded.</summary>
    public const string Good = "good";

    /// <summary>A photograph is refused only where the network gives "good" less than this: a false alarm costs a patient another photograph.</summary>
    public const double LeastGood = 0.1;

    private readonly GradingModel _model;
    private readonly QualityReason?[] _reasons; // by class; null for good

    private QualityNetwork(GradingModel model, QualityReason?[] reasons) => (_model, _reasons) = (model, reasons);

    /// <exception cref="ModelFileException">The file is unusable, or not one for quality.</exception>
    public static QualityNetwork Load(string path)
    {
        var model = GradingModel.Load(path);
        var reasons = model.Card.Classes.Select(c => Enum.TryParse<QualityReason>(c, ignoreCase: true, out var reason) && !char.IsDigit(c[0]) ? (QualityReason?)reason : null).ToArray();
        if (model.Card.Task == Task && model.Card.Classes.Zip(reasons).All(c => c.First == Good ^ c.Second is not null) && model.Card.Classes.Count(c => c == Good) == 1) return new QualityNetwork(model, reasons);
        model.Dispose();
        throw new ModelFileException(path, $"a model for {ModelCard.OneLine(model.Card.Task)}, not for the quality of photographs", "Give models/quality.fovea, or one that was trained on a set of `fovea data spoil`.");
    }

    /// <summary>What the measures say, and what the network finds where they find nothing: the stricter of both.</summary>
    public QualityReport Assess(FundusImage photograph)
    {
        var report = QualityAssessor.Assess(photograph);
        return report.Gradable && Judge(photograph) is { } problem ? report with { Problems = [problem], Near = [] } : report;
    }

    /// <summary>The network alone; null where it lets the photograph pass.</summary>
    public QualityProblem? Judge(FundusImage photograph)
    {
        var p = Probabilities(photograph);
        if (p[Array.IndexOf(_reasons, null)] >= LeastGood) return null;
        var worst = Enumerable.Range(0, _reasons.Length).Where(k => _reasons[k] is not null).MaxBy(k => p[k]);
        var reason = _reasons[worst]!.Value;
        var (finding, advice) = Words(reason);
        return new QualityProblem(reason, $"{finding} (the network for quality is {p[worst] * 100:F0} % sure)", advice);
    }

    /// <summary>0 … 1.</summary>
    public double ProbabilityOfGood(FundusImage photograph) => Probabilities(photograph)[Array.IndexOf(_reasons, null)];

    private IReadOnlyList<double> Probabilities(FundusImage photograph) => _model.Grade(photograph).Prediction.Probabilities;

    private static (string Finding, string Advice) Words(QualityReason reason) => reason switch
    {
        QualityReason.TooDark => ("too dark", "Raise the flash or the exposure, or widen the pupil, and photograph again."),
        QualityReason.Overexposed => ("overexposed", "Lower the flash or the exposure and photograph again."),
        QualityReason.Blurred => ("blurred", "Focus again, ask the patient to blink, clean the lens, and look for a cloudy lens or vitreous."),
        QualityReason.FieldCutOff => ("a large part of the field is cut off", "Centre the pupil, hold the lid, and photograph again."),
        QualityReason.ColourCast => ("the colours are not a retina's", "Check the camera's white balance and filters, and that the picture is a colour photograph."),
        QualityReason.TooSmall => ("too small", "Export the photograph at its full size."),
        _ => ("not a fundus photograph", "Give a colour photograph of the retina with its round field of view."),
    };

    public void Dispose() => _model.Dispose();
}
