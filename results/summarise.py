#!/usr/bin/env python3
"""Mean and standard deviation of some scores over runs that differ in their seed only.

    results/summarise.py results/retinamnist-resnet18/seed-*/metrics.json > results/retinamnist-resnet18/summary.json
"""
import json
import statistics
import sys

KEYS = ["auc", "accuracy", "quadraticWeightedKappa", "f1Macro"]

runs = [json.load(open(path)) for path in sys.argv[1:]]
print(json.dumps({
    "runs": len(runs),
    "mean": {key: statistics.mean(run[key] for run in runs) for key in KEYS},
    "standardDeviation": {key: statistics.stdev(run[key] for run in runs) for key in KEYS},
}, indent=2))
