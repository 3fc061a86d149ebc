#!/usr/bin/env python3
"""Writes oracle/fixtures/models/parity.json: what torchvision's networks, and PyTorch versions of the others, give for weights that both sides compute.

Run with Debian's python3-torch (1.13) and python3-torchvision (0.14): /usr/bin/python3 oracle/models.py [folder of real weights]
Nothing random is stored: element i of the tensor named KEY is a hash of KEY and i (see `noise`), so megabytes of weights become a formula.
For each network and input: the logits, and for each stage its shape, its L2 norm and 64 elements spread evenly over it in row-major order.
"""
import json
import pathlib
import sys
from collections import OrderedDict

import numpy
import torch
import torch.nn.functional as F
import torchvision
from torch import nn

OUT = pathlib.Path(__file__).parent / "fixtures" / "models"
SIZES = [(2, 3, 64, 96), (1, 3, 129, 97)]
SMALL_SIZES = [(2, 3, 28, 28), (1, 3, 33, 41)]


def noise(name, count):
    """count numbers in [0, 1): a multiplicative hash of the element's index, seeded with the FNV-1a hash of its name."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    x = (numpy.arange(count, dtype=numpy.uint64) * 2654435761 + seed) & 0xFFFFFFFF
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x = ((x ^ (x >> shift)) * factor) & 0xFFFFFFFF
    x ^= x >> 16
    return x.astype(numpy.float64) / 4294967296.0


def formula(name, shape):
    """Weights that keep activations near 1, and batch-norm statistics that are far from 0 and 1."""
    count = int(numpy.prod(shape, dtype=numpy.int64))
    u = noise(name, count)
    if name.endswith("running_var") or (name.endswith("weight") and len(shape) == 1):
        values = 0.5 + u
    elif len(shape) > 1:
        values = (2 * u - 1) * numpy.sqrt(3.0 / (count // shape[0]))
    else:
        values = 0.4 * u - 0.2
    return torch.from_numpy(values.astype(numpy.float32).reshape(shape))


def fill(network):
    state = network.state_dict()
    for name, tensor in state.items():
        if tensor.dtype.is_floating_point:
            state[name] = formula(name, tuple(tensor.shape))
    network.load_state_dict(state)
    return network.eval()


def image(shape):
    values = 4 * noise("input", int(numpy.prod(shape))) - 2
    return torch.from_numpy(values.astype(numpy.float32).reshape(shape))


class Baseline(nn.Module):
    """The APTOS case study's baseline CNN, Keras's layers with channels first."""

    def __init__(self, outputs):
        super().__init__()
        self.conv1, self.conv2, self.conv3 = nn.Conv2d(3, 16, 2), nn.Conv2d(16, 32, 2), nn.Conv2d(32, 64, 2)
        self.fc1, self.fc2, self.fc3, self.fc4 = nn.Linear(64, 128), nn.Linear(128, 256), nn.Linear(256, 512), nn.Linear(512, outputs)

    def forward(self, x):
        s1 = F.relu(self.conv1(x))
        s2 = F.relu(self.conv2(F.max_pool2d(s1, 2)))
        s3 = F.relu(self.conv3(F.max_pool2d(s2, 2)))
        x = F.max_pool2d(s3, 2).mean((2, 3))
        x = F.relu(self.fc2(F.relu(self.fc1(x))))
        return self.fc4(F.relu(self.fc3(x))), OrderedDict(stage1=s1, stage2=s2, stage3=s3)


def resnet_stages(net, x):
    stages = OrderedDict(stem=net.relu(net.bn1(net.conv1(x))))
    x = net.maxpool(stages["stem"])
    for i, layer in enumerate((net.layer1, net.layer2, net.layer3, net.layer4)):
        x = stages[f"stage{i + 1}"] = layer(x)
    return net.fc(torch.flatten(net.avgpool(x), 1)), stages


def small(net):
    net.conv1 = nn.Conv2d(3, 64, 3, 1, 1, bias=False)
    net.maxpool = nn.Identity()
    return net


def mobilenet_stages(net, x):
    ends = {0: "stem", 1: "stage1", 3: "stage2", 6: "stage3", 10: "stage4", 13: "stage5", 16: "stage6", 17: "stage7", 18: "top"}
    stages = OrderedDict()
    for i, layer in enumerate(net.features):
        x = layer(x)
        if i in ends:
            stages[ends[i]] = x
    return net.classifier(x.mean((2, 3))), stages


def squeezenet_stages(net, x):
    ends = {1: "stem", 4: "stage1", 7: "stage2", 12: "stage3"}
    stages = OrderedDict()
    for i, layer in enumerate(net.features):
        x = layer(x.clone())  # its rectifiers write over their input
        if i in ends:
            stages[ends[i]] = x
    return torch.flatten(net.classifier(x.clone()), 1), stages


def make(network, outputs):
    tv = torchvision.models
    return {
        "baseline_cnn": lambda: (Baseline(outputs), lambda net, x: net(x), SIZES),
        "squeezenet1_1": lambda: (tv.squeezenet1_1(num_classes=outputs), squeezenet_stages, SIZES),
        "mobilenet_v2": lambda: (tv.mobilenet_v2(num_classes=outputs), mobilenet_stages, SIZES),
        "resnet18": lambda: (tv.resnet18(num_classes=outputs), resnet_stages, SIZES),
        "resnet34": lambda: (tv.resnet34(num_classes=outputs), resnet_stages, SIZES),
        "resnet50": lambda: (tv.resnet50(num_classes=outputs), resnet_stages, SIZES),
        "resnet18_small": lambda: (small(tv.resnet18(num_classes=outputs)), resnet_stages, SMALL_SIZES),
    }[network]()


NAMES = ["baseline_cnn", "squeezenet1_1", "mobilenet_v2", "resnet18", "resnet34", "resnet50", "resnet18_small"]


def numbers(tensor):
    return [float(v) for v in tensor.detach().reshape(-1).numpy()]


def sample(tensor):
    flat = tensor.detach().contiguous().reshape(-1)
    index = [i * flat.numel() // 64 for i in range(64)]
    return {"shape": list(tensor.shape), "norm": float(flat.double().norm()), "sample": numbers(flat[index])}


def parity(name, outputs=7):
    net, run, sizes = make(name, outputs)
    fill(net)
    cases = []
    for shape in sizes:
        with torch.no_grad():
            logits, stages = run(net, image(shape))
            assert torch.equal(logits, net(image(shape))[0] if name == "baseline_cnn" else net(image(shape))), name
        cases.append({"input": shape, "logits": numbers(logits), "stages": {k: sample(v) for k, v in stages.items()}})
    return {"network": name, "outputs": outputs, "parameters": sum(p.numel() for p in net.parameters()), "cases": cases}


def grad_cam(name, outputs, target, target_name, layer):
    """Selvaraju et al. 2017, eq. 1 and 2: ReLU(Σ_c mean(∂y/∂A_c) A_c), divided by its maximum."""
    net, run, _ = make(name, outputs)
    fill(net)
    x = image((1, 3, 96, 128)).requires_grad_()
    logits, stages = run(net, x)
    features = stages[layer]
    gradient, = torch.autograd.grad(target(logits[0]), features)
    map_ = F.relu((gradient.mean((2, 3), keepdim=True) * features).sum(1))[0]
    return {"network": name, "outputs": outputs, "target": target_name, "layer": layer, "shape": list(map_.shape),
            "max": float(map_.max()), "map": numbers(map_ / map_.max() if map_.max() > 0 else map_)}


def main():
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    cams = [
        grad_cam("resnet18", 5, lambda z: z[3], {"kind": "softmax", "classes": 5, "grade": 3}, "stage4"),
        grad_cam("resnet18", 5, lambda z: z[3], {"kind": "softmax", "classes": 5, "grade": 3}, "stage2"),
        grad_cam("resnet18", 5, lambda z: z[1], {"kind": "softmax", "classes": 5, "grade": 1}, "stage2"),
        grad_cam("mobilenet_v2", 4, lambda z: z[0] + z[1], {"kind": "ordinal", "classes": 5, "grade": 2}, "top"),
        grad_cam("baseline_cnn", 4, lambda z: -z[0], {"kind": "ordinal", "classes": 5, "grade": 0}, "stage3"),
        grad_cam("resnet50", 1, lambda z: z[0], {"kind": "regression", "classes": 5, "grade": 4}, "stage4"),  # nowhere positive: a flat map
        grad_cam("resnet34", 1, lambda z: z[0], {"kind": "regression", "classes": 5, "grade": 4}, "stage3"),
        grad_cam("squeezenet1_1", 5, lambda z: z[1], {"kind": "softmax", "classes": 5, "grade": 1}, "stage3"),
    ]
    content = {"torch": torch.__version__, "torchvision": torchvision.__version__, "networks": [parity(n) for n in NAMES], "gradCam": cams}
    if len(sys.argv) > 1:
        # real weights: squeezenet1_1_imagenet.pth, complete with its classifier
        net = torchvision.models.squeezenet1_1()
        net.load_state_dict(torch.load(pathlib.Path(sys.argv[1]) / "squeezenet1_1_imagenet.pth"))
        with torch.no_grad():
            logits = net.eval()(image((1, 3, 96, 128)))
        content["squeezenetImageNet"] = {"input": [1, 3, 96, 128], "logits": numbers(logits)}
    text = json.dumps(content, separators=(",", ":"), allow_nan=False)
    (OUT / "parity.json").write_text(text.replace('{"network"', '\n{"network"') + "\n")


main()
