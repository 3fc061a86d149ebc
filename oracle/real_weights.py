#!/usr/bin/env python3
"""Writes oracle/fixtures/weights: picture.png, a small made-up picture, and real.json, what torchvision's networks see in it with public ImageNet weights.

Run with Debian's python3-torch (1.13), python3-torchvision (0.14) and python3-opencv: /usr/bin/python3 oracle/real_weights.py FOLDER_OF_WEIGHTS
"""
import json
import pathlib
import sys

import cv2
import numpy
import torch
import torchvision.models as tv

OUT = pathlib.Path(__file__).parent / "fixtures" / "weights"
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


def picture():
    """96×96 RGB: an orange ball on a green ground under a blue sky."""
    rows, columns = numpy.mgrid[0:96, 0:96]
    rgb = numpy.where((rows < 40)[..., None], [90, 150, 230], [60, 130, 50]).astype(numpy.float64)
    distance = numpy.hypot(rows - 56, columns - 50)
    rgb[distance < 26] = [235, 120, 20]
    rgb *= (1 - 0.3 * (distance / 80))[..., None]
    return rgb.round().clip(0, 255).astype(numpy.uint8)


def main():
    torch.set_num_threads(1)
    folder = pathlib.Path(sys.argv[1])
    OUT.mkdir(parents=True, exist_ok=True)
    rgb = picture()
    cv2.imwrite(str(OUT / "picture.png"), rgb[..., ::-1])
    x = ((torch.from_numpy(rgb).float() / 255 - torch.tensor(MEAN)) / torch.tensor(STD)).permute(2, 0, 1)[None]
    squeezenet = tv.squeezenet1_1(weights=None)
    squeezenet.load_state_dict(torch.load(folder / "squeezenet1_1_imagenet.pth"))
    mobilenet = tv.mobilenet_v2(weights=None)
    missing, unexpected = mobilenet.load_state_dict(torch.load(folder / "mobilenet_v2_imagenet_features_bncalibrated.pth"), strict=False)
    assert not unexpected and all(k.startswith("classifier.") or k.endswith("num_batches_tracked") for k in missing), (missing, unexpected)
    with torch.no_grad():
        logits = squeezenet.eval()(x)[0]
        features = mobilenet.eval().features(x).mean((2, 3))[0]
    names = tv.SqueezeNet1_1_Weights.DEFAULT.meta["categories"]
    top = logits.topk(5).indices.tolist()
    print([names[i] for i in top])
    content = {
        "torch": torch.__version__,
        "squeezenet1_1": {"top5": top, "names": [names[i] for i in top], "logits": [float(logits[i]) for i in range(0, 1000, 10)]},
        "mobilenet_v2": {"features": [float(v) for v in features[::10]], "norm": float(features.double().norm())},
    }
    (OUT / "real.json").write_text(json.dumps(content) + "\n")


main()
