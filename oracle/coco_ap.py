#!/usr/bin/env python3
"""Average precisions of drawn boxes by pycocotools' COCOeval, for tests/Fovea.Training.Tests/Detection/CocoParityTests.cs. Debian has no pycocotools: take it from its own repository or from PyPI.

    oracle/coco_ap.py > oracle/fixtures/detection/coco_ap.json
"""
import contextlib
import copy
import io
import json
import random

from pycocotools.coco import COCO
from pycocotools.cocoeval import COCOeval

LABELS = ["microaneurysm", "haemorrhage", "hard_exudate"]
draw = random.Random(7)


def box(side):
    # Quarters of a pixel are exact in float32.
    return [draw.randrange(0, 1600) / 4, draw.randrange(0, 1600) / 4, draw.randrange(4, side * 4) / 4, draw.randrange(4, side * 4) / 4]


def near(b):
    return [max(0, b[0] + draw.randrange(-6, 7) / 4 * b[2] // 8), max(0, b[1] + draw.randrange(-6, 7) / 4 * b[3] // 8), max(1, b[2] + draw.randrange(-4, 5) * b[2] // 16), max(1, b[3] + draw.randrange(-4, 5) * b[3] // 16)]


images, truth, found = [], [], []
for image in range(1, 26):
    images.append({"id": image, "file_name": f"eye{image:02}.png", "width": 640, "height": 640})
    for label in range(1, 4):
        for _ in range(draw.randrange(0, 4)):
            b = box(draw.choice([20, 60, 200]))
            truth.append({"id": len(truth) + 1, "image_id": image, "category_id": label, "bbox": b, "area": b[2] * b[3], "iscrowd": int(draw.random() < 0.1)})
            for _ in range(draw.randrange(0, 3)):
                found.append({"image_id": image, "category_id": label, "bbox": near(b), "score": draw.randrange(30, 100) / 100})  # two digits: ties
        for _ in range(draw.randrange(0, 3)):
            found.append({"image_id": image, "category_id": label, "bbox": box(60), "score": draw.randrange(1, 80) / 100})

dataset = {"images": images, "annotations": truth, "categories": [{"id": i + 1, "name": n} for i, n in enumerate(LABELS)]}
with contextlib.redirect_stdout(io.StringIO()):
    coco = COCO()
    coco.dataset = copy.deepcopy(dataset)  # it writes into what it is given
    coco.createIndex()
    evaluation = COCOeval(coco, coco.loadRes(copy.deepcopy(found)), "bbox")
    evaluation.evaluate()
    evaluation.accumulate()


def ap(label, area, overlap=None):
    p = evaluation.eval["precision"][slice(None) if overlap is None else [overlap], :, label, area, -1]  # overlap, recall, label, area, most boxes
    p = p[p > -1]
    return float(p.mean()) if p.size else None


print(json.dumps({
    "truth": dataset,
    "found": found,
    "scores": [{"label": n, "ap": ap(i, 0), "ap50": ap(i, 0, 0), "ap75": ap(i, 0, 5), "apSmall": ap(i, 1), "apMedium": ap(i, 2), "apLarge": ap(i, 3)} for i, n in enumerate(LABELS)],
}, separators=(",", ":")))
