#!/usr/bin/python3
"""What OpenCV's Python gives for the operations and files of Fovea.Imaging: oracle/fixtures/imaging/.

    /usr/bin/python3 oracle/imaging.py

Debian 12's python3-opencv (4.6) and python3-pil. The pictures are a formula, so only SHA-256 sums of the results are stored:
equality is bit for bit, and a difference is looked at by running this script beside the test.
"""
import hashlib
import io
import json
import pathlib

import cv2
import numpy as np
from PIL import Image

HERE = pathlib.Path(__file__).parent / "fixtures" / "imaging"
cv2.setNumThreads(1)


def formula(width, height, channels):
    """Slopes, rings and a little noise; the same loop is in tests/Fovea.Imaging.Tests/Picture.cs."""
    state, out = 12345, np.empty((height, width, channels), np.uint8)
    for y in range(height):
        for x in range(width):
            for c in range(channels):
                state = (state * 1664525 + 1013904223) & 0xFFFFFFFF
                out[y, x, c] = ((x * 3 + y * 2 + c * 60 + ((x * x + y * y) >> 6)) & 255) ^ (state >> 29)
    return out[:, :, 0] if channels == 1 else out


def entry(image):
    image = np.ascontiguousarray(image)
    channels = 1 if image.ndim == 2 else image.shape[2]
    return [image.shape[1], image.shape[0], channels, hashlib.sha256(image.tobytes()).hexdigest()]


