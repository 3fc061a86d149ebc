#!/usr/bin/env python3
"""The network for quality against the measures on one set of pictures.

    fovea quality --json IMAGES > verdicts.jsonl
    results/quality.py verdicts.jsonl predictions.csv > results/quality/summary.json

Intervals: percentile bootstrap over photographs (what was made of one photograph stays together), 2000 resamples.
"""
import csv
import json
import os
import random
import sys

CLASSES = ["good", "tooDark", "overexposed", "blurred", "fieldCutOff", "notAFundusPhotograph"]
rows = {row["image"]: row for row in csv.DictReader(open(sys.argv[2]))}
pictures = []
for line in open(sys.argv[1]):
    verdict = json.loads(line)
    row = rows.get(os.path.basename(verdict["image"]))
    if row is None:
        continue
    network, measures = verdict["byNetwork"] is None, not verdict["byMeasures"]
    # What was said of each: "good", or the reason.
    pictures.append({"truth": CLASSES[int(row["true"])], "group": row.get("group", row["image"]), "measures": "good" if measures else verdict["byMeasures"][0],
                     "network": "good" if network else verdict["byNetwork"], "both": "good" if network and measures else "bad"})


def figures(sample):
    out = {}
    for judge in ("measures", "network", "both"):
        good = [p for p in sample if p["truth"] == "good"]
        bad = [p for p in sample if p["truth"] != "good"]
        out[judge + ".falseAlarms"] = sum(p[judge] != "good" for p in good) / max(1, len(good))
        out[judge + ".found"] = sum(p[judge] != "good" for p in bad) / max(1, len(bad))
        for kind in CLASSES[1:]:
            of = [p for p in sample if p["truth"] == kind]
            out[f"{judge}.found.{kind}"] = sum(p[judge] != "good" for p in of) / max(1, len(of))
            if judge != "both":
                out[f"{judge}.named.{kind}"] = sum(p[judge] == kind for p in of) / max(1, len(of))
    return out


groups = {}
for p in pictures:
    groups.setdefault(p["group"], []).append(p)
names, draw, samples = sorted(groups), random.Random(1), []
for _ in range(2000):
    samples.append(figures([p for name in draw.choices(names, k=len(names)) for p in groups[name]]))
value = figures(pictures)
interval = {}
for key in value:
    ordered = sorted(s[key] for s in samples)
    interval[key] = {"low": ordered[49], "high": ordered[1949]}
print(json.dumps({"pictures": len(pictures), "photographs": len(groups), "byClass": {c: sum(p["truth"] == c for p in pictures) for c in CLASSES}, "value": value, "interval": interval}, indent=1))
