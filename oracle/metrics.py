"""Fixtures of the metrics' parity tests: scikit-learn's own figures on small tables of predictions.

Run with Debian's python3-sklearn (1.2.1): /usr/bin/python3 oracle/metrics.py
Writes oracle/fixtures/metrics/NAME.csv and NAME.json; deterministic.
"""
import json
import os
import warnings

import numpy as np
from sklearn import metrics as m

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "metrics")
warnings.filterwarnings("ignore")


def sample(name, seed, n, k, classes=None, digits=None, constant=None, ties=False):
    rng = np.random.default_rng(seed)
    classes = np.arange(k) if classes is None else np.asarray(classes)
    truth = np.concatenate([classes, rng.choice(classes, n - len(classes), p=None)])
    logits = rng.normal(size=(n, k)) * 1.2
    for shift, weight in ((0, 1.5), (1, 0.7), (-1, 0.7)):
        near = np.clip(truth + shift, 0, k - 1)
        logits[np.arange(n), near] += weight
    p = np.exp(logits) / np.exp(logits).sum(1, keepdims=True)
    if ties:
        p = np.round(p * 8) + 0.5
        p /= p.sum(1, keepdims=True)
    if digits:
        p = np.round(p, digits)
    if name == "overconfident":
        p = np.eye(k)[p.argmax(1)]
    predicted = p.argmax(1) if constant is None else np.full(n, constant)
    write(name, truth, predicted, p, k)


def write(name, truth, predicted, p, k):
    labels = list(range(k))
    rows = ["image,true,predicted," + ",".join(f"p{c}" for c in labels)]
    for i in range(len(truth)):
        rows.append(f"img_{i:04d}.png,{truth[i]},{predicted[i]}," + ",".join(repr(float(x)) for x in p[i]))
    with open(os.path.join(OUT, name + ".csv"), "w", encoding="utf-8") as f:
        f.write("\n".join(rows) + "\n")

    expected = {
        "quadraticWeightedKappa": m.cohen_kappa_score(truth, predicted, labels=labels, weights="quadratic"),
        "linearWeightedKappa": m.cohen_kappa_score(truth, predicted, labels=labels, weights="linear"),
        "kappa": m.cohen_kappa_score(truth, predicted, labels=labels),
        "accuracy": m.accuracy_score(truth, predicted),
        "balancedAccuracy": m.balanced_accuracy_score(truth, predicted),
        "meanAbsoluteError": m.mean_absolute_error(truth, predicted),
        "f1Weighted": m.f1_score(truth, predicted, average="weighted", zero_division=0),
        "logLoss": m.log_loss(truth, p, labels=labels),
        "brier": float(((p - np.eye(k)[truth]) ** 2).sum(1).mean()),
        "confusionMatrix": m.confusion_matrix(truth, predicted, labels=labels).tolist(),
    }
    for average in ("Micro", "Macro"):
        a = average.lower()
        expected["precision" + average] = m.precision_score(truth, predicted, average=a, zero_division=0)
        expected["recall" + average] = m.recall_score(truth, predicted, average=a, zero_division=0)
        expected["f1" + average] = m.f1_score(truth, predicted, average=a, zero_division=0)
    one_hot = np.eye(k)[truth]
    present = [c for c in labels if 0 < one_hot[:, c].sum() < len(truth)]
    # MedMNIST's evaluator: the mean over classes of roc_auc_score of the one-hot column.
    areas = [m.roc_auc_score(one_hot[:, c], p[:, c]) for c in present]
    expected["auc"] = float(np.mean(areas))
    if len(present) == k > 2 and np.allclose(1, p.sum(1)):
        assert abs(expected["auc"] - m.roc_auc_score(truth, p, multi_class="ovr", average="macro")) < 1e-12
        expected["aucWeighted"] = m.roc_auc_score(truth, p, multi_class="ovr", average="weighted")
    expected["averagePrecision"] = float(np.mean([m.average_precision_score(one_hot[:, c], p[:, c]) for c in present]))
    # Guo et al. 2017, 15 bins (lower, upper].
    confidence, hit, ece = p.max(1), p.argmax(1) == truth, 0.0
    edges = np.arange(16) / 15
    for low, high in zip(edges[:-1], edges[1:]):
        inside = (confidence > low) & (confidence <= high)
        if inside.any():
            ece += inside.mean() * abs(hit[inside].mean() - confidence[inside].mean())
    expected["expectedCalibrationError"] = float(ece)
    precision, recall, f1, support = m.precision_recall_fscore_support(truth, predicted, labels=labels, zero_division=0)
    expected["perClass"] = [
        {"precision": float(precision[c]), "recall": float(recall[c]), "f1": float(f1[c]), "support": int(support[c]),
         "auc": float(areas[present.index(c)]) if c in present else None,
         "averagePrecision": float(m.average_precision_score(one_hot[:, c], p[:, c])) if c in present else None}
        for c in labels]
    if k == 5:
        for name_, t in (("anyRetinopathy", 1), ("referable", 2), ("visionThreatening", 3)):
            (tn, fp), (fn, tp) = m.confusion_matrix(truth >= t, predicted >= t, labels=[False, True])
            share = lambda a, b: float(a / (a + b)) if a + b else None
            expected[name_] = {
                "sensitivity": share(tp, fn), "specificity": share(tn, fp),
                "positivePredictiveValue": share(tp, fp), "negativePredictiveValue": share(tn, fn),
                "auc": float(m.roc_auc_score(truth >= t, [float(sum(row[t:])) for row in p.tolist()]))}
    with open(os.path.join(OUT, name + ".json"), "w", encoding="utf-8") as f:
        json.dump({key: float(v) if isinstance(v, np.floating) else v for key, v in expected.items()}, f, indent=1, sort_keys=True)
        f.write("\n")


if __name__ == "__main__":
    os.makedirs(OUT, exist_ok=True)
    sample("five_grades", 1, 200, 5)
    sample("six_digits", 2, 120, 5, digits=6)
    sample("ties", 3, 150, 5, ties=True)
    sample("two_classes", 4, 60, 2)
    sample("oct_classes", 5, 90, 4)
    sample("absent_grade", 6, 60, 5, classes=[0, 1, 2, 4])
    sample("constant_prediction", 7, 40, 5, constant=2)
    sample("overconfident", 8, 50, 5)
    sample("tiny", 9, 5, 5)
