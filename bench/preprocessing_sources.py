#!/usr/bin/python3
"""The sources' own preprocessing, as their notebooks do it, timed: one thread, one image after another.

    /usr/bin/python3 bench/preprocessing_sources.py CHAIN OUT.npy IMAGE...

Prints one JSON line {"seconds", "cpu"} for reading, preparing and keeping all images as uint8 (N, 512, 512, 3), after a first four that are not timed; the array is written afterwards, untimed, for comparison.
S0: cv2.imread, crop_image_from_gray, resize, circle, addWeighted into one array. S1: first every photograph resized to 512 and written as PNG, then each of these
read, crop, circle, crop, addWeighted, resize, written as PNG.
"""
import json
import os
import sys
import tempfile
import time

os.environ["OMP_NUM_THREADS"] = "1"
import cv2
import numpy as np

SIZE = 512


def crop_image_from_gray(img, tol=7):
    gray_img = cv2.cvtColor(img, cv2.COLOR_RGB2GRAY)
    mask = gray_img > tol
    check_shape = img[:, :, 0][np.ix_(mask.any(1), mask.any(0))].shape[0]
    if check_shape == 0:
        return img
    img1 = img[:, :, 0][np.ix_(mask.any(1), mask.any(0))]
    img2 = img[:, :, 1][np.ix_(mask.any(1), mask.any(0))]
    img3 = img[:, :, 2][np.ix_(mask.any(1), mask.any(0))]
    return np.stack([img1, img2, img3], axis=-1)


def circle(img):
    height, width, _ = img.shape
    x, y = width // 2, height // 2
    mask = np.zeros((height, width), np.uint8)
    cv2.circle(mask, (x, y), int(min(x, y)), 1, thickness=-1)
    return cv2.bitwise_and(img, img, mask=mask)


def s0(paths):
    out = np.empty((len(paths), SIZE, SIZE, 3), dtype=np.uint8)
    for i, path in enumerate(paths):
        img = circle(cv2.resize(crop_image_from_gray(cv2.imread(path)), (SIZE, SIZE)))
        out[i] = cv2.addWeighted(img, 4, cv2.GaussianBlur(img, (0, 0), 14), -4, 128)
    return out


def s1(paths):
    out = np.empty((len(paths), SIZE, SIZE, 3), dtype=np.uint8)
    with tempfile.TemporaryDirectory() as folder:
        for i, path in enumerate(paths):
            cv2.imwrite(os.path.join(folder, f"{i}.png"), cv2.resize(cv2.imread(path), (SIZE, SIZE)))
        for i in range(len(paths)):
            name = os.path.join(folder, f"{i}.png")
            img = cv2.cvtColor(crop_image_from_gray(cv2.imread(name)), cv2.COLOR_BGR2RGB)
            img = crop_image_from_gray(circle(img))
            img = cv2.resize(cv2.addWeighted(img, 4, cv2.GaussianBlur(img, (0, 0), 30), -4, 128), (SIZE, SIZE))
            cv2.imwrite(name, img)
            out[i] = img[:, :, ::-1]
    return out


def main():
    cv2.setNumThreads(1)
    chain, target, paths = sys.argv[1], sys.argv[2], sys.argv[3:]
    {"s0": s0, "s1": s1}[chain](paths[:4])
    wall, cpu = time.perf_counter(), time.process_time()
    out = {"s0": s0, "s1": s1}[chain](paths)
    print(json.dumps({"seconds": time.perf_counter() - wall, "cpu": time.process_time() - cpu}))
    np.save(target, out[:, :, :, ::-1])


if __name__ == "__main__":
    main()
