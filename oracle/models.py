#!/usr/bin/env python3
"""Writes oracle/fixtures/models: what torchvision's networks, and PyTorch versions of the others (networks.py), give for weights that both sides compute.

Run with Debian's python3-torch (1.13) and python3-torchvision (0.14):
    /usr/bin/python3 oracle/models.py networks [NAME ...]      NAME.json, of all networks or some
    /usr/bin/python3 oracle/models.py maps [WEIGHTS FOLDER]    grad-cam.json, and squeezenet-imagenet.json from real weights
Nothing random is stored: element i of the tensor named KEY is a hash of KEY and i (see `noise`), so megabytes of weights become a formula.
For each network and input: the logits, and for each stage its shape, its L2 norm and 16 elements spread evenly over it in row-major order; and one training step.
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

import networks

OUT = pathlib.Path(__file__).parent / "fixtures" / "models"


def noise(name, count):
    """count numbers in [0, 1): a multiplicative hash of the element's index, seeded with the FNV-1a hash of its name."""
    seed = 2166136261
    for byte in name.encode():
        seed = ((seed ^ byte) * 16777619) & 0xFFFFFFFF
    x = numpy.arange(count, dtype=numpy.uint32) * numpy.uint32(2654435761) + numpy.uint32(seed)
    for shift, factor in ((16, 0x85EBCA6B), (13, 0xC2B2AE35)):
        x ^= x >> numpy.uint32(shift)
        x *= numpy.uint32(factor)
    x ^= x >> numpy.uint32(16)
    return x / 4294967296.0


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


def children(ends, before=lambda net: net.features, head=None):
    """Runs a chain of layers and keeps what comes out of some of them, by index."""

    def run(net, x):
        stages = OrderedDict()
        for i, layer in enumerate(before(net)):
            x = layer(x.clone())  # rectifiers may write over their input
            if i in ends:
                stages[ends[i]] = x
        return head(net, x), stages

    return run


