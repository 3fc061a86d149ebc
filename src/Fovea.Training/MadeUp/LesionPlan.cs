namespace Fovea.Training.MadeUp;

/// <summary>
/// Chooses the lesions of a grade by the International Clinical Diabetic Retinopathy scale (Wilkinson et al., Ophthalmology 2003;110:1677):
/// 0 none; 1 microaneurysms only; 2 more than that but less than 3; 3 the 4-2-1 rule (more than 20 haemorrhages in each of four quadrants, or venous beading in
/// two, or IRMA in one) without signs of 4; 4 new vessels, or vitreous or preretinal haemorrhage.
/// </summary>
internal sealed class LesionPlan(RetinaCanvas canvas, RetinaAnatomy anatomy, IReadOnlyList<Vessel> vessels, LesionBrush brush, SeededRandom random)
{
    private readonly List<(Vector2D Place, double Radius)> taken = [];

    public void Paint(int grade)
    {
        switch (grade)
        {
            case 1:
                Microaneurysms(random.Between(9, 22));
                break;
            case 2:
                Moderate();
                break;
            case 3:
                Severe();
                break;
            case 4:
                if (random.Chance(0.5)) Moderate();
                else Scatter(random.Between(8, 16), 0.6);
                Proliferative();
                break;
        }
    }

    private void Moderate()
    {
        // Fewer than the severe grade's 20 a quadrant by a clear margin.
        Microaneurysms(random.Between(8, 22));
        Scatter(random.Between(2, 7), 1);
        if (random.Chance(0.75)) Exudates(random.Between(1, 4));
        if (random.Chance(0.35)) CottonWool(random.Between(1, 3));
    }

    private void Severe()
    {
        Microaneurysms(random.Between(10, 25));
        bool many = random.Chance(0.75), beading = random.Chance(0.4), irma = random.Chance(0.4);
        if (beading) beading = Beading();
        Scatter(many ? random.Between(22, 27) : random.Between(13, 18), 1, crowded: true);
        many = Enum.GetValues<Quadrant>().All(quadrant => brush.Painted.Count(lesion => lesion.Kind == LesionKind.Haemorrhage && lesion.Quadrant == quadrant) > 20);
        if (irma || (!many && !beading)) // a close-up may have had no room for the haemorrhages or veins
        {
            for (int i = random.Between(2, 5); i > 0; i--) Place(0.06, brush.Irma, p => p.Length > 0.3);
        }
        if (random.Chance(0.6)) Exudates(random.Between(1, 4));
        CottonWool(random.Between(1, 6));
    }

    private void Proliferative()
    {
        bool blood = random.Chance(0.65);
        if (!blood || random.Chance(0.5))
        {
            if (random.Chance(0.5)) brush.NewVessels(anatomy.Cup, anatomy.DiscDiameter * random.NextDouble(0.7, 1.3));
            else Place(0.2, p => brush.NewVessels(p, anatomy.DiscDiameter * random.NextDouble(0.7, 1.2)), p => p.DistanceTo(anatomy.Fovea) > 0.35);
        }
        if (!blood) return;
        if (random.Chance(0.6)) Place(0.22, p => brush.PreretinalHaemorrhage(p, anatomy.DiscDiameter * random.NextDouble(0.55, 1.2)), p => p.DistanceTo(anatomy.Fovea) > 0.2);
        else Place(0.15, p => brush.VitreousHaemorrhage(p, random.NextDouble(0.35, 0.7), random.NextDouble(0.9, 1.4)), p => p.Y > -0.3);
    }

    private void Microaneurysms(int count)
    {
        for (int i = 0; i < count; i++) Place(0.025, brush.Microaneurysm, p => p.Length < 0.88 && !OnVessel(p));
    }

    /// <summary>Haemorrhages in each quadrant: exactly so many when crowded, else about the given share of them.</summary>
    private void Scatter(int perQuadrant, double share, bool crowded = false)
    {
        foreach (Quadrant quadrant in Enum.GetValues<Quadrant>())
        {
            int count = (int)(perQuadrant * share + 0.5);
            if (!crowded) count = Math.Max(1, count + random.Between(-2, 2));
            for (int i = 0; i < count; i++) Place(crowded ? 0.03 : 0.045, brush.Haemorrhage, p => anatomy.QuadrantOf(p) == quadrant && p.DistanceTo(anatomy.Fovea) > 0.06);
        }
    }

    private void Exudates(int clusters)
    {
        for (int i = 0; i < clusters; i++)
        {
            double spread = random.NextDouble(0.25, 0.75);
            int count = random.Between(10, 30);
            bool macular = random.Chance(0.5);
            Place(0.02, p => brush.ExudateCluster(p, count, spread),
                p => macular ? p.DistanceTo(anatomy.Fovea) < 0.3 : p.DistanceTo(anatomy.Fovea) is > 0.45 and < 0.85);
        }
    }

    private void CottonWool(int count)
    {
        for (int i = 0; i < count; i++) Place(0.09, brush.CottonWoolSpot, p => p.DistanceTo(anatomy.Disc) < 1.0 && p.DistanceTo(anatomy.Fovea) > 0.25);
    }

    // Venous beading in two quadrants or more; false when too little of the veins is in the picture.
    private bool Beading()
    {
        var stretches = new Dictionary<Quadrant, (Vessel Vein, int From, int To)>();
        foreach (Vessel vein in vessels.Where(v => v is { IsArtery: false, Order: 0 }))
        {
            int from = -1;
            for (int i = 12; i < vein.Path.Length; i++)
            {
                bool inside = canvas.Shows(vein.Path[i], 0.05);
                if (inside && from < 0) from = i;
                if (from < 0 || (inside && i - from < 34 && i + 1 < vein.Path.Length)) continue;
                if (i - from >= 14) stretches.TryAdd(anatomy.QuadrantOf(vein.Path[(from + i) / 2]), (vein, from, i - 1));
                break;
            }
        }
        if (stretches.Count < 2) return false;
        foreach ((Vessel vein, int from, int to) in stretches.Values) brush.VenousBeading(vein, from, to);
        return true;
    }

    private bool OnVessel(Vector2D p) => canvas.Sample(canvas.Veins, p) > 0.15 || canvas.Sample(canvas.Arteries, p) > 0.15;

    /// <summary>Finds a free place in the picture, off the disc, and paints there. Crowded: after enough tries a lesion may touch another.</summary>
    private void Place(double radius, Action<Vector2D> paint, Func<Vector2D, bool> allowed)
    {
        for (int attempt = 0; attempt < 400; attempt++)
        {
            var p = new Vector2D(random.NextDouble(-1, 1), random.NextDouble(-1, 1));
            if (!canvas.Shows(p, Math.Max(0.05, radius * 0.8)) || anatomy.DiscDistance(p) < 1.3 || !allowed(p)) continue;
            if (attempt < 200 && taken.Any(other => other.Place.DistanceTo(p) < other.Radius + radius)) continue;
            taken.Add((p, radius));
            paint(p);
            return;
        }
    }
}