def operations():
    rgb, grey, other = formula(257, 193, 3), formula(257, 193, 1), cv2.flip(formula(257, 193, 3), 1)
    out = {"formula": entry(rgb), "formula grey": entry(grey)}
    for name, flag in [("Nearest", cv2.INTER_NEAREST), ("Linear", cv2.INTER_LINEAR), ("Cubic", cv2.INTER_CUBIC), ("Area", cv2.INTER_AREA),
                       ("Lanczos", cv2.INTER_LANCZOS4)]:
        out[f"resize {name} 100x80"] = entry(cv2.resize(rgb, (100, 80), interpolation=flag))
        out[f"resize {name} 400x301"] = entry(cv2.resize(rgb, (400, 301), interpolation=flag))
        out[f"resize {name} 64x64 grey"] = entry(cv2.resize(grey, (64, 64), interpolation=flag))
    matrix = np.array([[0.9, -0.4, 40.25], [0.35, 1.1, -12.5]])
    for name, flag in [("Nearest", cv2.INTER_NEAREST), ("Linear", cv2.INTER_LINEAR), ("Cubic", cv2.INTER_CUBIC), ("Lanczos", cv2.INTER_LANCZOS4)]:
        for border, mode in [("Constant", cv2.BORDER_CONSTANT), ("Replicate", cv2.BORDER_REPLICATE), ("Reflect101", cv2.BORDER_REFLECT_101)]:
            out[f"warp {name} {border}"] = entry(cv2.warpAffine(rgb, matrix, (211, 180), flags=flag, borderMode=mode, borderValue=(10, 20, 30)))
    out["warp grey"] = entry(cv2.warpAffine(grey, matrix, (211, 180)))
    for sigma in [0.7, 3.5, 8, 14, 25.7, 30]:
        out[f"blur {sigma}"] = entry(cv2.GaussianBlur(rgb, (0, 0), sigma))
    out["blur 4 grey"] = entry(cv2.GaussianBlur(grey, (0, 0), 4))
    out["blur 14 grey"] = entry(cv2.GaussianBlur(grey, (0, 0), 14))
    out["median 5"] = entry(cv2.medianBlur(rgb, 5))
    out["addWeighted 4 -4 128"] = entry(cv2.addWeighted(rgb, 4, cv2.GaussianBlur(rgb, (0, 0), 14), -4, 128))
    out["addWeighted 0.6 0.4 -3.5"] = entry(cv2.addWeighted(rgb, 0.6, other, 0.4, -3.5))
    for clip, tiles in [(2.0, 8), (4.0, 5)]:
        clahe = cv2.createCLAHE(clip, (tiles, tiles))
        out[f"clahe {clip} {tiles} grey"] = entry(clahe.apply(grey))
        lab = cv2.cvtColor(rgb, cv2.COLOR_RGB2Lab)
        lab[:, :, 0] = clahe.apply(np.ascontiguousarray(lab[:, :, 0]))
        out[f"clahe {clip} {tiles}"] = entry(cv2.cvtColor(lab, cv2.COLOR_Lab2RGB))
    for name, there, back in [("Hsv", cv2.COLOR_RGB2HSV, cv2.COLOR_HSV2RGB), ("Lab", cv2.COLOR_RGB2Lab, cv2.COLOR_Lab2RGB),
                              ("YCrCb", cv2.COLOR_RGB2YCrCb, cv2.COLOR_YCrCb2RGB)]:
        converted = cv2.cvtColor(rgb, there)
        out[f"to {name}"] = entry(converted)
        out[f"from {name}"] = entry(cv2.cvtColor(converted, back))
    out["to grey"] = entry(cv2.cvtColor(rgb, cv2.COLOR_RGB2GRAY))
    out["to rgb"] = entry(cv2.cvtColor(grey, cv2.COLOR_GRAY2RGB))
    for name in ["Jet", "Viridis", "Spring", "Turbo", "Inferno", "Hot", "Magma", "Bone", "Cividis", "DeepGreen"]:
        code = getattr(cv2, "COLORMAP_" + name.upper())
        out[f"map {name}"] = entry(cv2.cvtColor(cv2.applyColorMap(grey, code), cv2.COLOR_BGR2RGB))
    out["flip horizontal"], out["flip vertical"] = entry(cv2.flip(rgb, 1)), entry(cv2.flip(rgb, 0))
    for turns, code in [(1, cv2.ROTATE_90_CLOCKWISE), (2, cv2.ROTATE_180), (3, cv2.ROTATE_90_COUNTERCLOCKWISE)]:
        out[f"rotate {turns}"] = entry(cv2.rotate(rgb, code))
    out["transpose"] = entry(cv2.transpose(rgb))
    for name, code in [("erode", cv2.MORPH_ERODE), ("dilate", cv2.MORPH_DILATE), ("open", cv2.MORPH_OPEN), ("close", cv2.MORPH_CLOSE)]:
        element = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (7, 7))
        out[name + " 3"] = entry(cv2.morphologyEx(grey, code, element))

    rows, columns = np.mgrid[0:193, 0:257].astype(np.float32)
    waves_x, waves_y = columns + (rows * rows) / np.float32(4096) - np.float32(4), rows - columns / np.float32(16) + np.float32(2)
    for name, flag in [("Nearest", cv2.INTER_NEAREST), ("Linear", cv2.INTER_LINEAR)]:
        for border, mode in [("Constant", cv2.BORDER_CONSTANT), ("Replicate", cv2.BORDER_REPLICATE)]:
            out[f"remap {name} {border}"] = entry(cv2.remap(rgb, waves_x, waves_y, flag, borderMode=mode))
    kernel = np.array([[-0.25, -0.5, 0], [-0.5, 2.5, 0.25], [0, 0.25, -0.75]], np.float32)
    out["filter"] = entry(cv2.filter2D(rgb, -1, kernel))
    decoded = cv2.imdecode(cv2.imencode(".jpg", cv2.cvtColor(rgb, cv2.COLOR_RGB2BGR), [cv2.IMWRITE_JPEG_QUALITY, 60])[1], 1)
    out["jpeg 60"] = entry(cv2.cvtColor(decoded, cv2.COLOR_BGR2RGB))

    drawn = rgb.copy()
    cv2.line(drawn, (10 * 16 + 8, 20 * 16), (200 * 16, 150 * 16 + 4), (255, 0, 0), 3, cv2.LINE_AA, 4)
    cv2.circle(drawn, (128 * 16, 96 * 16), 30 * 16 + 8, (0, 255, 0), -1, cv2.LINE_AA, 4)
    cv2.circle(drawn, (60 * 16, 60 * 16), 25 * 16, (0, 0, 255), 2, cv2.LINE_AA, 4)
    cv2.ellipse(drawn, (150 * 16, 60 * 16), (40 * 16, 20 * 16), 30, 0, 360, (250, 250, 0), 2, cv2.LINE_AA, 4)
    cv2.rectangle(drawn, (5 * 16, 6 * 16), (70 * 16, 40 * 16), (1, 2, 3), 1, cv2.LINE_AA, 4)
    cv2.fillPoly(drawn, [np.array([[200, 20], [250, 30], [220, 80]]) * 16], (200, 100, 50), cv2.LINE_AA, 4)
    scale = cv2.getFontScaleFromHeight(cv2.FONT_HERSHEY_SIMPLEX, 14, 1)
    cv2.putText(drawn, "Grade 2", (20, 180), cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), 1, cv2.LINE_AA)
    out["drawing"] = entry(drawn)

    mean, deviation = cv2.meanStdDev(rgb)
    mask = cv2.threshold(grey, 199, 255, cv2.THRESH_BINARY)[1]
    masked_mean, masked_deviation = cv2.meanStdDev(rgb, mask=mask)
    count, labels, stats, centroids = cv2.connectedComponentsWithStats(mask, connectivity=8)
    measures = {
        "mean": mean.ravel().tolist(), "deviation": deviation.ravel().tolist(),
        "maskedMean": masked_mean.ravel().tolist(), "maskedDeviation": masked_deviation.ravel().tolist(),
        "laplacianVariance": float(cv2.Laplacian(grey, cv2.CV_64F).var()),
        "histogram": np.bincount(rgb[:, :, 1].ravel(), minlength=256).tolist(),
        "components8": count - 1, "components4": cv2.connectedComponentsWithStats(mask, connectivity=4)[0] - 1,
        "labels": hashlib.sha256(labels.astype("<i4").tobytes()).hexdigest(),
        "component1": stats[1].tolist() + centroids[1].tolist(),
    }
    return {"images": out, "measures": measures}


