"""Fixtures of the calibration tests: scipy's best temperature, scikit-learn's isotonic regression, scipy's binomial test.

Run with Debian's python3-sklearn (1.2.1): /usr/bin/python3 oracle/calibration.py
Writes oracle/fixtures/calibration.json; deterministic.
"""
import json
import os

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax
from scipy.stats import binomtest
from sklearn.isotonic import IsotonicRegression

rng = np.random.default_rng(6)
n, k = 80, 4
truth = rng.integers(0, k, n)
logits = rng.normal(size=(n, k)) * 2.5
logits[np.arange(n), truth] += 2
logits = np.round(logits, 3)


def loss(log_t):
    return -log_softmax(logits / np.exp(log_t), axis=1)[np.arange(n), truth].mean()


best = minimize_scalar(loss, bounds=(-4, 4), method="bounded", options={"xatol": 1e-10})

score = np.round(rng.random(60), 1)                     # eleven different values: ties
hit = rng.random(60) < score ** 2
regression = IsotonicRegression(y_min=0, y_max=1, out_of_bounds="clip").fit(score, hit)
at = np.round(np.linspace(-0.2, 1.2, 29), 3)

out = {
    "logits": logits.ravel().tolist(), "truth": truth.tolist(), "temperature": float(np.exp(best.x)), "loss": float(best.fun),
    "isotonic": {"score": score.tolist(), "hit": hit.tolist(), "at": at.tolist(), "value": regression.predict(at).tolist()},
    "mcnemar": [[b, c, binomtest(b, b + c, 0.5).pvalue if b + c else 1.0] for b, c in ((0, 0), (5, 5), (3, 12), (0, 7), (120, 80), (900, 1000))],
}
path = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "calibration.json")
with open(path, "w", encoding="utf-8") as f:
    json.dump(out, f, separators=(",", ":"))
    f.write("\n")
