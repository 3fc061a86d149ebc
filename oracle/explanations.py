#!/usr/bin/env python3
"""Writes oracle/fixtures/explanations: heat maps and attributions in plain PyTorch, from the papers' formulas.

Run with Debian's python3-torch (1.13) and python3-torchvision (0.14):
    /usr/bin/python3 oracle/explanations.py [WEIGHTS FOLDER]
layers.json: class activation mappings of torchvision's networks, on the weights of models.py that both sides compute (`noise`), and with a folder also on ImageNet weights.
pixels.json: what looks at pixels.
All in float64: a unit at the kink of its rectifier flips with the last digit of float32, which moves a gradient in front of it by more than a thousandth.
"""
import json
import pathlib
import sys

import torch
import torch.nn.functional as F
import torchvision
from torch import nn

from models import NETWORKS, fill, image, make, numbers

OUT = pathlib.Path(__file__).parent / "fixtures" / "explanations"


# From a layer's features A and g = dy/dA, both [1, C, h, w], to the map [h, w] before it is divided by its maximum.

def grad_cam(a, g):
    """Selvaraju et al. 2017, equations 1 and 2."""
    return F.relu((g.mean((2, 3), keepdim=True) * a).sum(1))[0]


def grad_cam_plus_plus(a, g):
    """Chattopadhay et al. 2017, equations 2, 5 and 19 with Y = exp(S): the derivatives of Y by A are exp(S)·g, exp(S)·g², exp(S)·g³; exp(S) cancels."""
    denominator = 2 * g ** 2 + a.sum((2, 3), keepdim=True) * g ** 3
    alpha = torch.where(denominator != 0, g ** 2 / denominator, torch.zeros_like(g))
    weights = (alpha * F.relu(g)).sum((2, 3), keepdim=True)
    return F.relu((weights * a).sum(1))[0]


def layer_cam(a, g):
    """Jiang et al. 2021, equations 5 to 7."""
    return F.relu((F.relu(g) * a).sum(1))[0]


METHODS = {"gradCam": grad_cam, "gradCamPlusPlus": grad_cam_plus_plus, "layerCam": layer_cam}


def softmax(grade):
    return (lambda z: z[:, grade]), {"kind": "softmax", "classes": 5, "grade": grade}


def ordinal(grade):
    return (lambda z: z[:, :grade].sum(1)), {"kind": "ordinal", "classes": 5, "grade": grade}


def three_heads(grade):
    """A regression's number, five softmax logits, four ordinal logits; explained by the softmax head."""
    return (lambda z: z[:, 1 + grade]), {"kind": "threeHeads", "classes": 5, "grade": grade}


class Pooled(nn.Module):
    """A torchvision backbone under a global average and linear layers whose names are those of Fovea's own head."""

    def __init__(self, net, channels, branches):
        super().__init__()
        self.features = net.features
        self.head = nn.ModuleDict({name: nn.ModuleDict({"output": nn.Linear(channels, outputs)}) for name, outputs in branches})

    def classify(self, y):
        return torch.cat([branch["output"](y.mean((2, 3))) for branch in self.head.values()], 1)

    def forward(self, x):
        return self.classify(self.features(x))


def vgg16_pooled():
    return Pooled(torchvision.models.vgg16(), 512, [("logits", 5)])


def mobilenet_v2_three_heads():
    return Pooled(torchvision.models.mobilenet_v2(), 1280, [("regression", 1), ("classes", 5), ("ordinal", 4)])


def hooked(net, module, x, target):
    """Features and gradient at a module by the hooks that PyTorch's users know; the clone keeps a rectifier behind from writing over them."""
    kept = {}

    def keep(_, __, output):
        kept["a"] = output
        return output.clone()

    handle = module.register_forward_hook(keep)
    logits = net(x)
    handle.remove()
    gradient, = torch.autograd.grad(target(logits).sum(), kept["a"])
    return kept["a"].detach(), gradient


def layers_case(network, net, layer, at, shape, target_of, weights=None, methods=METHODS, head=None):
    """at: the module whose output is the layer; or, where a function rather than a module makes it, the stage's name in models.py."""
    target, described = target_of
    net.double()
    x = image(shape).double().requires_grad_()
    if isinstance(at, str):
        logits, stages = NETWORKS[network][1](net, x)
        a = stages[at]
        g, = torch.autograd.grad(target(logits).sum(), a)
    else:
        a, g = hooked(net, at, x, target)
    maps = {}
    for name in methods:
        m = METHODS[name](a.detach(), g)
        maps[name] = {"max": float(m.max()), "map": numbers(m / m.max() if m.max() > 0 else m)}
    return {"network": network, "head": head, "target": described, "layer": layer, "weights": weights, "input": list(shape), "shape": list(a.shape[2:]), "maps": maps}


