#!/usr/bin/env python3
"""Learning-rate factors of PyTorch's schedulers and of Keras's ReduceLROnPlateau, for tests/Fovea.Training.Tests/Training/LearningRateScheduleTests.cs.

    oracle/schedules.py > oracle/fixtures/schedules.json
"""
import json
import math
import torch
from torch.optim import lr_scheduler as s

EPOCHS, STEPS = 6, 5


def optimiser():
    return torch.optim.SGD([torch.nn.Parameter(torch.zeros(1))], lr=1.0)


def by_step(make):
    o = optimiser()
    scheduler, factors = make(o), []
    for _ in range(EPOCHS * STEPS):
        factors.append(o.param_groups[0]["lr"])
        o.step()
        scheduler.step()
    return factors


def by_epoch(make):
    o = optimiser()
    scheduler, factors = make(o), []
    for _ in range(EPOCHS):
        factors += [o.param_groups[0]["lr"]] * STEPS
        o.step()
        scheduler.step()
    return factors


def s1(t, total, warmup, hold):  # the multi-task replication's formula, with the true number of steps; its warm-up began at 0
    return 0.5 * (1 + math.cos(math.pi * (t - warmup - hold) / (total - warmup - hold))) if t > warmup + hold else 1.0 if t >= warmup else None


def plateau(losses, patience):  # PyTorch waits one epoch longer than Keras
    o = optimiser()
    scheduler = s.ReduceLROnPlateau(o, factor=0.5, patience=patience - 1, threshold=0.01, threshold_mode="abs", min_lr=0.1)
    factors = []
    for loss in losses:
        scheduler.step(loss)
        factors.append(o.param_groups[0]["lr"])
    return factors


def keras(losses, patience, factor=0.5, min_delta=0.01, min_lr=0.1):  # keras.callbacks.ReduceLROnPlateau.on_epoch_end, cooldown 0
    best, wait, rate, factors = math.inf, 0, 1.0, []
    for loss in losses:
        if loss < best - min_delta:
            best, wait = loss, 0
        else:
            wait += 1
            if wait >= patience:
                if rate > min_lr:
                    rate = max(rate * factor, min_lr)
                wait = 0
        factors.append(rate)
    return factors


losses = [1.0, 0.9, 0.895, 0.93, 0.8, 0.81, 0.795, 0.8, 0.792, 0.9, 0.9, 0.9, 0.9, 0.9, 0.7, 0.7, 0.7, 0.7]
for patience in (1, 2, 3):
    assert plateau(losses, patience) == keras(losses, patience)
print(json.dumps({
    "epochs": EPOCHS, "stepsPerEpoch": STEPS,
    "cases": [
        {"name": "cosine", "schedule": {"kind": "cosine", "finalFactor": 0.05}, "factors": by_step(lambda o: s.CosineAnnealingLR(o, EPOCHS * STEPS, eta_min=0.05))},
        {"name": "exponential", "schedule": {"kind": "exponential", "decay": 0.8}, "factors": by_epoch(lambda o: s.ExponentialLR(o, 0.8))},
        {"name": "step", "schedule": {"kind": "step", "stepEpochs": [2, 5], "stepFactor": 0.3}, "factors": by_epoch(lambda o: s.MultiStepLR(o, [2, 5], 0.3))},
        {"name": "one cycle", "schedule": {"kind": "oneCycle", "finalFactor": 1 / 25 / 1e4}, "factors": by_step(lambda o: s.OneCycleLR(o, 1.0, EPOCHS * STEPS, cycle_momentum=False))},
        {"name": "one cycle, half rising", "schedule": {"kind": "oneCycle", "warmupEpochs": 3, "startFactor": 0.1, "finalFactor": 0.001},
         "factors": by_step(lambda o: s.OneCycleLR(o, 1.0, EPOCHS * STEPS, pct_start=0.5, div_factor=10, final_div_factor=100, cycle_momentum=False))},
        {"name": "warm-up, hold, cosine", "schedule": {"kind": "cosine", "warmupEpochs": 1, "holdEpochs": 2}, "factors": [s1(t, EPOCHS * STEPS, STEPS, 2 * STEPS) for t in range(EPOCHS * STEPS)]},
    ],
    "losses": losses,
    "plateaus": [{"patience": p, "factors": plateau(losses, p)} for p in (1, 2, 3)],
}, indent=1))
