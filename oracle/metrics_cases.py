"""200 random tables of predictions, and what scikit-learn says of each: ties, missing classes, one class only, constant predictions.

Run with Debian's python3-sklearn (1.2.1): /usr/bin/python3 oracle/metrics_cases.py
Writes oracle/fixtures/metrics_cases.json; deterministic. The tables themselves are not stored: the test makes them anew with the same generator
(SplitMix64 and xoshiro256**, as in metrics_random.py) and the same arithmetic, which is exact (integers and one division).
"""
import json
import os
import warnings

import numpy as np
from sklearn import metrics as m

warnings.filterwarnings("ignore")
M = (1 << 64) - 1
CASES = 200


class Random:
    def __init__(self, seed):
        self.s = []
        for _ in range(4):
            seed = (seed + 0x9E3779B97F4A7C15) & M
            z = seed
            z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & M
            z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & M
            self.s.append(z ^ (z >> 31))

    def below(self, n):
        s = self.s
        x = (s[1] * 5) & M
        result = (((x << 7) | (x >> 57)) * 9) & M
        t = (s[1] << 17) & M
        s[2] ^= s[0]
        s[3] ^= s[1]
        s[1] ^= s[2]
        s[0] ^= s[3]
        s[2] ^= t
        s[3] = ((s[3] << 45) | (s[3] >> 19)) & M
        return result % n


def table(case):
    r = Random(case)
    k, n, kind = 2 + r.below(5), 1 + r.below(80), case % 8
    steps = 3 if kind in (3, 4) else 1000               # few steps: many ties
    missing, single, constant = r.below(k), r.below(k), r.below(k)
    truth, predicted, p = [], [], []
    for _ in range(n):
        t = r.below(k)
        if kind == 5 and t == missing:
            t = (t + 1) % k                             # one class never occurs
        if kind == 6:
            t = single                                  # one class only
        weights = [1 + r.below(steps) for _ in range(k)]
        weights[t] += r.below(steps)
        q = max(range(k), key=lambda c: (weights[c], c))
        if r.below(4) == 0:
            q = r.below(k)                              # a decision that is not the most probable class
        if kind == 7:
            q = constant
        truth.append(t)
        predicted.append(q)
        total = sum(weights)
        p.append([w / total for w in weights])
    return k, np.array(truth), np.array(predicted), np.array(p)


def ranked(truth, score):
    both = 0 < truth.sum() < len(truth)
    return (m.roc_auc_score(truth, score) if both else None), (m.average_precision_score(truth, score) if truth.any() else None)


def mean(values):
    values = [v for v in values if v is not None]
    return float(np.mean(values)) if values else None


def decision(truth, predicted, score):
    tp, fn = int((truth & predicted).sum()), int((truth & ~predicted).sum())
    fp, tn = int((~truth & predicted).sum()), int((~truth & ~predicted).sum())
    share = lambda a, b: a / (a + b) if a + b else None
    auc, ap = ranked(truth, score)
    at = {}
    for target in (90, 95):
        at[target] = None
        if 0 < truth.sum() < len(truth):
            fpr, tpr, _ = m.roc_curve(truth, score, drop_intermediate=False)
            at[target] = float(1 - fpr[tpr >= target / 100 - 1e-12].min())
    return {"sensitivity": share(tp, fn), "specificity": share(tn, fp), "positivePredictiveValue": share(tp, fp),
            "negativePredictiveValue": share(tn, fn), "auc": auc, "averagePrecision": ap, "specificityAt90": at[90], "specificityAt95": at[95]}


def expected(k, truth, predicted, p):
    labels, n = list(range(k)), len(truth)
    kappa = lambda w: (lambda v: None if np.isnan(v) else v)(m.cohen_kappa_score(truth, predicted, labels=labels, weights=w))
    out = {"quadraticWeightedKappa": kappa("quadratic"), "linearWeightedKappa": kappa("linear"), "kappa": kappa(None),
           "accuracy": m.accuracy_score(truth, predicted), "balancedAccuracy": m.balanced_accuracy_score(truth, predicted),
           "meanAbsoluteError": m.mean_absolute_error(truth, predicted), "f1Weighted": m.f1_score(truth, predicted, average="weighted", zero_division=0)}
    for average in ("Micro", "Macro"):
        for name, score in (("precision", m.precision_score), ("recall", m.recall_score), ("f1", m.f1_score)):
            out[name + average] = score(truth, predicted, average=average.lower(), zero_division=0)
    out["logLoss"] = m.log_loss(truth, p, labels=labels)
    out["brier"] = ((p - np.eye(k)[truth]) ** 2).sum(1).mean()
    confidence, hit, ece = p.max(1), p.argmax(1) == truth, 0.0
    for b in range(15):
        inside = (np.ceil(confidence * 15) - 1).clip(0, 14) == b
        if inside.any():
            ece += inside.sum() / n * abs(hit[inside].mean() - confidence[inside].mean())
    out["expectedCalibrationError"] = ece
    by_class = [ranked(truth == c, p[:, c]) for c in labels]
    out["auc"], out["averagePrecision"] = mean(a for a, _ in by_class), mean(a for _, a in by_class)
    support = np.bincount(truth, minlength=k)
    known = [c for c in labels if by_class[c][0] is not None]
    out["aucWeighted"] = float(sum(by_class[c][0] * support[c] for c in known) / sum(support[c] for c in known)) if known else None
    if len(known) == k > 2:                             # scikit-learn's own averages say the same
        assert abs(out["auc"] - m.roc_auc_score(truth, p, multi_class="ovr", average="macro")) < 1e-12
        assert abs(out["aucWeighted"] - m.roc_auc_score(truth, p, multi_class="ovr", average="weighted")) < 1e-12
    precision, recall, f1, _ = m.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
    for c in labels:
        negative = truth != c
        out.update({f"perClass.{c}.precision": precision[c], f"perClass.{c}.recall": recall[c], f"perClass.{c}.f1": f1[c],
                    f"perClass.{c}.support": support[c], f"perClass.{c}.auc": by_class[c][0], f"perClass.{c}.averagePrecision": by_class[c][1],
                    f"perClass.{c}.specificity": (predicted[negative] != c).mean() if negative.any() else None})
    # As the report does: Σ p over the classes, left to right.
    total = lambda classes: [float(sum(row[c] for c in classes)) for row in p.tolist()]
    decisions = {"urgent": [0, 1]} if k > 2 else {}
    if k == 5:
        decisions.update(anyRetinopathy=[1, 2, 3, 4], referable=[2, 3, 4], visionThreatening=[3, 4])
    for key, classes in decisions.items():
        for name, value in decision(np.isin(truth, classes), np.isin(predicted, classes), total(classes)).items():
            out[f"{key}.{name}"] = value
    return out


if __name__ == "__main__":
    names, rows, undefined = {}, [], 0
    for case in range(CASES):
        k, *data = table(case)
        values = expected(k, *data)
        names.setdefault(k, list(values))
        assert names[k] == list(values)
        undefined += sum(v is None for v in values.values())
        rows.append("[" + ",".join("null" if v is None else f"{float(v):.11g}" for v in values.values()) + "]")
    path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "metrics_cases.json")
    with open(path, "w", encoding="utf-8") as f:
        f.write('{"names":' + json.dumps({str(k): v for k, v in sorted(names.items())}, separators=(",", ":")) + ',\n"cases":[\n' + ",\n".join(rows) + "\n]}\n")
    print(f"{CASES} tables, {sum(len(r.split(',')) for r in rows)} scores, {undefined} of them undefined")
