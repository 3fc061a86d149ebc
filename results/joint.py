#!/usr/bin/env python3
"""Grade and risk of macular oedema right together, as IDRiD's challenge counts: two tables of predictions of the same images.

    results/joint.py results/dr-mobile/predictions.csv results/dme-mobile/predictions.csv > results/dme-mobile/joint.json
"""
import csv
import json
import random
import sys

first, second = ({r["image"]: r["true"] == r["predicted"] for r in csv.DictReader(open(path))} for path in sys.argv[1:3])
assert first.keys() == second.keys(), "the tables are of other images"
both = [first[i] and second[i] for i in sorted(first)]
draw = random.Random(0)
shares = sorted(sum(draw.choices(both, k=len(both))) / len(both) for _ in range(2000))
print(json.dumps({"images": len(both), "accuracy": sum(both) / len(both), "low": shares[49], "high": shares[1949]}, indent=2))
