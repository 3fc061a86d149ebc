#!/usr/bin/python3
"""Fovea's preparation of photographs against the sources' own Python code, turn by turn in one run; writes results/preprocessing/.

    /usr/bin/python3 bench/preprocessing.py throughput [--images 54] [--turns 3]
    /usr/bin/python3 bench/preprocessing.py memory [--counts 200 2000] [--size 256]

Build first: dotnet build -c Release Fovea.slnx. The photographs are IDRiD's (CC BY 4.0), 4288x2848, in the page cache. Python is one thread and only its loop over the images, after a first
few. Fovea has two threads: "steady" is the code of `fovea data prepare` in a process that has done the same twice before (reading, hashing, decoding, writing, fsync, search for copies), "command"
is the command as a whole with the start of its process. Memory is the largest resident size of the command, each image read from a file of its own name.
"""
import argparse
import glob
import json
import os
import platform
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
BENCH = os.path.join(ROOT, "bench", "Fovea.Bench", "bin", "Release", "net10.0", "Fovea.Bench.dll")


def command(folder, chain, decode, out, size=512):
    shutil.rmtree(out, ignore_errors=True)
    wall = time.perf_counter()
    process = subprocess.Popen(["dotnet", CLI, "data", "prepare", "--data", "csv:" + os.path.join(folder, "labels.csv"), "--chain", chain, "--size", str(size), "--decode", decode,
                                "--threads", "2", "--out", out, "--json"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    if status != 0:
        sys.exit(f"fovea data prepare failed with status {status}")
    return {"seconds": time.perf_counter() - wall, "cpu": used.ru_utime + used.ru_stime, "memory": used.ru_maxrss / 1024}


def steady(folder, chain, decode, out, size=512):
    line = subprocess.run(["dotnet", BENCH, "preparation", chain, decode, str(size), "2", "csv:" + os.path.join(folder, "labels.csv"), out], check=True, capture_output=True, text=True)
    return json.loads(line.stdout)


def data(folder, paths):
    os.makedirs(os.path.join(folder, "images"))
    with open(os.path.join(folder, "labels.csv"), "w") as labels:
        labels.write("image,grade\n")
        for i, path in enumerate(paths):
            os.symlink(path, os.path.join(folder, "images", f"{i:05}.jpg"))
            labels.write(f"{i:05}.jpg,{i % 5}\n")


def machine():
    processor = next((l.split(":")[1].strip() for l in open("/proc/cpuinfo") if l.startswith("model name")), platform.processor())
    return {"processor": processor, "cores": os.cpu_count(), "load": os.getloadavg()[0]}


def difference(a, b):
    total, within, equal, count = 0, 0, 0, 0
    for x, y in zip(a, b):
        d = np.abs(x.astype(np.int16) - y)
        total, within, equal, count = total + int(d.sum()), within + int((d <= 1).sum()), equal + int((d == 0).sum()), count + d.size
    return {"mean": total / count, "within1": within / count, "equal": equal / count}


def throughput(options, paths, work):
    paths = paths[:options.images]
    folder = os.path.join(work, "data")
    data(folder, paths)
    result = {"images": len(paths), "turns": options.turns, **machine(), "chains": {}}
    for chain in ("s0", "s1"):
        runs = {"python": [], "exact": [], "fast": [], "exactCommand": [], "fastCommand": []}
        target, arrays = os.path.join(work, "python.npy"), {name: os.path.join(work, name) for name in ("exact", "fast")}
        for _ in range(options.turns):
            line = subprocess.run(["/usr/bin/python3", os.path.join(ROOT, "bench", "preprocessing_sources.py"), chain, target, *paths], check=True, capture_output=True, text=True)
            runs["python"].append(json.loads(line.stdout))
            for decode in ("exact", "fast"):
                runs[decode].append(steady(folder, chain, decode, arrays[decode]))
                runs[decode + "Command"].append(command(folder, chain, decode, os.path.join(work, "command")))
        entry = {name: {"milliseconds": statistics.median(v["seconds"] for v in values) / len(paths) * 1000, "cpuMilliseconds": statistics.median(v["cpu"] for v in values) / len(paths) * 1000}
                 for name, values in runs.items()}
        for name in runs:
            if name == "python":
                continue
            # Of each turn, so that what the machine did meanwhile touches both sides.
            entry[name]["speedup"] = statistics.median(p["seconds"] / v["seconds"] for p, v in zip(runs["python"], runs[name]))
            entry[name]["cpuSpeedup"] = statistics.median(p["cpu"] / v["cpu"] for p, v in zip(runs["python"], runs[name]))
        expected = np.load(target, mmap_mode="r")
        for name, out in arrays.items():
            entry[name]["difference"] = difference(expected, np.load(os.path.join(out, "images.npy"), mmap_mode="r"))
        result["chains"][chain] = entry
    resized = {}
    for chain in ("s2", "fov"):
        for decode in ("exact", "fast"):
            command(folder, chain, decode, os.path.join(work, chain + decode))
        resized[chain] = difference(*(np.load(os.path.join(work, chain + d, "images.npy"), mmap_mode="r") for d in ("exact", "fast")))
    result["resizedFastAgainstExact"] = resized
    return result


def throughput_report(result):
    lines = [f"# Preparing {result['images']} photographs of 4288×2848 for 512 pixels", "",
             f"`bench/preprocessing.py throughput`: {result['processor']}, {result['cores']} cores, load {result['load']:.1f} at the start, medians of {result['turns']} turns; milliseconds an image. Python: the sources' own code,",
             "one thread, its loop only. Fovea: two threads; steady: the code of `fovea data prepare` when all is compiled, with hashing, writing, fsync and the search for copies; command: the whole command with its start.", "",
             "| chain | | elapsed | processor | times faster | times less processor | bytes equal | within 1 | mean difference |", "|---|---|---|---|---|---|---|---|---|"]
    for chain, entry in result["chains"].items():
        lines.append(f"| {chain} | Python | {entry['python']['milliseconds']:.0f} | {entry['python']['cpuMilliseconds']:.0f} | | | | | |")
        for name, title in (("exact", "exact, steady"), ("exactCommand", "exact, command"), ("fast", "fast, steady"), ("fastCommand", "fast, command")):
            e = entry[name]
            d = e.get("difference")
            pixels = f"{d['equal'] * 100:.2f} % | {d['within1'] * 100:.2f} % | {d['mean']:.2f}" if d else " | | "
            lines.append(f"| {chain} | Fovea, {title} | {e['milliseconds']:.1f} | {e['cpuMilliseconds']:.1f} | {e['speedup']:.1f} | {e['cpuSpeedup']:.1f} | {pixels} |")
    lines += ["", "The chains multiply differences by 4. Of the picture that is only resized, reduced-scale decoding changes in grey levels on average: "
              + ", ".join(f"{chain} {d['mean']:.2f}" for chain, d in result["resizedFastAgainstExact"].items()) + ".", ""]
    return "\n".join(lines)


def memory(options, paths, work):
    small = sorted(glob.glob(os.path.join(DATA, "idrid", "grading", "images", "*.jpg")))
    result = {**machine(), "chain": "s0", "size": options.size, "runs": []}
    for photographs, chosen, decode in (("1024×680", small, "exact"), ("4288×2848", paths, "fast")):
        for count in options.counts:
            folder = os.path.join(work, f"{count}{decode}")
            data(folder, [chosen[i % len(chosen)] for i in range(count)])
            run = command(folder, "s0", decode, os.path.join(work, "out"), options.size)
            result["runs"].append({"photographs": photographs, "decode": decode, "images": count, "mebibytes": run["memory"], "seconds": run["seconds"]})
            shutil.rmtree(os.path.join(work, "out"))
    return result


def memory_report(result):
    lines = ["# Memory of `fovea data prepare`", "", f"`bench/preprocessing.py memory`: largest resident size of the command; two threads, chain {result['chain']}, {result['size']} pixels; IDRiD's photographs, again and again under other names.", "",
             "| photographs | decoding | images | MiB | seconds |", "|---|---|---|---|---|"]
    lines += [f"| {r['photographs']} | {r['decode']} | {r['images']} | {r['mebibytes']:.0f} | {r['seconds']:.0f} |" for r in result["runs"]]
    return "\n".join(lines) + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("what", choices=["throughput", "memory"])
    parser.add_argument("--images", type=int, default=54)
    parser.add_argument("--turns", type=int, default=3)
    parser.add_argument("--counts", type=int, nargs="+", default=[200, 2000])
    parser.add_argument("--size", type=int, default=256)
    options = parser.parse_args()
    paths = sorted(glob.glob(os.path.join(DATA, "idrid", "lesions", "images", "*.jpg")))
    if not paths or not os.path.exists(CLI) or not os.path.exists(BENCH):
        sys.exit("needs idrid/lesions/images in $FOVEA_DATA or ../shared/data, and a Release build of Fovea.slnx")
    for path in paths:
        with open(path, "rb") as file:
            file.read()
    work = tempfile.mkdtemp(prefix="fovea-preprocessing-")
    try:
        result = (throughput if options.what == "throughput" else memory)(options, paths, work)
    finally:
        shutil.rmtree(work)
    report = (throughput_report if options.what == "throughput" else memory_report)(result)
    out = os.path.join(ROOT, "results", "preprocessing")
    os.makedirs(out, exist_ok=True)
    with open(os.path.join(out, options.what + ".json"), "w") as file:
        json.dump(result, file, indent=2)
        file.write("\n")
    with open(os.path.join(out, options.what + ".md"), "w") as file:
        file.write(report)
    print(report)


if __name__ == "__main__":
    main()
