"""Fixtures of the t-SNE parity tests: scikit-learn's own steps on five clusters of 300 points.

Run with Debian's python3-sklearn (1.2.1): OMP_NUM_THREADS=1 /usr/bin/python3 oracle/tsne.py
Writes oracle/fixtures/tsne/*.npy and tsne.json; deterministic.
"""
import json
import os

import numpy as np
from sklearn.decomposition import PCA
from sklearn.manifold import TSNE, trustworthiness
from sklearn.manifold._t_sne import _joint_probabilities_nn, _kl_divergence, _kl_divergence_bh
from sklearn.neighbors import NearestNeighbors

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "tsne")
PERPLEXITY = 20

rng = np.random.default_rng(7)
centres = rng.normal(size=(5, 20)) * 2.5
points = (centres[np.arange(300) % 5] + rng.normal(size=(300, 20)) * rng.uniform(0.5, 1.5, size=(300, 1))).astype(np.float32)
points[7] = points[2]  # copies, as data sets have them
start = (rng.normal(size=(300, 2)) * 1e-4).astype(np.float32)

k = min(299, int(3 * PERPLEXITY + 1))
graph = NearestNeighbors(n_neighbors=k, algorithm="brute").fit(points).kneighbors_graph(mode="distance")
graph.data **= 2
p = _joint_probabilities_nn(graph, PERPLEXITY, 0)

# The gradient far from the start, where every force shows, exact and by Barnes and Hut.
spread = (start * 1e5).astype(np.float32)
dense = p.toarray()
condensed = np.maximum(dense[np.triu_indices(300, 1)], np.finfo(np.double).eps)  # as scikit-learn's exact version has it
divergence, gradient = _kl_divergence(spread.ravel().astype(np.float64), condensed, 1, 300, 2)
_, gradient_half = _kl_divergence_bh(spread.ravel(), p, 1, 300, 2, angle=0.5, num_threads=1)

fit = TSNE(perplexity=PERPLEXITY, init=start, learning_rate="auto", method="barnes_hut", n_iter=1000, n_jobs=1, random_state=0)
embedding = fit.fit_transform(points)

os.makedirs(OUT, exist_ok=True)
np.save(os.path.join(OUT, "points.npy"), points)
np.save(os.path.join(OUT, "start.npy"), start)
np.save(os.path.join(OUT, "affinities.npy"), dense[:60].astype(np.float32))
np.save(os.path.join(OUT, "gradient.npy"), gradient.reshape(300, 2))
np.save(os.path.join(OUT, "embedding.npy"), embedding)
pca = PCA(6, svd_solver="full").fit(points.astype(np.float64))
with open(os.path.join(OUT, "tsne.json"), "w", encoding="utf-8") as f:
    json.dump({
        "perplexity": PERPLEXITY,
        "divergenceOfSpread": float(divergence),
        "halfThetaError": float(np.abs(gradient_half.reshape(300, 2) - gradient.reshape(300, 2)).max()),
        "divergence": float(fit.kl_divergence_),
        "trustworthiness": float(trustworthiness(points, embedding, n_neighbors=5)),
        "componentVariance": (pca.singular_values_ ** 2).tolist(),
    }, f, indent=1)
    f.write("\n")
