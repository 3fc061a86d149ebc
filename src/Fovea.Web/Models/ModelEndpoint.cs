using Fovea.Detection;
using Fovea.Models;
using Fovea.Web.Accounts;
using Fovea.Web.Analysis;
using Fovea.Web.Hosting;
using Fovea.Web.Storage;

namespace Fovea.Web.Models;

internal sealed record MetricAnswer(string Name, double Value, double? Low, double? High);

internal sealed record ModelCheck(string Code, bool Ok, string Text);

internal sealed record ConformalAnswer(double Coverage);

internal sealed record ModelAnswer(
    string Id, string Name, string Sha256, string Architecture, string Task, string Role, bool InUse, IReadOnlyList<string> Classes, int InputSize, string Licence, DateTimeOffset? Created, string? Producer,
    IReadOnlyList<CardData> Data, IReadOnlyList<MetricAnswer> Metrics, CardCalibration? Calibration, ConformalAnswer? Conformal, int? ReferableFrom, long? Results, IReadOnlyList<ModelCheck> Checks);

/// <summary>What looks at images here, and what is known of it.</summary>
internal static class ModelEndpoint
{
    public static void Map(IEndpointRouteBuilder api) => api.MapGet("/models", ReadAsync).WithTags("models").ForRoles(Roles.Any);

    private static async Task<Items<ModelAnswer>> ReadAsync(LoadedModels models, Database database, HttpContext context)
    {
        var zh = Words.Language(context) == "zh";
        List<ModelAnswer> answers = [];
        foreach (var model in models.All)
        {
            var hash = model.Card.WeightsSha256;
            answers.Add(Of(model, models, await database.ReadAsync(w => w.ScalarAsync<long>("SELECT COUNT(*) FROM results WHERE model_sha256 = @hash", new { hash })), zh));
        }
        if (models.Detector is var (path, card)) answers.Add(Of(path, card, zh));
        return new Items<ModelAnswer>(answers);
    }

    private static ModelAnswer Of(ConfiguredModel model, LoadedModels models, long results, bool zh)
    {
        var card = model.Card;
        string T(string en, string chinese) => zh ? chinese : en;
        ModelCheck[] checks =
        [
            // Reading the file compares the weights with the hash, so a loaded model has passed it.
            new("hash", models.IsReady, T("The weights are those that the card names.", "权重与模型卡一致。")),
            new("self-test", models.SelfTestPassed == true, T("A black picture gives probabilities that sum to 1.", "黑色图像给出总和为 1 的概率。")),
            new("calibrated", card.Calibration is not null || card.Decoding.Temperature != 1, T("The probabilities were calibrated on images of their own.", "概率已在独立图像上校准。")),
            new("conformal", card.Decoding.Conformal is not null, T("It gives sets of grades with a promised coverage.", "给出有覆盖率保证的分级集合。")),
            Measured(card.Metrics.Keys, zh),
        ];
        return new ModelAnswer(card.WeightsSha256[..12], Path.GetFileName(model.Path), card.WeightsSha256, card.Architecture, card.Task, model.Role, true, card.Classes, card.Preprocessing.Size, card.Licence,
            card.Created, card.Producer, card.Data, Figures(card.Metrics), card.Calibration, card.Decoding.Conformal is { } c ? new ConformalAnswer(c.Coverage) : null,
            model.Role == "grading" ? card.Decoding.ReferableFrom : null, results, checks);
    }

    private static ModelAnswer Of(string path, DetectorCard card, bool zh) => new(card.WeightsSha256[..12], Path.GetFileName(path), card.WeightsSha256, card.Architecture, card.Task, "lesions", true, card.Labels,
        card.Tiles.Side, card.Licence, card.Created, card.Producer, card.Data, Figures(card.Metrics), null, null, null, null,
        [new("hash", true, zh ? "权重与模型卡一致。" : "The weights are those that the card names."), Measured(card.Metrics.Keys, zh)]);

    private static ModelCheck Measured(IEnumerable<string> metrics, bool zh) =>
        new("test-figures", metrics.Any(k => k.StartsWith("test.", StringComparison.Ordinal)), zh ? "已在测试图像上评估。" : "It was measured on test images.");

    private static MetricAnswer[] Figures(IReadOnlyDictionary<string, CardMetric> metrics) =>
        [.. metrics.OrderBy(m => m.Key, StringComparer.Ordinal).Select(m => new MetricAnswer(m.Key, m.Value.Value, m.Value.Low, m.Value.High))];
}
