using Fovea.Calibration;
using Fovea.Training.Metrics;

namespace Fovea.Training.Tests.Metrics;

public sealed class ConfusionMatrixTests
{
    private static ConfusionMatrix Parse(string rows) =>
        ConfusionMatrix.FromRows(rows.Trim('[', ']').Split("][").Select(row => row.Split(' ').Select(long.Parse).ToArray()).ToArray());

    // 50 items, raters agree on 20 + 15: observed 0.7; expected 0.5·0.6 + 0.5·0.4 = 0.5; kappa = (0.7 − 0.5) / (1 − 0.5) = 0.4.
    [Fact]
    public void Kappa_WorkedExampleOfFiftyItems_PointFour()
    {
        var matrix = Parse("[20 5][10 15]");
        Assert.Equal(0.7, matrix.Accuracy!.Value, 15);
        Assert.Equal(0.4, matrix.Kappa(KappaWeighting.None)!.Value, 15);
    }

    // Row and column sums 2,2,2 of 6, so expected counts are 2·2/6 = 2/3 each.
    // Observed Σd² = 1 + 1 + 4 = 6, expected 2/3·(4·1 + 2·4) = 8. Linear: observed 1 + 1 + 2 = 4, expected 2/3·(4·1 + 2·2) = 16/3.
    [Fact]
    public void Kappa_ThreeGradesByHand_WeightsByDistance()
    {
        var matrix = ConfusionMatrix.From([0, 0, 1, 1, 2, 2], [0, 1, 1, 2, 2, 0], 3);
        Assert.Equal(1 - 6.0 / 8, matrix.QuadraticWeightedKappa!.Value, 15);
        Assert.Equal(1 - 4.0 / (16.0 / 3), matrix.Kappa(KappaWeighting.Linear)!.Value, 15);
    }

    [Fact]
    public void Kappa_PerfectAgreement_One() => Assert.Equal(1, Parse("[3 0 0][0 4 0][0 0 5]").QuadraticWeightedKappa);

    [Fact]
    public void Kappa_ConstantPrediction_Zero() => Assert.Equal(0, ConfusionMatrix.From([0, 1, 2, 4], [2, 2, 2, 2], 5).QuadraticWeightedKappa!.Value, 15);

    [Fact]
    public void Kappa_OneSingleClass_Undefined()
    {
        var matrix = ConfusionMatrix.From([2, 2, 2], [2, 2, 2], 5);
        Assert.Null(matrix.QuadraticWeightedKappa);
        Assert.Null(matrix.Kappa(KappaWeighting.None));
        Assert.Equal(1, matrix.Accuracy);
    }

    // An absent grade keeps its place: expected Σd² = (2·16 + 9 + 2·1 + 16)/3 = 59/3; numbering only the grades met would give 1 − 1/5.
    [Fact]
    public void Kappa_AbsentGrades_KeepTheirDistance() =>
        Assert.Equal(1 - 3 / 59.0, ConfusionMatrix.From([0, 3, 4], [0, 4, 4], 5).QuadraticWeightedKappa!.Value, 15);

    // TP 8, FN 2, FP 1, TN 9 at threshold 1.
    [Fact]
    public void AtLeast_ByHand_SharesOfTheFourCounts()
    {
        var counts = Parse("[9 1][2 8]").AtLeast(1);
        Assert.Equal(new BinaryCounts(8, 1, 2, 9), counts);
        Assert.Equal(0.8, counts.Sensitivity);
        Assert.Equal(0.9, counts.Specificity);
        Assert.Equal(8 / 9.0, counts.PositivePredictiveValue);
        Assert.Equal(9 / 11.0, counts.NegativePredictiveValue);
        Assert.Null(Parse("[3 0][0 0]").AtLeast(1).Sensitivity);
        Assert.Null(Parse("[3 0][0 0]").AtLeast(1).PositivePredictiveValue);
    }

