"""The most memory that PyTorch's process holds in a forward pass: /usr/bin/python3 bench/memory.py MODEL SIZE prints "IDLE_KIB PEAK_KIB" (idle: everything imported, no network)."""
import sys

import torch
import torchvision


def peak():
    with open("/proc/self/status") as status:
        return next(line.split()[1] for line in status if line.startswith("VmHWM:"))


torch.set_num_threads(2)
torch.zeros(1, 1, 4, 4).add(1)
idle = peak()
net = torchvision.models.__dict__[sys.argv[1]](weights=None).eval()
with torch.no_grad():
    for _ in range(3):
        net(torch.zeros(1, 3, int(sys.argv[2]), int(sys.argv[2])))
print("ready", idle, peak(), flush=True)
