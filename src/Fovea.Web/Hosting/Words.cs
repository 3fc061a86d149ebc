using Fovea.Quality;
using Fovea.Web.Settings;

namespace Fovea.Web.Hosting;

/// <summary>The service's sentences in English and Chinese. Every one has a code beside it, so that a page may use its own.</summary>
internal static class Words
{
    /// <summary><c>zh</c> or <c>en</c>, by <c>?language=</c>, else by Accept-Language.</summary>
    public static string Language(HttpContext context)
    {
        var asked = context.Request.Query["language"].ToString();
        if (asked is "zh" or "en") return asked;
        return context.Request.Headers.AcceptLanguage.ToString().StartsWith("zh", StringComparison.OrdinalIgnoreCase) ? "zh" : "en";
    }

    public static string Notice(string language) => language == "zh" ? "研究软件，不是医疗器械，不得用于指导患者诊疗" : "Research software, not a medical device: must not guide the care of a patient";

    public static string Advice(string code, string language) => (code, language) switch
    {
        ("refer", "zh") => "转诊眼科医生",
        ("rescreen", "zh") => "无需转诊，按常规间隔复查",
        ("person", "zh") => "结果不确定，请医生判定",
        ("retake", "zh") => "请重新拍摄",
        ("refer", _) => "Refer to an ophthalmologist",
        ("rescreen", _) => "No referral; screen again at the usual interval",
        ("person", _) => "The grade is unsure: a person decides",
        _ => "Photograph again",
    };

    public static LocalisedText ReferredByScan { get; } = new("The OCT scan shows disease. Refer to an ophthalmologist.", "OCT 扫描显示病变，请转诊眼科医生。");

    public static LocalisedText OnlyScans { get; } = new("OCT scans only, without a photograph for a grade of retinopathy. A person decides.", "仅有 OCT 扫描，没有可分级的眼底照片，由医生判定。");

    public static string NoModel(string language) => language == "zh" ? "OCT 图像：未配置模型，由医生阅片。" : "OCT image: no model is configured. A person reads it.";

    public static string Lesion(string kind, string language) => (kind, language) switch
    {
        ("microaneurysm", "zh") => "微动脉瘤", ("haemorrhage", "zh") => "出血", ("hardExudate", "zh") => "硬性渗出", ("softExudate", "zh") => "软性渗出", ("neovascularisation" or "newVessels", "zh") => "新生血管",
        ("microaneurysm", _) => "microaneurysms", ("haemorrhage", _) => "haemorrhages", ("hardExudate", _) => "hard exudates", ("softExudate", _) => "soft exudates", ("neovascularisation" or "newVessels", _) => "new vessels",
        _ => kind,
    };

    public static string Eye(string? eye, string language) => (eye, language) switch
    {
        ("right", "zh") => "右眼", ("left", "zh") => "左眼", (_, "zh") => "未知眼别", ("right", _) => "Right eye", ("left", _) => "Left eye", _ => "Eye unknown",
    };

    public static string Grade(long grade, string language) => (grade, language) switch
    {
        (0, "zh") => "无视网膜病变", (1, "zh") => "轻度非增殖性", (2, "zh") => "中度非增殖性", (3, "zh") => "重度非增殖性", (4, "zh") => "增殖性",
        (0, _) => "no retinopathy", (1, _) => "mild", (2, _) => "moderate", (3, _) => "severe", (4, _) => "proliferative", _ => "",
    };

    /// <summary>The finding's numbers stay in the English text; the Chinese one says what it is.</summary>
    public static (string Finding, string Advice) Quality(QualityReason reason, string finding, string advice, string language) => language != "zh" ? (finding, advice) : reason switch
    {
        QualityReason.NotAFundusPhotograph => ("不是眼底照片", "请提供带有圆形视野的彩色眼底照片。"),
        QualityReason.TooSmall => ("照片过小", "请按原始尺寸导出照片。"),
        QualityReason.TooDark => ("过暗", "请提高闪光或曝光，或散瞳后重新拍摄。"),
        QualityReason.Overexposed => ("过曝", "请降低闪光或曝光后重新拍摄。"),
        QualityReason.Blurred => ("模糊", "请重新对焦，请患者眨眼，清洁镜头，并检查晶状体或玻璃体是否混浊。"),
        _ => ("颜色异常", "请检查相机的白平衡和滤光片，并确认是彩色照片。"),
    };
}
