using System.Globalization;
using Fovea.Acquisition;
using Fovea.Models;

namespace Fovea.Reporting;

/// <summary>The risk of diabetic macular oedema, by a model of its own beside the grader.</summary>
/// <param name="Risk">0–2: no hard exudates; away from the macula; within a disc diameter of its centre.</param>
/// <param name="RiskName">The same in words, from the model file.</param>
/// <param name="Probabilities">One a risk; they sum to 1.</param>
/// <param name="Model">The model file's name.</param>
/// <param name="ModelSha256">Of its weights.</param>
public sealed record DmeRiskReport(int Risk, string RiskName, IReadOnlyList<double> Probabilities, string Model, string ModelSha256)
{
    /// <param name="model">For <see cref="ModelTasks.DmeRisk"/>.</param>
    /// <exception cref="ModelFileException">The model put out something that is not a number.</exception>
    public static DmeRiskReport Of(GradingModel model, FundusImage photograph)
    {
        ArgumentNullException.ThrowIfNull(model);
        var p = model.Grade(photograph).Prediction;
        return new DmeRiskReport(p.Grade, model.Card.Classes[p.Grade], p.Probabilities, Path.GetFileName(model.Name), model.Card.WeightsSha256);
    }

    /// <summary>The end of a report's line.</summary>
    internal string Words() => string.Create(CultureInfo.InvariantCulture, $"; risk of macular oedema {Risk} of 2, {RiskName} ({Probabilities[Risk] * 100:0} %)");
}
