"""Weights of ensembles by scikit-learn and SciPy: fixtures/ensembles.json.

    /usr/bin/python3 oracle/ensembles.py
"""
import json
import os

import numpy as np
from scipy.optimize import minimize
from scipy.stats import trim_mean
from sklearn.linear_model import LinearRegression, Ridge

rng = np.random.default_rng(5)
n, members, classes = 40, 4, 5
truth = rng.integers(0, classes, n)
# Members that know the truth more or less well.
logits = rng.normal(size=(members, n, classes)) + np.array([2.0, 1.2, 0.8, 0.1])[:, None, None] * np.eye(classes)[truth]
p = np.round(np.exp(logits) / np.exp(logits).sum(-1, keepdims=True), 6)
p /= p.sum(-1, keepdims=True)
scores = (p @ np.arange(classes)).T  # [n, members]

linear = LinearRegression().fit(scores, truth)
ridge = Ridge(alpha=3.0).fit(scores, truth)


def likelihood(w):
    return -np.log(np.einsum("m,mi->i", w, p[:, np.arange(n), truth])).mean()


mixture = minimize(likelihood, np.full(members, 1 / members), bounds=[(0, 1)] * members, constraints={"type": "eq", "fun": lambda w: w.sum() - 1}, options={"ftol": 1e-14, "maxiter": 1000})
assert mixture.success
trimmed = trim_mean(p, 0.25, axis=0)
trimmed /= trimmed.sum(-1, keepdims=True)

with open(os.path.join(os.path.dirname(__file__), "fixtures", "ensembles.json"), "w") as out:
    json.dump({
        "truth": truth.tolist(), "probabilities": p.tolist(),
        "linear": {"weights": linear.coef_.tolist(), "intercept": linear.intercept_},
        "ridge": {"lambda": 3.0, "weights": ridge.coef_.tolist(), "intercept": ridge.intercept_},
        "mixture": {"weights": mixture.x.tolist(), "loss": mixture.fun},
        "trimmed": trimmed.tolist(),
    }, out)
    out.write("\n")
