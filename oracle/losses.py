#!/usr/bin/env python3
"""Losses and their gradients by PyTorch's own functions and by the published formulas, for tests/Fovea.Training.Tests/Losses.

    oracle/losses.py > oracle/fixtures/losses.json
"""
import json
import torch
import torch.nn.functional as F

torch.manual_seed(20)
N, K = 7, 5
grades = torch.tensor([0, 3, 4, 1, 2, 2, 0])
counts = [9, 2, 6, 3, 1]


def balanced():
    return torch.tensor([sum(counts) / (K * c) for c in counts], dtype=torch.float64)


def multi_hot(always_on):
    return (grades[:, None] >= torch.arange(K)[None, :] + (0 if always_on else 1))[:, :K if always_on else K - 1].double()


def categorical_focal(z, y, alpha=0.25, gamma=2.0):  # S1: mean over classes of alpha (1-p)^gamma (-y log p)
    p = z.softmax(1)
    return (alpha * (1 - p) ** gamma * (-y * p.log())).mean(1).mean()


def binary_focal(z, y, alpha=0.25, gamma=2.0):  # S1: two means over all elements
    p = z.sigmoid()
    p1, p0 = torch.where(y == 1, p, torch.ones_like(p)), torch.where(y == 0, p, torch.zeros_like(p))
    return -(alpha * (1 - p1) ** gamma * p1.log()).mean() - ((1 - alpha) * p0 ** gamma * (1 - p0).log()).mean()


def corn(z, y):  # coral-pytorch's corn_loss, by its loop over tasks
    total, examples = 0.0, 0
    for k in range(K - 1):
        asked = y > k - 1
        target = (y[asked] > k).double()
        total = total + F.binary_cross_entropy_with_logits(z[asked, k], target, reduction="sum")
        examples += int(asked.sum())
    return total / examples


def cost(power):
    d = (torch.arange(K)[:, None] - torch.arange(K)[None, :]).abs().double() / (K - 1)
    return d ** power


def cost_sensitive(z, y, power):  # Galdran et al. 2020: <M(y, .), softmax>, mean over the batch
    return (cost(power)[y] * z.softmax(1)).sum(1).mean()


def soft_kappa(z, y):  # 1 - kappa from soft counts
    p, t = z.softmax(1), F.one_hot(y, K).double()
    observed, expected = t.T @ p, t.sum(0)[:, None] * p.sum(0)[None, :] / len(y)
    return (cost(2) * observed).sum() / (cost(2) * expected).sum()


one_hot = F.one_hot(grades, K).double()
cases = []


def case(name, head, outputs, recipe, formula, always_on=False, weights="none"):
    z = torch.randn(N, outputs, dtype=torch.float64, requires_grad=True)
    value = formula(z)
    value.backward()
    cases.append({"name": name, "head": head, "alwaysOnBit": always_on, "classWeights": weights, "loss": recipe, "logits": z.detach().flatten().tolist(),
                  "value": value.item(), "gradient": z.grad.flatten().tolist()})


case("cross-entropy", "softmax", K, {}, lambda z: F.cross_entropy(z, grades))
case("cross-entropy, weighted", "softmax", K, {}, lambda z: F.cross_entropy(z, grades, weight=balanced()), weights="balanced")
case("cross-entropy, smoothed", "softmax", K, {"labelSmoothing": 0.15}, lambda z: F.cross_entropy(z, grades, label_smoothing=0.15))
case("categorical focal", "softmax", K, {"kind": "focal"}, lambda z: categorical_focal(z, one_hot))
case("categorical focal, alpha 1, gamma 3", "softmax", K, {"kind": "focal", "focalAlpha": 1, "focalGamma": 3}, lambda z: categorical_focal(z, one_hot, 1, 3))
case("categorical focal, smoothed", "softmax", K, {"kind": "focal", "labelSmoothing": 0.1}, lambda z: categorical_focal(z, one_hot * 0.9 + 0.1 / K))
case("cross-entropy and costs", "softmax", K, {"costWeight": 2, "costPower": 2}, lambda z: F.cross_entropy(z, grades) + 2 * cost_sensitive(z, grades, 2))
case("cross-entropy and linear costs", "softmax", K, {"costWeight": 1, "costPower": 1}, lambda z: F.cross_entropy(z, grades) + cost_sensitive(z, grades, 1))
case("cross-entropy and soft kappa", "softmax", K, {"kappaWeight": 1.5}, lambda z: F.cross_entropy(z, grades) + 1.5 * soft_kappa(z, grades))
case("ordinal", "ordinal", K - 1, {}, lambda z: F.binary_cross_entropy_with_logits(z, multi_hot(False)))
case("ordinal, five bits", "ordinal", K, {}, lambda z: F.binary_cross_entropy_with_logits(z, multi_hot(True)), always_on=True)
case("ordinal, smoothed", "ordinal", K - 1, {"labelSmoothing": 0.2}, lambda z: F.binary_cross_entropy_with_logits(z, multi_hot(False) * 0.8 + 0.1))
case("binary focal", "ordinal", K, {"kind": "focal"}, lambda z: binary_focal(z, multi_hot(True)), always_on=True)
case("corn", "corn", K - 1, {}, lambda z: corn(z, grades))
case("smooth L1", "regression", 1, {"beta": 0.7}, lambda z: F.smooth_l1_loss(z[:, 0], grades.double(), beta=0.7))
case("mean squared error", "regression", 1, {"kind": "meanSquaredError"}, lambda z: F.mse_loss(z[:, 0], grades.double()))
case("mean absolute error", "regression", 1, {"kind": "meanAbsoluteError"}, lambda z: F.l1_loss(z[:, 0], grades.double()))
# S1: MSE + categorical focal + binary focal; and its first stage, MAE + cross-entropy + BCE
case("three heads, focal", "threeHeads", 1 + K + K, {"kind": "meanSquaredError", "heads": {"classes": "focal", "ordinal": "focal", "classesWeight": 2}},
     lambda z: F.mse_loss(z[:, 0], grades.double()) + 2 * categorical_focal(z[:, 1:6], one_hot) + binary_focal(z[:, 6:], multi_hot(True)), always_on=True)
case("three heads, plain", "threeHeads", 1 + K + K, {"heads": {"regression": "meanAbsoluteError"}},
     lambda z: F.l1_loss(z[:, 0], grades.double()) + F.cross_entropy(z[:, 1:6], grades) + F.binary_cross_entropy_with_logits(z[:, 6:], multi_hot(True)), always_on=True)

print(json.dumps({"grades": grades.tolist(), "counts": counts, "cases": cases}, indent=1))
