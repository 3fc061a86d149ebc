using Fovea.Detection;
using Fovea.Detection.Grading;
using Fovea.Training.Detection;
using Fovea.Training.MadeUp;

namespace Fovea.Training.Tests.Detection;

public class LesionGradeTests
{
    /// <summary>A field of radius 500 around the macula at (500, 500): a disc diameter is 180.</summary>
    private static readonly RetinaPlaces Places = new(500, 500, 500);

    private static readonly LesionKind[] All = Enum.GetValues<LesionKind>();

    private static LesionFeatures Eye(params (LesionKind Kind, float X, float Y)[] lesions) =>
        LesionFeatures.Of([.. lesions.Select(l => (l.Kind, new Box(l.X - 5, l.Y - 5, l.X + 5, l.Y + 5)))], All, Places);

    private static LesionFeatures Haemorrhages(params int[] ofQuadrants)
    {
        (float X, float Y)[] centres = [(200, 200), (800, 200), (200, 800), (800, 800)];
        return Eye([.. ofQuadrants.SelectMany((n, q) => Enumerable.Range(0, n).Select(_ => (LesionKind.Haemorrhage, centres[q].X, centres[q].Y)))]);
    }

    [Fact]
    public void Of_TwoExudates_CountsAreaQuadrantAndDistance()
    {
        var f = Eye((LesionKind.HardExudate, 500 + 95, 500), (LesionKind.HardExudate, 100, 100))[LesionKind.HardExudate];
        Assert.Equal(2, f.Count);
        Assert.Equal([1, 0, 0, 1], f.Quadrants); // above left; on the macula's height, to the right
        Assert.Equal(200 / (Math.PI * 500 * 500), f.Area, 1e-12);
        Assert.Equal(0.5, f.NearestToMacula!.Value, 1e-9); // the nearer one's edge is 90 pixels off
    }

    [Fact]
    public void Grade_EachStepOfTheScale()
    {
        Assert.Equal(0, IcdrRule.Grade(Eye()).Grade);
        Assert.Equal(1, IcdrRule.Grade(Eye((LesionKind.Microaneurysm, 100, 100))).Grade);
        Assert.Equal(2, IcdrRule.Grade(Eye((LesionKind.Microaneurysm, 100, 100), (LesionKind.Haemorrhage, 100, 100))).Grade);
        Assert.Equal(2, IcdrRule.Grade(Eye((LesionKind.SoftExudate, 100, 100))).Grade);
        // 4: more than 20 in each of four quadrants; 2: beading in two; 1: IRMA in one
        Assert.Equal(2, IcdrRule.Grade(Haemorrhages(21, 21, 21, 20)).Grade);
        Assert.Equal(3, IcdrRule.Grade(Haemorrhages(21, 21, 21, 21)).Grade);
        Assert.Equal(2, IcdrRule.Grade(Eye((LesionKind.VenousBeading, 100, 100), (LesionKind.VenousBeading, 110, 100))).Grade);
        Assert.Equal(3, IcdrRule.Grade(Eye((LesionKind.VenousBeading, 100, 100), (LesionKind.VenousBeading, 900, 100))).Grade);
        Assert.Equal(3, IcdrRule.Grade(Eye((LesionKind.Irma, 100, 100))).Grade);
        Assert.Equal(4, IcdrRule.Grade(Eye((LesionKind.NewVessels, 100, 100))).Grade);
        Assert.Equal(4, IcdrRule.Grade(Eye((LesionKind.VitreousHaemorrhage, 100, 100))).Grade);
        Assert.True(IcdrRule.Grade(Eye((LesionKind.HardExudate, 600, 500))).MaculaThreatened);
        Assert.False(IcdrRule.Grade(Eye((LesionKind.HardExudate, 700, 500))).MaculaThreatened);
    }

    /// <summary>Made-up retinas are painted by the rules of grading: from their true lesions the rule gives their grades back.</summary>
    [Fact]
    public void Grade_MadeUpRetinasTrueLesions_GivesTheirGrades()
    {
        foreach (var entry in MadeUpDataset.Plan(new MadeUpDatasetSpec(40) { Size = 96, Seed = 3 }))
        {
            var truth = RetinaPainter.Paint(entry.Retina).Truth;
            var places = new RetinaPlaces(truth.Fovea.X + 0.5, truth.Fovea.Y + 0.5, truth.Field.RadiusX);
            var features = LesionFeatures.Of([.. truth.Lesions.Select(l => (l.Kind, new Box(l.Box.X, l.Box.Y, l.Box.X + l.Box.Width, l.Box.Y + l.Box.Height)))], All, places);
            if (truth.Grade != 3) Assert.Equal(truth.Grade, IcdrRule.Grade(features).Grade);
        }
    }

    /// <summary>Eyes whose grade is their number of microaneurysms in classes of three: a fitted model finds that out.</summary>
    [Fact]
    public void Fit_GradesThatFollowCounts_AreLearnt()
    {
        var (eyes, grades) = (new List<LesionFeatures>(), new List<int>());
        var random = SeededRandom.For(4);
        for (var i = 0; i < 120; i++)
        {
            var count = random.NextInt(15);
            eyes.Add(Eye([.. Enumerable.Range(0, count).Select(_ => (LesionKind.Microaneurysm, (float)random.NextDouble(50, 950), (float)random.NextDouble(50, 950)))]));
            grades.Add(count / 3);
        }
        var model = OrdinalFit.Fit(eyes, grades, [LesionKind.Microaneurysm], ridge: 0.1);
        Assert.Equal(model.Thresholds.Order(), model.Thresholds);
        var right = eyes.Zip(grades, (e, g) => model.Grade(e) == g ? 1 : 0).Sum();
        Assert.True(right >= 100, $"{right} of 120");
        Assert.All(eyes, e => Assert.Equal(1, model.Probabilities(e).Sum(), 1e-9));
        Assert.True(model.Probabilities(Eye())[0] > 0.5);
        Assert.Throws<ArgumentException>(() => OrdinalFit.Fit(eyes, [.. grades.Select(g => g + 1)], [LesionKind.Microaneurysm]));
    }
}
