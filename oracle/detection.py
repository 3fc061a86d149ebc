#!/usr/bin/env python3
"""Writes oracle/fixtures/detection: what torchvision's detection operators and Faster R-CNN give for boxes, features and weights that both sides compute by formula (models.py's `noise`).

Run with Debian's python3-torch (1.13) and python3-torchvision (0.14):
    /usr/bin/python3 oracle/detection.py [operators] [NETWORK ...]
Samplers are made deterministic: torch.randperm gives 0, 1, 2 …, so the first candidates are taken.
"""
import json
import sys

import numpy
import torch
import torchvision
from torch import nn
from torchvision.models.detection import FasterRCNN
from torchvision.models.detection.anchor_utils import AnchorGenerator
from torchvision.models.detection.backbone_utils import resnet_fpn_backbone
from torchvision.models.detection.faster_rcnn import FastRCNNPredictor, TwoMLPHead
from torchvision.ops import FeaturePyramidNetwork, MultiScaleRoIAlign, batched_nms, box_iou, roi_align
from torchvision.ops.feature_pyramid_network import LastLevelMaxPool
from torchvision.ops.misc import FrozenBatchNorm2d

import models
import networks

OUT = models.OUT.parent / "detection"
CLASSES = 4


def boxes_of(name, count, width, height, least=1.0):
    """count boxes inside width x height, by formula: corner uniform, sides least … least + half of the picture."""
    u = models.noise(name, 4 * count).reshape(count, 4)
    w, h = least + u[:, 2] * (width / 2 - least), least + u[:, 3] * (height / 2 - least)
    x, y = u[:, 0] * (width - w), u[:, 1] * (height - h)
    return numpy.stack([x, y, x + w, y + h], 1).astype(numpy.float32)


def roi_cases():
    cases = []
    for number, (scale, bins, ratio, aligned) in enumerate([(0.25, 7, 2, False), (0.25, 3, 2, True), (0.125, 2, -1, False), (0.5, 4, -1, True), (1.0, 2, 3, True)]):
        x = torch.from_numpy((2 * models.noise(f"map{number}", 2 * 5 * 13 * 17) - 1).reshape(2, 5, 13, 17)).requires_grad_()
        boxes = torch.from_numpy(boxes_of(f"rois{number}", 12, 17 / scale, 13 / scale)).double()
        boxes[0] = torch.tensor([-8.0, -8.0, 17 / scale + 21, 13 / scale + 21])  # beyond the picture on every side
        boxes[1] = torch.tensor([3.0, 3.0, 3.2, 3.1])  # below a pixel of the map
        rois = torch.cat([torch.tensor([[float(i % 2)] for i in range(12)]).double(), boxes], 1)
        y = roi_align(x, rois, bins, scale, ratio, aligned)
        dy = torch.from_numpy((2 * models.noise(f"dy{number}", y.numel()) - 1).reshape(y.shape))
        (y * dy).sum().backward()
        cases.append({"scale": scale, "bins": bins, "ratio": ratio, "aligned": aligned, "output": models.sample(y, 64), "gradient": models.sample(x.grad, 64)})
    return cases


def fnv(values):
    h = 2166136261
    for v in values:
        h = ((h ^ (int(v) & 0xFFFFFFFF)) * 16777619) & 0xFFFFFFFF
    return h


def nms_sets():
    """1000 sets of up to 80 boxes on whole pixels with scores in sixteenths, so that ties are everywhere; for each the number kept and a hash of the kept indices in order."""
    out = []
    for i in range(1000):
        u = models.noise(f"nms{i}", 2 + 80 * 6)
        count, threshold = 1 + int(u[0] * 80), [0.0, 0.3, 0.5, 0.7][int(u[1] * 4)]
        rows = u[2:2 + count * 6].reshape(count, 6)
        x, y = numpy.floor(rows[:, 0] * 40), numpy.floor(rows[:, 1] * 40)
        boxes = numpy.stack([x, y, x + 1 + numpy.floor(rows[:, 2] * 24), y + 1 + numpy.floor(rows[:, 3] * 24)], 1).astype(numpy.float32)
        scores = (numpy.floor(rows[:, 4] * 16) / 16).astype(numpy.float32)
        labels = numpy.floor(rows[:, 5] * 3).astype(numpy.int64)
        kept = batched_nms(torch.from_numpy(boxes), torch.from_numpy(scores), torch.from_numpy(labels), threshold)
        out.append([len(kept), fnv(kept.tolist())])
    return out