    [Fact]
    public void From_WeightedSamples_CountThatOften() =>
        Assert.Equal([[0, 3], [0, 2]], ConfusionMatrix.From([0, 1, 0], [1, 1, 0], 2, [3, 2, 0]).ToRows());

    [Fact]
    public void From_ClassOutOfRange_Refused() => Assert.Throws<ArgumentException>(() => ConfusionMatrix.From([0, 5], [0, 1], 5));

    // The APTOS case study: validation matrices as printed, with the quadratic kappas printed for the same checkpoints (four digits) or recomputed from the
    // matrix where the printed kappa belongs to another decoding; 5-class accuracy and macro F1 to four digits.
    [Theory]
    [InlineData("baseline", "[237 15 19 0 0][4 6 46 0 0][13 11 117 9 0][2 1 22 4 0][2 2 37 3 0]", 0.6931, 0.6618, 0.3608)]
    [InlineData("AlexNet", "[247 15 9 0 0][2 8 41 4 1][7 10 108 22 3][0 2 16 7 4][2 3 17 11 11]", 0.7912, 0.6927, 0.4557)]
    [InlineData("VGG16", "[267 3 1 0 0][13 18 24 1 0][4 15 119 12 0][1 1 14 11 2][2 1 26 9 6]", 0.8299, 0.7655, 0.5276)]
    [InlineData("VGG19", "[270 1 0 0 0][5 22 28 1 0][1 7 126 15 1][0 0 9 13 7][0 1 13 10 20]", 0.9128, 0.8200, 0.6408)]
    [InlineData("DenseNet121", "[262 8 1 0 0][3 34 18 0 1][1 13 103 31 2][0 1 3 18 7][0 1 4 9 30]", 0.9230, 0.8127, 0.6888)]
    [InlineData("ResNet50", "[266 5 0 0 0][4 34 15 1 2][1 23 116 8 2][0 1 9 12 7][0 1 9 10 24]", 0.9079, 0.8218, 0.6663)]
    [InlineData("ResNet152", "[269 2 0 0 0][5 33 16 1 1][1 16 121 11 1][0 0 15 7 7][0 1 10 11 22]", 0.9130, 0.8218, 0.6392)]
    [InlineData("InceptionV3", "[266 5 0 0 0][3 30 22 0 1][1 12 116 17 4][0 1 10 11 7][0 2 12 4 26]", 0.9014, 0.8164, 0.6585)]
    [InlineData("EfficientNetB0", "[269 2 0 0 0][9 30 16 0 1][2 11 119 14 4][0 1 8 10 10][1 0 8 5 30]", 0.9144, 0.8327, 0.6769)]
    [InlineData("EfficientNetB3", "[266 4 1 0 0][5 35 15 0 1][0 13 121 14 2][0 0 8 17 4][0 1 9 12 22]", 0.9207, 0.8382, 0.6990)]
    [InlineData("EfficientNetB4", "[265 6 0 0 0][7 33 15 0 1][0 22 121 4 3][0 1 13 8 7][0 1 9 3 31]", 0.9179, 0.8327, 0.6802)]
    [InlineData("Xception", "[267 4 0 0 0][8 29 17 1 1][1 13 115 17 4][0 1 8 13 7][0 1 6 11 26]", 0.9161, 0.8182, 0.6623)]
    [InlineData("ensemble", "[267 4 0 0 0][3 36 16 0 1][1 8 135 6 0][0 0 10 12 7][0 1 9 9 25]", 0.93148, 0.8636, 0.7185)]
    // The multi-task replication, hold-out of 733; printed to three digits.
    [InlineData("S1 ResNet50", "[350 2 1 0 0][11 45 28 2 1][4 8 174 15 4][0 0 17 20 3][0 3 10 9 26]", 0.904, 0.839, 0.699)]
    [InlineData("S1 multi-task", "[265 81 7 0 0][13 32 32 9 1][6 45 117 34 3][1 4 27 7 1][2 8 22 15 1]", 0.704, 0.576, 0.364)]
    public void Scores_PublishedGradingMatrices_AsPrinted(string model, string rows, double kappa, double accuracy, double macroF1)
    {
        var matrix = Parse(rows);
        Assert.Equal(kappa, Math.Round(matrix.QuadraticWeightedKappa!.Value, Digits(kappa)), 12);
        Assert.Equal(accuracy, Math.Round(matrix.Accuracy!.Value, model.StartsWith("S1", StringComparison.Ordinal) ? 3 : 4), 12);
        Assert.Equal(macroF1, Math.Round(matrix.F1Macro!.Value, model.StartsWith("S1", StringComparison.Ordinal) ? 3 : 4), 12);
        static int Digits(double x) => x == 0.93148 ? 5 : Math.Round(x, 3) == x && x is 0.904 or 0.704 ? 3 : 4;
    }