def random_cases():
    def net(name, outputs):
        return fill(make(name, outputs)[0])

    usual, small = (1, 3, 96, 128), (1, 3, 64, 96)
    resnet, densenet, mobilenet, vgg = net("resnet18", 5), net("densenet121", 5), net("mobilenet_v2", 4), fill(vgg16_pooled())
    yield layers_case("resnet18", resnet, "stage4", resnet.layer4, usual, softmax(3))
    yield layers_case("resnet18", resnet, "stage2", resnet.layer2, usual, softmax(3))
    yield layers_case("densenet121", densenet, "stage4", "stage4", usual, softmax(2))
    yield layers_case("densenet121", densenet, "stage3", densenet.features.denseblock3, usual, softmax(1))
    yield layers_case("mobilenet_v2", mobilenet, "top", mobilenet.features[18], usual, ordinal(2))
    yield layers_case("mobilenet_v2", mobilenet, "stage5", mobilenet.features[13], usual, ordinal(4))
    yield layers_case("vgg16", vgg, "stage5", vgg.features[29], small, softmax(0), head="average")
    yield layers_case("vgg16", vgg, "stage3", vgg.features[15], small, softmax(3), head="average")
    three = fill(mobilenet_v2_three_heads())
    yield layers_case("mobilenet_v2", three, "top", three.features[18], usual, three_heads(4), head="average")
    whole = net("vgg16", 5)
    yield layers_case("vgg16", whole, "stage5", whole.features[29], small, softmax(4))


def imagenet_cases(folder):
    net = torchvision.models.squeezenet1_1()
    net.load_state_dict(torch.load(folder / "squeezenet1_1_imagenet.pth"))
    net.eval()
    # the 207th class is among the largest logits of this input; any would do
    target = (lambda z: z[:, 207]), {"kind": "softmax", "classes": 1000, "grade": 207}
    yield layers_case("squeezenet1_1", net, "stage3", net.features[12], (1, 3, 96, 128), target, weights="squeezenet1_1_imagenet.pth")
    yield layers_case("squeezenet1_1", net, "stage2", net.features[7], (1, 3, 96, 128), target, weights="squeezenet1_1_imagenet.pth")
    net = torchvision.models.mobilenet_v2(num_classes=5)
    fill(net)  # the classifier, which the file does not have
    net.load_state_dict(torch.load(folder / "mobilenet_v2_imagenet_features_bncalibrated.pth"), strict=False)
    net.eval()
    yield layers_case("mobilenet_v2", net, "top", net.features[18], (1, 3, 96, 128), softmax(2), weights="mobilenet_v2_imagenet_features_bncalibrated.pth")


# What looks at pixels. f gives y of each image of a batch.

def gradient(f, x):
    x = x.clone().requires_grad_()
    g, = torch.autograd.grad(f(x).sum(), x)
    return g


def integrated_gradients(f, x, baseline, steps):
    """Sundararajan et al. 2017, equation 1, midpoint rule."""
    sum_ = sum(gradient(f, baseline + (k + 0.5) / steps * (x - baseline)) for k in range(steps))
    return (x - baseline) * sum_ / steps


def smooth_grad(f, x, noise_):
    """Smilkov et al. 2017."""
    return sum(gradient(f, x + n) for n in noise_.split(1)) / len(noise_)


def expected_gradients(f, x, baselines, samples):
    """Erion et al. 2019, equation 3, for given draws of baseline and alpha."""
    sum_ = 0
    for index, alpha in samples:
        b = baselines[index:index + 1]
        sum_ = sum_ + (x - b) * gradient(f, b + alpha * (x - b))
    return sum_ / len(samples)


def occlusion(f, x, cover, window, stride):
    """Zeiler, Fergus 2013: the mean over the windows around a pixel of what covering them takes from y."""
    _, _, height, width = x.shape
    total, count = torch.zeros(height, width).double(), torch.zeros(height, width)

    def starts(side):
        at = [0]
        while at[-1] + window < side:
            at.append(at[-1] + stride)
        return at

    with torch.no_grad():
        y = float(f(x))
        for top in starts(height):
            for left in starts(width):
                covered = x.clone()
                covered[..., top:top + window, left:left + window] = cover[..., top:top + window, left:left + window]
                total[top:top + window, left:left + window] += y - float(f(covered))
                count[top:top + window, left:left + window] += 1
    return (total / count)[None, None]


def sample(tensor, count=48):
    flat = tensor.detach().contiguous().reshape(-1)
    return {"shape": list(tensor.shape), "norm": float(flat.double().norm()), "sum": float(flat.double().sum()), "sample": numbers(flat[[i * flat.numel() // count for i in range(count)]])}


def pixels():
    for name, (target, described) in (("mobilenet_v2", softmax(3)), ("squeezenet1_1", softmax(1))):
        net = fill(make(name, 5)[0]).double()
        shape = (1, 3, 64, 80)
        x, baseline = image(shape).double(), image(shape, "baseline").double() / 4
        baselines, draws = image((3, *shape[1:]), "baselines").double() / 4, [(k % 3, (k + 0.25) / 7) for k in range(7)]
        noise_ = image((5, *shape[1:]), "noise").double() / 8

        def f(batch):
            return target(net(batch))

        yield {"network": name, "target": described, "input": list(shape), "y": float(f(x)), "yBaseline": float(f(baseline)), "steps": 6, "samples": [[i, a] for i, a in draws], "window": 20, "stride": 12,
               "integratedGradients": sample(integrated_gradients(f, x, baseline, 6)), "smoothGrad": sample(smooth_grad(f, x, noise_)),
               "gradientShap": sample(expected_gradients(f, x, baselines, draws)), "occlusion": sample(occlusion(f, x, baseline, 20, 12))}


def write(name, content):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n")


def main():
    torch.set_num_threads(1)
    cases = list(random_cases())
    if len(sys.argv) > 1:
        cases += imagenet_cases(pathlib.Path(sys.argv[1]))
    write("layers", cases)
    write("pixels", list(pixels()))


if __name__ == "__main__":
    main()
