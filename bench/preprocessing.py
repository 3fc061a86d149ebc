#!/usr/bin/python3
"""Fovea's preprocessing against the sources' own Python code, turn by turn on the same photographs; writes results/preprocessing/.

    /usr/bin/python3 bench/preprocessing.py [--images 54] [--turns 3]      (about a minute a turn; Release build of fovea needed: ./fovea --version makes it)

Fovea is the whole command `fovea data prepare` (start of the process, decoding, hashing, writing to disk, fsync) with two threads, and processor time counts all of that.
Python is one thread, only the loop over the images, already started. Both begin with the files in the page cache. The photographs are IDRiD's (CC BY 4.0), 4288x2848.
"""
import argparse
import glob
import json
import os
import platform
import resource
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
DATA = os.environ.get("FOVEA_DATA") or os.path.join(ROOT, "..", "shared", "data")
CLI = os.path.join(ROOT, "src", "Fovea.Cli", "bin", "Release", "net10.0", "Fovea.Cli.dll")


def children():
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def fovea(folder, chain, decode, out, size=512):
    shutil.rmtree(out, ignore_errors=True)
    wall, cpu = time.perf_counter(), children()
    subprocess.run(["dotnet", CLI, "data", "prepare", "--data", "csv:" + os.path.join(folder, "labels.csv"), "--chain", chain, "--size", str(size), "--decode", decode,
                    "--threads", "2", "--out", out, "--json"], check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return {"seconds": time.perf_counter() - wall, "cpu": children() - cpu}


def difference(a, b):
    total, within, equal, count = 0, 0, 0, 0
    for x, y in zip(a, b):
        d = np.abs(x.astype(np.int16) - y)
        total, within, equal, count = total + int(d.sum()), within + int((d <= 1).sum()), equal + int((d == 0).sum()), count + d.size
    return {"mean": total / count, "within1": within / count, "equal": equal / count}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--images", type=int, default=54)
    parser.add_argument("--turns", type=int, default=3)
    options = parser.parse_args()
    paths = sorted(glob.glob(os.path.join(DATA, "idrid", "lesions", "images", "*.jpg")))[:options.images]
    if not paths or not os.path.exists(CLI):
        sys.exit("needs idrid/lesions/images in $FOVEA_DATA or ../shared/data, and a Release build")
    for path in paths:
        with open(path, "rb") as file:
            file.read()
    work = tempfile.mkdtemp(prefix="fovea-preprocessing-")
    try:
        folder = os.path.join(work, "data")
        os.makedirs(os.path.join(folder, "images"))
        with open(os.path.join(folder, "labels.csv"), "w") as labels:
            labels.write("image,grade\n")
            for i, path in enumerate(paths):
                os.symlink(path, os.path.join(folder, "images", os.path.basename(path)))
                labels.write(f"{os.path.basename(path)},{i % 5}\n")
        result = {"images": len(paths), "turns": options.turns, "processor": next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.processor()),
                  "cores": os.cpu_count(), "chains": {}}
        for chain in ("s0", "s1"):
            runs = {"python": [], "exact": [], "fast": []}
            arrays = {name: os.path.join(work, name) for name in runs}
            for _ in range(options.turns):
                target = os.path.join(work, "python.npy")
                line = subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "bench", "preprocessing_sources.py"), chain, target, *paths], check=True, capture_output=True, text=True)
                runs["python"].append(json.loads(line.stdout))
                for decode in ("exact", "fast"):
                    runs[decode].append(fovea(folder, chain, decode, arrays[decode]))
            expected = np.load(target, mmap_mode="r")
            entry = {}
            for name, values in runs.items():
                entry[name] = {key: statistics.median(v[key] for v in values) / len(paths) * 1000 for key in ("seconds", "cpu")}
            for name in ("exact", "fast"):
                actual = np.load(os.path.join(arrays[name], "images.npy"), mmap_mode="r")
                entry[name]["difference"] = difference(expected, actual)
                entry[name]["speedup"] = entry["python"]["seconds"] / entry[name]["seconds"]
                entry[name]["cpuSpeedup"] = entry["python"]["cpu"] / entry[name]["cpu"]
            result["chains"][chain] = entry
        resized = {}
        for chain in ("s2", "fov"):
            for decode in ("exact", "fast"):
                fovea(folder, chain, decode, os.path.join(work, chain + decode))
            resized[chain] = difference(*(np.load(os.path.join(work, chain + d, "images.npy"), mmap_mode="r") for d in ("exact", "fast")))
        result["resizedFastAgainstExact"] = resized
    finally:
        shutil.rmtree(work)
    out = os.path.join(ROOT, "results", "preprocessing")
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, "throughput.json"), "w") as file:
        json.dump(result, file, indent=2)
        file.write("\n")
    with open(os.path.join(out, "throughput.md"), "w") as file:
        file.write(report(result))
    print(report(result))


def report(result):
    lines = [f"# Preprocessing {result['images']} photographs of 4288×2848 to 512 pixels", "",
             f"`bench/preprocessing.py`: {result['processor']}, {result['cores']} cores, medians of {result['turns']} turns. Fovea: the whole command with two threads; Python: the sources' code on one thread,",
             "its start not counted. Milliseconds an image.", "",
             "| chain | | elapsed | processor | times faster | times less processor | bytes equal | within 1 | mean difference |", "|---|---|---|---|---|---|---|---|---|"]
    for chain, entry in result["chains"].items():
        lines.append(f"| {chain} | Python | {entry['python']['seconds']:.0f} | {entry['python']['cpu']:.0f} | | | | | |")
        for name in ("exact", "fast"):
            e = entry[name]
            d = e["difference"]
            lines.append(f"| {chain} | Fovea, {name} | {e['seconds']:.0f} | {e['cpu']:.0f} | {e['speedup']:.1f} | {e['cpuSpeedup']:.1f} | {d['equal'] * 100:.2f} % | {d['within1'] * 100:.2f} % | {d['mean']:.2f} |")
    lines += ["", "The chains multiply differences by 4; of the picture that is only resized, reduced-scale decoding changes, in grey levels on average: "
              + ", ".join(f"{chain} {d['mean']:.2f}" for chain, d in result["resizedFastAgainstExact"].items()) + ".", ""]
    return "\n".join(lines)


if __name__ == "__main__":
    main()
