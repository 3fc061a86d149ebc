"""A network's forward pass in PyTorch, as it comes: the worker that `Fovea.Bench serve` starts and steers. It also writes the weights and the ONNX file that the others load.

/usr/bin/python3 bench/serve.py MODEL FOLDER SIZE THREADS
Each line "N" on stdin runs a batch of N and answers "WALL_SECONDS CPU_SECONDS"; "logits" answers those of the first image; the end of stdin ends it.
"""
import os
import sys
import time

import torch
import torchvision

model, folder, size, threads = sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4])
torch.set_num_threads(threads)
torch.manual_seed(1)
net = torchvision.models.__dict__[model](weights=None).eval()
path = os.path.join(folder, model)
if not os.path.exists(path + ".pth"):
    # Batch norms of a net that was never trained leave huge or vanishing values; one pass in training gives them statistics.
    net.train()
    with torch.no_grad():
        net(torch.rand(4, 3, 96, 96) * 2 - 1)
    net.eval()
    for module in net.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            module.running_var.clamp_(min=0.05)
    torch.save(net.state_dict(), path + ".pth")
    axes = {"x": {0: "n"}, "y": {0: "n"}}
    torch.onnx.export(net, torch.zeros(1, 3, size, size), path + ".onnx", input_names=["x"], output_names=["y"], dynamic_axes=axes, opset_version=13)
else:
    net.load_state_dict(torch.load(path + ".pth"))
batches = {}


def batch(n):
    if n not in batches:
        i = torch.arange(n * 3 * size * size, dtype=torch.int64)
        batches[n] = ((i * 7919 % 1000).float() / 500 - 1).reshape(n, 3, size, size)
    return batches[n]


print("ready", torch.__version__, torchvision.__version__, flush=True)
with torch.no_grad():
    for line in sys.stdin:
        word = line.strip()
        if word == "logits":
            print(*net(batch(8))[0].tolist(), flush=True)
        else:
            x, wall, cpu = batch(int(word)), time.perf_counter(), time.process_time()
            net(x)
            print(time.perf_counter() - wall, time.process_time() - cpu, flush=True)