def operators():
    a, b = boxes_of("ioua", 6, 50, 40), boxes_of("ioub", 5, 50, 40)
    cells = [AnchorGenerator.generate_anchors(None, sizes, ratios).tolist() for sizes, ratios in [([32], [0.5, 1.0, 2.0]), ([8, 12], [0.6, 1.0, 1.6])]]
    write("operators", {"roiAlign": roi_cases(), "nms": nms_sets(), "iou": box_iou(torch.from_numpy(a), torch.from_numpy(b)).tolist(), "cells": cells})


class Pyramid(nn.Module):
    """A body that gives stages, and torchvision's pyramid; named as in src/Fovea/Detection."""

    def __init__(self, body, run, stages, in_channels, channels):
        super().__init__()
        self.body, self.fpn, self.out_channels = body, FeaturePyramidNetwork(in_channels, channels, LastLevelMaxPool()), channels
        self.run, self.stages = run, stages

    def forward(self, x):
        stages = self.run(self.body, x)
        return self.fpn({str(i): stages[name] for i, name in enumerate(self.stages)})


class SingleMap(nn.Module):
    def __init__(self, body, run, in_channels, channels):
        super().__init__()
        self.body, self.run, self.out_channels = body, run, channels
        self.reduce = nn.Conv2d(in_channels, channels, 1) if in_channels != channels else nn.Identity()

    def forward(self, x):
        return self.reduce(self.run(self.body, x))


def freeze(module):
    """Batch norms that keep their statistics, as torchvision's detectors are trained."""
    for name, child in module.named_children():
        if isinstance(child, nn.BatchNorm2d):
            frozen = FrozenBatchNorm2d(child.num_features, child.eps)
            setattr(module, name, frozen)
        else:
            freeze(child)
    return module


def mobilenet():
    body = torchvision.models.mobilenet_v2()
    del body.classifier
    body.features = freeze(body.features[:18])

    def run(net, x):
        stages, ends = {}, {3: "stage2", 6: "stage3", 13: "stage5", 17: "stage7"}
        for i, layer in enumerate(net.features):
            x = layer(x)
            if i in ends:
                stages[ends[i]] = x.clone()
        return stages

    return Pyramid(body, run, ["stage2", "stage3", "stage5", "stage7"], [24, 32, 96, 320], 64)


def resnet_v2():
    def run(net, x):
        return net(x)[1]["stage3"]

    return SingleMap(freeze(networks.ResNetV2(7)), run, 1024, 256)


class Vgg(nn.Module):
    """The fifth stage, before its pooling: stride 16."""

    def __init__(self):
        super().__init__()
        self.features = torchvision.models.vgg16().features[:30]

    def forward(self, x):
        return self.features(x)


def build(name, **settings):
    pyramid_anchors = AnchorGenerator(((8, 12), (16, 24), (32, 48), (64, 96), (128, 192)), ((0.6, 1.0, 1.6),) * 5)
    map_anchors = AnchorGenerator(((12, 24, 48, 96, 192),), ((0.6, 1.0, 1.6),))
    if name == "fasterrcnn_resnet50_fpn":
        return FasterRCNN(resnet_fpn_backbone(backbone_name="resnet50", weights=None, trainable_layers=5), CLASSES + 1, **settings)
    backbone, anchors, width, levels = {
        "fasterrcnn_mobilenet_v2_fpn": (mobilenet, pyramid_anchors, 256, ["0", "1", "2", "3"]),
        # As published it has dense layers of 4096; the fixture's are narrow, for 120 million weights would test nothing more.
        "fasterrcnn_vgg16": (lambda: SingleMap(Vgg(), lambda net, x: net(x), 512, 512), map_anchors, 64, ["0"]),
        "fasterrcnn_resnet50_v2_c4": (resnet_v2, map_anchors, 1024, ["0"])}[name]
    backbone = backbone()
    return FasterRCNN(backbone, None, rpn_anchor_generator=anchors, box_roi_pool=MultiScaleRoIAlign(levels, 7, 2), box_head=TwoMLPHead(backbone.out_channels * 49, width),
                      box_predictor=FastRCNNPredictor(width, CLASSES + 1), **settings)


