#!/usr/bin/python3
"""What the reference systems' preprocessing makes of photographs, by OpenCV itself: oracle/fixtures/preprocessing/.

    /usr/bin/python3 oracle/preprocessing.py                             # writes the fixtures anew
    /usr/bin/python3 oracle/preprocessing.py --apply SIZE OUT IMAGE...   # OUT/NAME.s0.png and OUT/NAME.s1.png of any photographs

Debian 12's python3-opencv (4.6). The pictures are drawn from integer formulas, so a second run writes the same bytes; made-up-*.png are inputs that
`fovea data draw` painted, one for each way in which cameras and people cut a retina.
Files NAME.png are inputs; NAME.CHAIN-SIZE-SIGMA.png are expected outputs. PNG files hold RGB; OpenCV's arrays are BGR, as in the reference systems.
"""
import glob
import os
import sys

import cv2
import numpy as np

OUT = os.path.join(os.path.dirname(os.path.abspath(__file__)), "fixtures", "preprocessing")
TOLERANCE = 7


def crop(image):
    """Both reference systems: RGB2GRAY whatever the order of the channels; rows and columns with any bright pixel, so dark ones inside go, too."""
    mask = cv2.cvtColor(image, cv2.COLOR_RGB2GRAY) > TOLERANCE
    if image[:, :, 0][np.ix_(mask.any(1), mask.any(0))].shape[0] == 0:
        return image
    return np.stack([image[:, :, c][np.ix_(mask.any(1), mask.any(0))] for c in range(3)], axis=-1)


def disc(image):
    height, width = image.shape[:2]
    x, y = width // 2, height // 2
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, (x, y), min(x, y), 1, thickness=-1)
    return cv2.bitwise_and(image, image, mask=mask)


def subtract_local_mean(image, sigma):
    return cv2.addWeighted(image, 4, cv2.GaussianBlur(image, (0, 0), sigma), -4, 128)


def s0(bgr, size, sigma):
    """The APTOS case study: crop, resize, disc, subtract."""
    return subtract_local_mean(disc(cv2.resize(crop(bgr), (size, size))), sigma)


def s1(bgr, size, sigma):
    """The multi-task replication: resize, crop, to RGB, disc, crop again, subtract, resize. It stored RGB as if it were BGR; here the colours stay right."""
    image = crop(cv2.resize(bgr, (size, size)))
    image = crop(disc(cv2.cvtColor(image, cv2.COLOR_BGR2RGB)))
    image = cv2.resize(subtract_local_mean(image, sigma), (size, size))
    return cv2.cvtColor(image, cv2.COLOR_RGB2BGR)


def photograph(width, height, cx, cy, radius, colours):
    y, x = np.mgrid[0:height, 0:width].astype(np.int64)
    texture = ((x * 73856093) ^ (y * 19349663)) % 41 + (x * 3 + y * 2) % 60
    image = np.stack([colour + texture // divisor for colour, divisor in colours], axis=-1)
    inside = (x - cx) ** 2 + (y - cy) ** 2 <= radius ** 2
    border = (x * 7 + y * 13) % 4
    image = np.where(inside[..., None], image, border[..., None])
    return np.clip(image, 0, 255).astype(np.uint8)


def fixtures():
    os.makedirs(OUT, exist_ok=True)
    fundus = [(20, 3), (80, 2), (150, 1)]  # B, G, R
    inputs = {"round": photograph(120, 90, 62, 44, 40, fundus), "cut": photograph(100, 60, 50, 30, 46, fundus)}
    stamped = photograph(150, 80, 60, 40, 34, fundus)  # a date beside the field, dark columns between
    stamped[60:68, 120:140] = (200, 220, 240)
    inputs["stamped"] = stamped
    # Grey values about the tolerance: weights taken in the wrong order or rounded otherwise move the edges.
    edge = np.zeros((40, 64, 3), np.uint8)
    for i in range(16):
        edge[i % 40, 4:60, 0] = i * 2
        edge[39 - i, 4 + i:60 - i, 2] = 8 + i * 3
    edge[12:28, 20:44] = (60, 90, 140)
    inputs["edge"] = edge
    dark = photograph(50, 40, 25, 20, 18, [(1, 60), (2, 60), (3, 60)])
    inputs["dark"] = dark
    for name, bgr in inputs.items():
        cv2.imwrite(os.path.join(OUT, f"{name}.png"), bgr)
    for path in glob.glob(os.path.join(OUT, "made-up-*.png")):
        if os.path.basename(path).count(".") == 1:
            inputs[os.path.basename(path)[:-4]] = cv2.imread(path)
    for name, bgr in inputs.items():
        for size, sigma in ((64, 14), (96, 2.5)):
            for chain in (s0, s1):
                cv2.imwrite(os.path.join(OUT, f"{name}.{chain.__name__}-{size}-{sigma}.png"), chain(bgr, size, sigma))


def apply(size, out, images):
    for path in images:
        bgr, name = cv2.imread(path), os.path.splitext(os.path.basename(path))[0]
        cv2.imwrite(os.path.join(out, f"{name}.s0.png"), s0(bgr, size, 14 * size / 512))
        cv2.imwrite(os.path.join(out, f"{name}.s1.png"), s1(bgr, size, 30 * size / 512))


if __name__ == "__main__":
    cv2.setNumThreads(1)
    if sys.argv[1:2] == ["--apply"]:
        apply(int(sys.argv[2]), sys.argv[3], sys.argv[4:])
    else:
        fixtures()
