#!/usr/bin/env python3
"""The mean of the probabilities of several predictions of the same images; the grade is the most probable one, the higher one of equals.

    results/average.py results/retinamnist-squeezenet/seed-1/predictions.csv results/retinamnist-resnet18/seed-1/predictions.csv > predictions.csv
"""
import csv
import sys

tables = [list(csv.DictReader(open(path))) for path in sys.argv[1:]]
names = [c for c in tables[0][0] if c[0] == "p" and c[1:].isdigit()]
rows = [{r["image"]: r for r in table} for table in tables]
out = csv.writer(sys.stdout, lineterminator="\n")
out.writerow(["image", "true", "predicted"] + names)
for first in tables[0]:
    same = [by[first["image"]] for by in rows]
    assert all(r["true"] == first["true"] for r in same)
    p = [sum(float(r[n]) for r in same) / len(same) for n in names]
    out.writerow([first["image"], first["true"], max(range(len(p)), key=lambda k: (p[k], k))] + [f"{v:.9g}" for v in p])
