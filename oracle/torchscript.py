#!/usr/bin/env python3
"""Writes oracle/fixtures/torchscript: small TorchScript programs, what PyTorch gives for them, and files that are none.

Run with Debian's python3-torch (1.13): /usr/bin/python3 oracle/torchscript.py
classifier.pt: [N, 3, 32, 32] to five logits; pair.pt gives two tensors; state_dict.pth holds weights and no program.
The input of logits.json is (i mod 17) / 17 - 0.5 for the element's row-major index i.
"""
import json
import pathlib

import torch
from torch import nn

OUT = pathlib.Path(__file__).parent / "fixtures" / "torchscript"


class Pair(nn.Module):
    def forward(self, x):
        return x.mean((2, 3)), x.sum((2, 3))


def main():
    torch.manual_seed(1)
    OUT.mkdir(parents=True, exist_ok=True)
    # Dropout shows whether the program is put into evaluation mode: scripted, not traced, so that it is in the program.
    net = nn.Sequential(nn.Conv2d(3, 4, 3, stride=4), nn.ReLU(), nn.Flatten(), nn.Dropout(0.5), nn.Linear(256, 5))
    program = torch.jit.script(net)
    program.train()
    program.save(str(OUT / "classifier.pt"))
    x = torch.tensor([(i % 17) / 17 - 0.5 for i in range(2 * 3 * 32 * 32)]).reshape(2, 3, 32, 32)
    traced = torch.jit.trace(net.eval(), x[:1])
    traced.save(str(OUT / "traced.pt"))
    with torch.no_grad():
        logits = net.eval()(x)
        assert torch.allclose(traced(x), logits)
    torch.jit.script(Pair()).save(str(OUT / "pair.pt"))
    torch.save(net.state_dict(), OUT / "state_dict.pth")
    (OUT / "logits.json").write_text(json.dumps({"torch": torch.__version__, "logits": [float(v) for v in logits.flatten()]}) + "\n")


main()