def files():
    """Small files of each kind, and what cv2.imread makes of them."""
    rgb, grey = formula(53, 37, 3), formula(53, 37, 1)
    smooth = cv2.GaussianBlur(rgb, (0, 0), 3)
    bgr, pil = cv2.cvtColor(smooth, cv2.COLOR_RGB2BGR), Image.fromarray(smooth)

    def cv(extension, image, *parameters):
        return cv2.imencode(extension, image, parameters)[1].tobytes()

    def saved(image, kind, **options):
        buffer = io.BytesIO()
        image.save(buffer, kind, **options)
        return buffer.getvalue()

    made = {
        "baseline.jpg": cv(".jpg", bgr, cv2.IMWRITE_JPEG_QUALITY, 85),
        "progressive.jpg": cv(".jpg", bgr, cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_PROGRESSIVE, 1),
        "restarts.jpg": cv(".jpg", bgr, cv2.IMWRITE_JPEG_QUALITY, 85, cv2.IMWRITE_JPEG_RST_INTERVAL, 3),
        "full-chroma.jpg": saved(pil, "JPEG", quality=85, subsampling=0),
        "grey.jpg": cv(".jpg", cv2.GaussianBlur(grey, (0, 0), 3), cv2.IMWRITE_JPEG_QUALITY, 85),
        "rgb.png": cv(".png", bgr),
        "grey.png": cv(".png", grey),
        "alpha.png": saved(Image.merge("RGBA", [*pil.split(), Image.fromarray(grey)]), "PNG"),
        "palette.png": saved(pil.quantize(40), "PNG"),
        "bilevel.png": saved(pil.convert("1"), "PNG"),
        "lzw.tif": cv(".tif", bgr),
        "deflate.tif": saved(pil, "TIFF", compression="tiff_adobe_deflate"),
        "packbits-grey.tif": saved(Image.fromarray(grey), "TIFF", compression="packbits"),
        "jpeg.tif": saved(pil, "TIFF", compression="jpeg"),
        "palette.tif": saved(pil.quantize(40), "TIFF"),
        "24-bit.bmp": cv(".bmp", bgr),
        "grey.bmp": cv(".bmp", grey),
        "palette.bmp": saved(pil.quantize(40), "BMP"),
        "bilevel.bmp": saved(pil.convert("1"), "BMP"),
        "32-bit.bmp": cv(".bmp", cv2.cvtColor(bgr, cv2.COLOR_BGR2BGRA)),
        "lossy.webp": cv(".webp", bgr, cv2.IMWRITE_WEBP_QUALITY, 80),
        "lossless.webp": cv(".webp", bgr, cv2.IMWRITE_WEBP_QUALITY, 101),
    }
    out = {}
    for name, data in made.items():
        (HERE / name).write_bytes(data)
        buffer = np.frombuffer(data, np.uint8)
        colour = cv2.imdecode(buffer, cv2.IMREAD_COLOR)
        # Of colour TIFF and BMP imread makes grey by weights of its own, up to one level from cvtColor's; Fovea takes cvtColor's.
        own = name.endswith((".tif", ".bmp"))
        grey = cv2.cvtColor(colour, cv2.COLOR_BGR2GRAY) if own else cv2.imdecode(buffer, cv2.IMREAD_GRAYSCALE)
        out[name] = {"colour": entry(cv2.cvtColor(colour, cv2.COLOR_BGR2RGB)), "grey": entry(grey)}
        if name.endswith(".jpg"):
            for n in (2, 4, 8):
                flag = getattr(cv2, f"IMREAD_REDUCED_COLOR_{n}")
                out[name][f"reduced{n}"] = entry(cv2.cvtColor(cv2.imdecode(buffer, flag), cv2.COLOR_BGR2RGB))
    # Not for decoding as they are: a code stream to put into DICOM, and files to be refused.
    jp2 = cv(".jp2", bgr)
    (HERE / "picture.j2k").write_bytes(jp2[jp2.index(b"\xff\x4f\xff\x51"):])
    out["picture.j2k"] = {"colour": entry(cv2.cvtColor(cv2.imdecode(np.frombuffer(jp2, np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB))}
    (HERE / "cmyk.jpg").write_bytes(saved(pil.convert("CMYK"), "JPEG", quality=60))
    (HERE / "cmyk.tif").write_bytes(saved(pil.resize((8, 8)).convert("CMYK"), "TIFF"))
    (HERE / "grey16.tif").write_bytes(cv(".tif", formula(20, 15, 1).astype(np.uint16) * 257))
    (HERE / "rgb16.png").write_bytes(cv(".png", formula(20, 15, 3).astype(np.uint16) * 257))
    (HERE / "float.tif").write_bytes(cv(".tif", formula(20, 15, 1).astype(np.float32)))
    return out


if __name__ == "__main__":
    HERE.mkdir(parents=True, exist_ok=True)
    (HERE / "operations.json").write_text(json.dumps(operations(), indent=1) + "\n")
    (HERE / "files.json").write_text(json.dumps(files(), indent=1) + "\n")
