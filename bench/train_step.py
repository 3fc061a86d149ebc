"""The training step of bench/Fovea.Bench in PyTorch 1.13 and torchvision 0.14: a worker that Fovea.Bench starts and steers.

/usr/bin/python3 bench/train_step.py MODEL LAYOUT PRECISION BATCH SIZE THREADS
  LAYOUT: channels_last | default; PRECISION: fp32 | bf16 (autocast).
Each line "N" on stdin runs N steps and answers "WALL_SECONDS CPU_SECONDS LOSS PAGE_FAULTS"; the end of stdin ends it.
"""
import resource
import sys
import time

import torch
import torchvision


class Relu6(torch.nn.Module):  # PyTorch 1.13 has no bfloat16 backward of ReLU6 on the CPU
    def forward(self, x):
        return x.clamp(0, 6)


def replace_relu6(module):
    for name, child in module.named_children():
        if isinstance(child, torch.nn.ReLU6):
            setattr(module, name, Relu6())
        else:
            replace_relu6(child)


model, layout, precision, batch, size, threads = sys.argv[1:4] + [int(a) for a in sys.argv[4:7]]
torch.set_num_threads(threads)
torch.manual_seed(1)
net = torchvision.models.__dict__[model](weights=None, num_classes=5).train()
x = torch.randn(batch, 3, size, size)
labels = torch.arange(batch) % 5
if layout == "channels_last":
    net = net.to(memory_format=torch.channels_last)
    x = x.to(memory_format=torch.channels_last)
if precision == "bf16":
    replace_relu6(net)
optimiser = torch.optim.SGD(net.parameters(), lr=0.01, momentum=0.9, weight_decay=1e-4)
criterion = torch.nn.CrossEntropyLoss()


def step():
    with torch.autocast("cpu", dtype=torch.bfloat16, enabled=precision == "bf16"):
        logits = net(x)
    loss = criterion(logits.float(), labels)
    optimiser.zero_grad(set_to_none=True)
    loss.backward()
    optimiser.step()
    return loss.item()


print("ready", torch.__version__, torchvision.__version__, flush=True)
for line in sys.stdin:
    usage, wall, cpu = resource.getrusage(resource.RUSAGE_SELF), time.perf_counter(), time.process_time()
    for _ in range(int(line)):
        loss = step()
    print(time.perf_counter() - wall, time.process_time() - cpu, loss, resource.getrusage(resource.RUSAGE_SELF).ru_minflt - usage.ru_minflt, flush=True)
