using Fovea.Models;
using Fovea.Training.Data;
using Fovea.Training.Metrics;
using Fovea.Training.Recipes;
using Fovea.Training.Training;

namespace Fovea.Training.Evaluation.Report;

/// <summary>What a report is made of. All but the scores may be missing; the report then leaves its section out.</summary>
public sealed record ReportInput
{
    public required string Title { get; init; }

    /// <summary>What was scored: "unseen made-up retinas".</summary>
    public required string Subject { get; init; }
    public required MetricsReport Metrics { get; init; }

    /// <summary>For curves and errors.</summary>
    public Predictions? Predictions { get; init; }

    /// <summary>Facts of the images, features and sets; in the order of <see cref="Predictions"/>.</summary>
    public Evaluation? Evaluation { get; init; }

    /// <summary>Photographs and heat maps.</summary>
    public ReportPictures? Pictures { get; init; }

    /// <summary>Where the network looked.</summary>
    public IReadOnlyList<ReportExample> Examples { get; init; } = [];

    /// <summary>The model file's, with its name.</summary>
    public ModelCard? Card { get; init; }
    public string? ModelName { get; init; }

    /// <summary>Of the training; empty for none.</summary>
    public IReadOnlyList<EpochMetrics> History { get; init; } = [];
    public Recipe? Recipe { get; init; }

    /// <summary>The recipe as it stands in a model file; used where there is no <see cref="Recipe"/>.</summary>
    public string? RecipeText { get; init; }
    public RunEnvironment? Environment { get; init; }

    /// <summary>Said at the top.</summary>
    public string? Warning { get; init; }

    /// <summary>Lines that the reader may type next.</summary>
    public string? Next { get; init; }

    /// <summary>Names of the classes as the report writes them; grades with their number.</summary>
    internal IReadOnlyList<string> Names =>
        Ordered ? RunReport.ClassNames(Metrics.Classes) : Metrics.ClassNames ?? [.. Enumerable.Range(0, Metrics.Classes).Select(Metrics.NameOf)];

    /// <summary>The classes are grades, 0 healthy.</summary>
    internal bool Ordered => Metrics.ClassNames is { } names ? names.SequenceEqual(Dataset.GradeNames) : Metrics.Referable is not null;

    internal Decision? MainDecision => Ordered ? Decision.OfGrades[1] : Metrics.Urgent is { } u ? Decision.Urgent(u.Positive) : null;
}
