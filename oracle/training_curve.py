#!/usr/bin/env python3
"""Fifty steps of the OCT study's three-layer network by PyTorch from the same weights, on the same images in the same order as Fovea's trainer: tests/Fovea.Training.Tests/Training/TrainingCurveTests.cs.

    oracle/training_curve.py > oracle/fixtures/training_curve.json

Weights and images are formulas; the order is that of Fovea's SeededRandom, written again here.
"""
import json
import math

import numpy as np
import torch
import torch.nn as nn
import torch.nn.functional as F

MASK = (1 << 64) - 1
SIDE, IMAGES, BATCH, EPOCHS, SEED, CLASSES = 16, 40, 8, 10, 1, 5
COLOURS = [(200, 40, 40), (40, 200, 40), (40, 40, 200), (190, 190, 30), (30, 30, 30)]


def splitmix(state):
    state = (state + 0x9E3779B97F4A7C15) & MASK
    z = state
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return state, z ^ (z >> 31)


class SeededRandom:  # xoshiro256**
    def __init__(self, seed, *keys):
        state = seed
        for key in keys:
            state, z = splitmix(state)
            state = z ^ key
        _, state = splitmix(state)
        self.s = []
        for _ in range(4):
            state, z = splitmix(state)
            self.s.append(z)

    def next(self):
        s = self.s
        rotl = lambda x, k: ((x << k) | (x >> (64 - k))) & MASK
        result = (rotl((s[1] * 5) & MASK, 7) * 9) & MASK
        t = (s[1] << 17) & MASK
        s[2] ^= s[0]; s[3] ^= s[1]; s[1] ^= s[2]; s[0] ^= s[3]; s[2] ^= t
        s[3] = rotl(s[3], 45)
        return result

    def below(self, n):  # Lemire
        m = self.next() * n
        if (m & MASK) < n:
            while (m & MASK) < ((1 << 64) - n) % n:
                m = self.next() * n
        return m >> 64

    def shuffle(self, items):
        for i in range(len(items) - 1, 0, -1):
            j = self.below(i + 1)
            items[i], items[j] = items[j], items[i]


def images():
    x = np.zeros((IMAGES, SIDE, SIDE, 3), np.uint8)
    for i in range(IMAGES):
        for p in range(SIDE * SIDE):
            for c in range(3):
                noise = (i * 7919 + p * 104729 + c * 1299709) % 101 - 50
                x[i, p // SIDE, p % SIDE, c] = min(255, max(0, COLOURS[i % CLASSES][c] + noise))
    return x


class Net(nn.Module):
    def __init__(self):
        super().__init__()
        for i, (a, b) in enumerate(((3, 32), (32, 64), (64, 128)), 1):
            setattr(self, f"conv{i}", nn.Conv2d(a, b, 3, padding=1))
            setattr(self, f"bn{i}", nn.BatchNorm2d(b, eps=1e-3, momentum=0.01))
        self.fc = nn.Linear(128, CLASSES)

    def forward(self, x):
        x = self.bn1(self.conv1(x).relu())
        x = self.bn2(self.conv2(x).relu())
        x = self.bn3(self.conv3(F.max_pool2d(x, 2)).relu())
        return self.fc(x.mean((2, 3)))


def network():
    net = Net()
    with torch.no_grad():
        for index, name in enumerate(("conv1", "conv2", "conv3", "fc")):
            w = getattr(net, name).weight
            k = np.arange(w.numel(), dtype=np.float64)
            w.copy_(torch.from_numpy((math.sqrt(2 / w[0].numel()) * np.sin(1.7 * k + 0.001 * k * (k % 13) + index)).astype(np.float32)).view_as(w))
            getattr(net, name).bias.zero_()
    return net


def train(make):
    net = network().train()
    optimiser = make(net)
    x = (torch.from_numpy(images()).permute(0, 3, 1, 2).float() / 255 - 0.5) / 0.25
    y = torch.arange(IMAGES) % CLASSES
    base, steps, losses = optimiser.param_groups[0]["lr"], IMAGES // BATCH, []
    for epoch in range(EPOCHS):
        order = list(range(IMAGES))
        SeededRandom(SEED, 1, epoch).shuffle(order)
        for step in range(steps):
            t, warmup, total = epoch * steps + step, steps, EPOCHS * steps
            factor = (t + 1) / (warmup + 1) if t < warmup else 0.5 * (1 + math.cos(math.pi * (t - warmup) / (total - warmup)))
            for group in optimiser.param_groups:
                group["lr"] = base * factor
            rows = torch.tensor(order[step * BATCH:(step + 1) * BATCH])
            loss = F.cross_entropy(net(x[rows]), y[rows], label_smoothing=0.1)
            optimiser.zero_grad()
            loss.backward()
            torch.nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            optimiser.step()
            losses.append(loss.item())
    return losses


torch.set_num_threads(1)
print(json.dumps({
    "sgd": train(lambda net: torch.optim.SGD(net.parameters(), 0.0015, momentum=0.9, nesterov=True, weight_decay=0.001)),
    "adam": train(lambda net: torch.optim.Adam(net.parameters(), 0.0002, weight_decay=0.001)),
}, indent=1))