# Few proposals: a thousand, in float64, would cost the tests minutes.
SETTINGS = dict(min_size=128, max_size=192, rpn_pre_nms_top_n_test=300, rpn_post_nms_top_n_test=150, rpn_pre_nms_top_n_train=300, rpn_post_nms_top_n_train=150, box_batch_size_per_image=64)
PICTURES = [(3, 97, 131), (3, 120, 90)]


def pictures():
    return [torch.from_numpy(models.noise(f"picture{i}", int(numpy.prod(shape))).reshape(shape).astype(numpy.float32)) for i, shape in enumerate(PICTURES)]


def targets():
    found = [boxes_of("truth0", 5, 131, 97, 8), boxes_of("truth1", 3, 90, 120, 8)]
    return [{"boxes": torch.from_numpy(b).double(), "labels": torch.tensor([1 + j % CLASSES for j in range(len(b))])} for b in found]


def fill(net):
    models.fill(net)
    # Boxes that move by whole widths would all be clipped away: the last layers are scaled down, as training would leave them.
    state = net.state_dict()
    for name in state:
        if "bbox_pred" in name:
            state[name] = state[name] * 0.3
    net.load_state_dict(state)
    return net


def network(name):
    net = fill(build(name, **SETTINGS)).double().eval()
    images = [p.double() for p in pictures()]
    with torch.no_grad():
        batch, _ = net.transform([p.clone() for p in images])
        features = net.backbone(batch.tensors)
        if isinstance(features, torch.Tensor):
            features = {"0": features}
        proposals, _ = net.rpn(batch, features)
        found = net(images)
    evaluation = {"sizes": [list(s) for s in batch.image_sizes], "padded": list(batch.tensors.shape),
                  "levels": [models.sample(f) for f in features.values()],
                  "proposals": [{"count": len(p), "boxes": p[:40].tolist()} for p in proposals],
                  "detections": [{"boxes": d["boxes"].tolist(), "scores": d["scores"].tolist(), "labels": d["labels"].tolist()} for d in found]}

    # One step. Frozen norms; the image with the greatest height first makes no difference, as the transform pads.
    net.train()
    losses = net([p.clone() for p in images], targets())
    sum(losses.values()).backward()
    parameters = dict(net.named_parameters())
    wanted = [n for n in parameters if n.endswith(("rpn.head.conv.0.0.weight", "rpn.head.bbox_pred.weight", "box_head.fc7.weight", "box_predictor.bbox_pred.weight", "cls_score.bias"))]
    first = next(n for n, p in parameters.items() if p.dim() == 4 and p.grad is not None)
    training = {"losses": {k: float(v) for k, v in losses.items()}, "gradients": {n: models.sample(parameters[n].grad) for n in [first] + wanted}}
    count = sum(v.numel() for k, v in net.state_dict().items() if v.dtype.is_floating_point)
    return {"network": name, "classes": CLASSES, "numbers": count, "keys": len([k for k, v in net.state_dict().items() if v.dtype.is_floating_point]), "evaluation": evaluation, "training": training}


def short(value):
    return [short(v) for v in value] if isinstance(value, list) else {k: short(v) for k, v in value.items()} if isinstance(value, dict) else float(f"{value:.9g}") if isinstance(value, float) else value


def write(name, value):
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / f"{name}.json").write_text(json.dumps(short(value)) + "\n")
    print(name)


if __name__ == "__main__":
    torch.randperm = lambda n, **_: torch.arange(n)
    asked = sys.argv[1:] or ["operators", "fasterrcnn_mobilenet_v2_fpn", "fasterrcnn_resnet50_fpn", "fasterrcnn_vgg16", "fasterrcnn_resnet50_v2_c4"]
    for one in asked:
        operators() if one == "operators" else write(one, network(one))