def average(layer):
    return lambda net, x: getattr(net, layer)(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


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


def densenet_stages(net, x):
    f = net.features
    stages = OrderedDict(stem=f.relu0(f.norm0(f.conv0(x))))
    x = stages["stage1"] = f.denseblock1(f.pool0(stages["stem"]))
    x = stages["stage2"] = f.denseblock2(f.transition1(x))
    x = stages["stage3"] = f.denseblock3(f.transition2(x))
    x = stages["stage4"] = F.relu(f.norm5(f.denseblock4(f.transition3(x))))
    return net.classifier(x.mean((2, 3))), stages


def inception_stages(net, x):
    stages = OrderedDict()
    for name, layers in (("stem1", "Conv2d_1a_3x3 Conv2d_2a_3x3 Conv2d_2b_3x3"), ("stem2", "maxpool1 Conv2d_3b_1x1 Conv2d_4a_3x3"),
                         ("stage1", "maxpool2 Mixed_5b Mixed_5c Mixed_5d"), ("stage2", "Mixed_6a Mixed_6b Mixed_6c Mixed_6d Mixed_6e"),
                         ("stage3", "Mixed_7a Mixed_7b Mixed_7c")):
        for layer in layers.split():
            x = getattr(net, layer)(x)
        stages[name] = x
    logits = net.fc(net.dropout(torch.flatten(net.avgpool(x), 1)))
    return (logits, stages, net.AuxLogits(stages["stage2"])) if net.training else (logits, stages)


def vgg_stages(net, x):
    pools = [i for i, layer in enumerate(net.features) if isinstance(layer, nn.MaxPool2d)]
    return children({p - 1: f"stage{i + 1}" for i, p in enumerate(pools)}, head=lambda n, y: n.classifier(torch.flatten(n.avgpool(y), 1)))(net, x)


squeezenet_stages = children({1: "stem", 4: "stage1", 7: "stage2", 12: "stage3"}, head=lambda net, x: torch.flatten(net.classifier(x.clone()), 1))
mobilenet_stages = children({0: "stem", 1: "stage1", 3: "stage2", 6: "stage3", 10: "stage4", 13: "stage5", 16: "stage6", 17: "stage7", 18: "top"}, head=average("classifier"))
mobilenet3_stages = children({0: "stem", 1: "stage1", 3: "stage2", 6: "stage3", 12: "stage4", 15: "stage5", 16: "top"}, head=average("classifier"))
efficientnet_stages = children({0: "stem", **{i: f"stage{i}" for i in range(1, 8)}, 8: "top"}, head=average("classifier"))
convnext_stages = children({0: "stem", 1: "stage1", 3: "stage2", 5: "stage3", 7: "stage4"}, head=lambda net, x: net.classifier(net.avgpool(x)))
alexnet_stages = children({1: "stage1", 4: "stage2", 11: "stage3"}, head=lambda net, x: net.classifier(torch.flatten(net.avgpool(x), 1)))

# Inputs: a batch of two, and one of odd size where pools round. Training: a batch whose deepest map still has a few places, so that its batch norms are well-conditioned.
USUAL = dict(sizes=[(2, 3, 64, 96), (1, 3, 97, 75)], train=(2, 3, 96, 96))
VGG = dict(sizes=[(2, 3, 32, 64), (1, 3, 45, 33)], train=(2, 3, 48, 48))


def torchvision_network(name, run, **settings):
    return name, (lambda outputs: getattr(torchvision.models, name)(num_classes=outputs), run, settings or USUAL)


def own(make, **settings):
    return make, lambda net, x: net(x), settings or USUAL


NETWORKS = dict([
    ("baseline_cnn", own(networks.Baseline)),
    ("aptos_alexnet", own(lambda outputs: networks.AptosAlexNet(outputs, 256 * 1 * 2), sizes=[(2, 3, 96, 128)], train=(2, 3, 96, 128))),
    ("oct_cnn3", own(lambda outputs: networks.OctCnn(outputs, [[32, 64], [128]]), sizes=[(2, 3, 32, 48), (1, 3, 33, 29)], train=(2, 3, 32, 48))),
    ("oct_cnn7", own(lambda outputs: networks.OctCnn(outputs, [[32, 32], [128, 128], [256, 256], [512]]), sizes=[(2, 3, 32, 48), (1, 3, 33, 29)], train=(2, 3, 32, 48))),
    ("small_cnn", own(lambda outputs: networks.SmallCnn(outputs, 64 * 8 * 11), sizes=[(2, 3, 40, 50)], train=(2, 3, 40, 50))),
    torchvision_network("alexnet", alexnet_stages, sizes=[(2, 3, 64, 96), (1, 3, 97, 75)], train=(2, 3, 96, 96)),
    torchvision_network("squeezenet1_1", squeezenet_stages),
    torchvision_network("mobilenet_v2", mobilenet_stages),
    torchvision_network("mobilenet_v3_large", mobilenet3_stages),
    *[torchvision_network(f"vgg{depth}{norm}", vgg_stages, **VGG) for depth in (11, 13, 16, 19) for norm in ("", "_bn")],
    *[torchvision_network(f"resnet{depth}", resnet_stages) for depth in (18, 34, 50, 101, 152)],
    ("resnet18_small", (lambda outputs: small(torchvision.models.resnet18(num_classes=outputs)), resnet_stages,
                        dict(sizes=[(2, 3, 28, 28), (1, 3, 33, 41)], train=(2, 3, 28, 28)))),
    ("resnet50_v2", own(networks.ResNetV2)),
    torchvision_network("resnext50_32x4d", resnet_stages),
    ("se_resnext50_32x4d", own(lambda outputs: networks.SeResNeXt(outputs, [3, 4, 6, 3]))),
    ("se_resnext101_32x4d", own(lambda outputs: networks.SeResNeXt(outputs, [3, 4, 23, 3]))),
    *[torchvision_network(f"densenet{depth}", densenet_stages) for depth in (121, 169, 201)],
    ("inception_v3", (lambda outputs: torchvision.models.inception_v3(num_classes=outputs, init_weights=False), inception_stages,
                      dict(sizes=[(2, 3, 96, 128), (1, 3, 111, 97)], train=(2, 3, 299, 299)))),
    ("xception", own(networks.Xception)),
    *[torchvision_network(f"efficientnet_b{i}", efficientnet_stages) for i in range(6)],
    torchvision_network("convnext_tiny", convnext_stages),
])


def make(name, outputs):
    create, run, settings = NETWORKS[name]
    return create(outputs), run, settings


def numbers(tensor):
    return [float(v) for v in tensor.detach().reshape(-1).numpy()]


def sample(tensor, count=16):
    flat = tensor.detach().contiguous().reshape(-1)
    index = [i * flat.numel() // count for i in range(count)]
    return {"shape": list(tensor.shape), "norm": float(flat.double().norm()), "sample": numbers(flat[index])}


def train_step(name, outputs):
    """
    Loss and gradients of one batch, and what it left in the running statistics. Nothing is dropped; an auxiliary classifier's loss counts 0.4.
    In float64: a unit at the kink of its rectifier flips with the last digit of float32, which moves the first layer's gradient by more than a thousandth on one and the same network.
    """
    net, run, settings = make(name, outputs)
    fill(net).train().double()
    for module in net.modules():
        if isinstance(module, (nn.Dropout, torchvision.ops.StochasticDepth)):
            module.p = 0.0
    labels = torch.tensor([3 * i % outputs for i in range(settings["train"][0])])
    logits, _, *auxiliary = run(net, image(settings["train"]).double())
    loss = F.cross_entropy(logits, labels) + sum(0.4 * F.cross_entropy(a, labels) for a in auxiliary)
    loss.backward()
    parameters = list(net.named_parameters())
    first = next(p for p in parameters if p[1].dim() == 4)
    last = [p for p in parameters if p[1].dim() in (2, 4) and p[1].shape[0] == outputs]
    norms = [n for n, module in net.named_modules() if isinstance(module, nn.BatchNorm2d)]
    buffers = dict(net.named_buffers())
    return {"input": settings["train"], "loss": float(loss), "gradients": {n: sample(p.grad) for n, p in [first] + last},
            "statistics": {f"{n}.{kind}": sample(buffers[f"{n}.{kind}"], 8) for n in norms[:1] + norms[-1:] for kind in ("running_mean", "running_var")}}


def parity(name, outputs=7):
    net, run, settings = make(name, outputs)
    fill(net)
    cases = []
    for shape in settings["sizes"]:
        with torch.no_grad():
            logits, stages = run(net, image(shape))
            whole = net(image(shape))
            assert torch.equal(logits, whole[0] if isinstance(whole, tuple) else whole), name
        cases.append({"input": shape, "logits": numbers(logits), "stages": {k: sample(v) for k, v in stages.items()}})
    count = sum(p.numel() for p in net.parameters())
    del net
    return {"network": name, "outputs": outputs, "parameters": count, "cases": cases, "training": train_step(name, outputs)}


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


def write(name, content):
    (OUT / f"{name}.json").write_text(json.dumps(content, separators=(",", ":"), allow_nan=False) + "\n")


def write_maps(folder):
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
    write("grad-cam", cams)
    if folder:
        # real weights: squeezenet1_1_imagenet.pth, complete with its classifier
        net = torchvision.models.squeezenet1_1()
        net.load_state_dict(torch.load(pathlib.Path(folder) / "squeezenet1_1_imagenet.pth"))
        with torch.no_grad():
            logits = net.eval()(image((1, 3, 96, 128)))
        write("squeezenet-imagenet", {"input": [1, 3, 96, 128], "logits": numbers(logits)})


def main():
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    what, *rest = sys.argv[1:] or ["?"]
    if what == "networks":
        for name in rest or NETWORKS:
            write(name, parity(name))
    elif what == "maps":
        write_maps(rest[0] if rest else None)
    else:
        sys.exit(__doc__)


if __name__ == "__main__":
    main()