    // The OCT system: micro and macro F1 (the latter printed for the test part only).
    [Theory]
    [InlineData("[18813 84 297 128][329 4926 16 621][754 17 3269 434][113 229 30 13290]", .9296, null)]
    [InlineData("[3303 16 64 27][74 867 5 94][148 1 537 103][23 49 9 2330]", .9199, null)]
    [InlineData("[3889 23 69 31][73 998 3 149][162 7 675 85][34 69 12 2722]", .9203, .8867)]
    [InlineData("[18985 102 204 31][159 5646 7 80][504 25 3730 215][19 135 40 13468]", .9649, null)]
    [InlineData("[3334 20 49 7][44 971 2 23][111 2 627 49][2 33 8 2368]", .9542, null)]
    [InlineData("[3930 31 44 7][33 1166 0 24][129 8 759 33][5 51 11 2770]", .9582, .9395)]
    [InlineData("[18566 82 627 47][308 5046 83 455][635 33 3384 422][75 118 160 13309]", .9298, null)]
    [InlineData("[3234 19 140 17][86 841 14 99][124 5 547 113][11 33 50 2317]", .9071, null)]
    [InlineData("[3805 38 155 14][75 1003 27 118][163 9 664 93][28 44 56 2709]", .9089, .8678)]
    [InlineData("[18646 149 446 81][253 5292 17 330][514 25 3678 257][39 156 77 13390]", .9459, null)]
    [InlineData("[3273 26 97 14][59 906 3 72][106 4 616 63][5 28 8 2370]", .9366, null)]
    [InlineData("[3873 41 87 11][50 1079 10 84][119 4 757 49][14 50 22 2751]", .9399, .9148)]
    [InlineData("[19133 5 181 3][68 5757 3 64][143 2 4242 87][9 27 27 13599]", .9857, null)]
    [InlineData("[3327 13 67 3][51 938 4 47][72 1 673 43][3 17 15 2376]", .9561, null)]
    [InlineData("[3938 10 63 1][32 1153 2 36][77 4 812 36][11 17 25 2784]", .9651, .9497)]
    public void Scores_PublishedOctMatrices_AsPrinted(string rows, double microF1, double? macroF1)
    {
        var matrix = Parse(rows);
        Assert.Equal(microF1, Math.Round(matrix.F1Micro!.Value, 4), 12);
        if (macroF1 is { } expected) Assert.Equal(expected, Math.Round(matrix.F1Macro!.Value, 4), 12);
    }

    // DenseNet121 of the case study: any retinopathy read as none 4 of 279; referable read as not referable 16.
    [Fact]
    public void AtLeast_PublishedMatrix_DangerousCells()
    {
        var matrix = Parse("[262 8 1 0 0][3 34 18 0 1][1 13 103 31 2][0 1 3 18 7][0 1 4 9 30]");
        Assert.Equal(4, matrix.AtLeast(1).FalseNegatives);
        Assert.Equal(16, matrix.AtLeast(2).FalseNegatives);
        Assert.Equal([.967, .607, .687, .621, .682], Enumerable.Range(0, 5).Select(c => Math.Round(matrix.Recall(c), 3)));
    }
}
