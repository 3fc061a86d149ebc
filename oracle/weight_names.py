#!/usr/bin/env python3
"""Writes oracle/fixtures/weights/names.json: what timm and pretrained-models call the layers that torchvision calls otherwise.

    PYTHONPATH=…/pytorch-image-models:…/pretrained-models.pytorch /usr/bin/python3 oracle/weight_names.py

Both are source trees (github.com/huggingface/pytorch-image-models 1.0, github.com/Cadene/pretrained-models.pytorch 0.7.4); needed only to make the fixture anew.
The pairing does not come from names: tensors are paired by their order, copied from torchvision's network into the other, and the pairing is written only when both then
give the same logits (1e-4 of the largest) in inference.
"""
import json
import pathlib
import sys
import types

import torch
import torchvision.models as tv

# pretrained-models imports these for its data sets only.
for name, attribute in (("tqdm", "tqdm"), ("munch", "munchify")):
    sys.modules.setdefault(name, types.SimpleNamespace(**{attribute: lambda x: x}))
import timm
import pretrainedmodels.models.torchvision_models as cadene

OUT = pathlib.Path(__file__).parent / "fixtures" / "weights"
CASES = [
    ("timm", "efficientnet_b0", lambda: timm.create_model("efficientnet_b0"), 64),
    ("timm", "mobilenet_v3_large", lambda: timm.create_model("mobilenetv3_large_100"), 64),
    ("timm", "mobilenet_v2", lambda: timm.create_model("mobilenetv2_100"), 64),
    ("timm", "convnext_tiny", lambda: timm.create_model("convnext_tiny"), 64),
    ("timm", "vgg16", lambda: timm.create_model("vgg16"), 224),
    ("own", "resnet50", lambda: timm.create_model("resnet50"), 64),
    ("own", "densenet121", lambda: timm.create_model("densenet121"), 64),
    ("pretrained-models", "resnet18", lambda: cadene.resnet18(pretrained=None), 224),
    ("pretrained-models", "densenet121", lambda: cadene.densenet121(pretrained=None), 224),
    ("pretrained-models", "vgg16", lambda: cadene.vgg16(pretrained=None), 224),
    ("pretrained-models", "alexnet", lambda: cadene.alexnet(pretrained=None), 224),
    ("pretrained-models", "squeezenet1_1", lambda: cadene.squeezenet1_1(pretrained=None), 224),
]


def ordered(module):
    """Tensors in the order in which modules were made, which both sides share; a last layer that was renamed afterwards comes last anyway."""
    return list(module.state_dict().items())


def pair(scheme, network, make, size):
    torch.manual_seed(1)
    ours, theirs = getattr(tv, network)(weights=None).eval(), make().eval()
    a, b = ordered(ours), ordered(theirs)
    assert len(a) == len(b), (network, len(a), len(b))
    with torch.no_grad():
        for key, value in a:
            if value.dtype == torch.float32:
                value.copy_(torch.rand_like(value) + 0.5 if key.endswith("running_var") else torch.randn_like(value) * (0.05 if value.dim() > 1 else 0.2))
        for (_, mine), (_, other) in zip(a, b):
            assert mine.numel() == other.numel(), (network, mine.shape, other.shape)
            other.copy_(mine.reshape(other.shape))
        x = torch.randn(1, 3, size, size)
        expected, actual = ours(x), theirs(x).flatten(1)
    error = float((expected - actual).abs().max() / expected.abs().max())
    assert error < 1e-4, (network, error)
    layers = {}
    for (mine, m), (other, o) in zip(a, b):
        if mine.split(".")[-1] == other.split(".")[-1]:
            layers[mine.rsplit(".", 1)[0]] = other.rsplit(".", 1)[0]
        else:
            layers[mine] = other
    print(f"{scheme} {network}: {len(a)} tensors, relative error {error:.1e}", file=sys.stderr)
    same = {k: v for k, v in layers.items() if k == v}
    return {"scheme": scheme, "network": network, "tensors": len(a), "same": len(same), "layers": {k: v for k, v in layers.items() if k != v}}


def main():
    torch.set_num_threads(1)
    OUT.mkdir(parents=True, exist_ok=True)
    content = {"torchvision": str(__import__("torchvision").__version__), "timm": timm.__version__, "networks": [pair(*c) for c in CASES]}
    text = json.dumps(content, separators=(",", ":"))
    (OUT / "names.json").write_text(text.replace('{"scheme"', '\n{"scheme"') + "\n")


main()
