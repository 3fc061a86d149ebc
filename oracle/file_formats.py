#!/usr/bin/env python3
"""Writes oracle/fixtures/files: small weights and array files by PyTorch and NumPy, with the values a reader must find.

Run with Debian's python3-torch (1.13) and python3-numpy (1.24): /usr/bin/python3 oracle/file_formats.py
NAME.pth is what is read; NAME.npz holds the expected arrays (bfloat16 as the int16 of the same bits).
"""
import json
import os
import pathlib
import struct
from collections import OrderedDict

import numpy
import torch

OUT = pathlib.Path(__file__).parent / "fixtures" / "files"


def expected(tensors):
    arrays = {}
    for name, t in tensors.items():
        t = t.detach().contiguous()
        arrays[name] = (t.view(torch.int16) if t.dtype == torch.bfloat16 else t).numpy()
    return arrays


def save(name, content, tensors, **options):
    torch.save(content, OUT / f"{name}.pth", **options)
    numpy.savez(OUT / f"{name}.npz", **expected(tensors))


def checkpoints():
    torch.manual_seed(1)
    net = torch.nn.Sequential(torch.nn.Conv2d(3, 4, 3), torch.nn.BatchNorm2d(4), torch.nn.Linear(4, 2))
    save("plain", net.state_dict(), net.state_dict())
    save("protocol4", net.state_dict(), net.state_dict(), pickle_protocol=4)
    save("parameters", OrderedDict(net.named_parameters()), dict(net.named_parameters()))

    base = torch.arange(24, dtype=torch.float32).reshape(2, 3, 4)
    tied = torch.arange(6, dtype=torch.float32)
    views = {
        "transposed": base.transpose(0, 2),
        "channels_last": torch.arange(48, dtype=torch.float32).reshape(1, 3, 4, 4).contiguous(memory_format=torch.channels_last),
        "slice": base[1, 1:, 2],
        "step": base[:, ::2, 1::2],
        "row": base[1],
        "expanded": torch.tensor([7.0, 8.0]).reshape(2, 1).expand(2, 5),
        "empty": torch.empty(0, 3),
        "scalar": torch.tensor(2.5),
        "tied_a": tied,
        "tied_b": tied,
    }
    save("views", views, views)

    values = [0.0, 1.0, -2.5, 3.25, 60000.0]
    types = {str(d).split(".")[1]: torch.tensor(values, dtype=d)
             for d in (torch.float16, torch.bfloat16, torch.float32, torch.float64)}
    types.update({str(d).split(".")[1]: torch.tensor([0, 1, -2, 100], dtype=d)
                  for d in (torch.int8, torch.int16, torch.int32, torch.int64)})
    types["uint8"] = torch.tensor([0, 1, 255], dtype=torch.uint8)
    types["bool"] = torch.tensor([True, False, True])
    types["nan"] = torch.tensor([1.0, float("nan"), float("inf")])
    save("types", types, types)

    optimiser = torch.optim.Adam(net.parameters())
    net[2](torch.ones(4)).sum().backward()
    optimiser.step()
    wrapped = OrderedDict(("module." + k, v) for k, v in net.state_dict().items())
    save("checkpoint", {"epoch": 3, "arch": "tiny", "best_acc1": torch.tensor(0.7), "loss": 0.25, "seen": 10**30, "none": None, "on": True,
                        "shape": torch.Size([1, 2]), "device": torch.device("cpu"), "history": [1, 2.5, "x", (1,)],
                        "state_dict": wrapped, "optimizer": optimiser.state_dict()}, net.state_dict())
    save("model_key", {"model": {"state_dict": net.state_dict()}}, net.state_dict())

    torch.save(net[2].state_dict(), OUT / "legacy.pth", _use_new_zipfile_serialization=False)
    torch.save(net[2], OUT / "whole_module.pth")
    torch.save({"epoch": 1, "lr": 0.1}, OUT / "no_tensors.pth")
    torch.save([1, 2, 3], OUT / "list.pth")
    torch.jit.script(net[2]).save(str(OUT / "torchscript.pth"))

    class Evil:
        def __reduce__(self):
            return os.system, ("touch fovea-was-here",)

    torch.save({"weight": torch.ones(2), "x": Evil()}, OUT / "malicious.pth")
    torch.save({"weight": torch.ones(2), "x": Evil()}, OUT / "malicious4.pth", pickle_protocol=4)


def arrays():
    a = numpy.arange(24, dtype="<f4").reshape(2, 3, 4)
    numpy.save(OUT / "row_major.npy", a)
    numpy.save(OUT / "fortran.npy", numpy.asfortranarray(a))
    numpy.save(OUT / "big_endian.npy", a.astype(">f4"))
    numpy.save(OUT / "scalar.npy", numpy.float64(2.5))
    numpy.save(OUT / "vector.npy", numpy.arange(5, dtype="<i8"))
    numpy.save(OUT / "long_header.npy", numpy.zeros((1,) * 20 + (2,), dtype="|u1"))
    for version in ((2, 0), (3, 0)):
        with open(OUT / f"version{version[0]}.npy", "wb") as f:
            numpy.lib.format.write_array(f, a, version=version)
    numpy.save(OUT / "objects.npy", numpy.array([{"a": 1}, None], dtype=object), allow_pickle=True)
    numpy.save(OUT / "structured.npy", numpy.zeros(2, dtype=[("x", "<f4"), ("y", "<i4")]))
    numpy.save(OUT / "complex.npy", numpy.zeros(2, dtype="<c8"))
    types = {d: numpy.array([0, 1, 3], dtype=d) for d in ("u1", "i1", "i2", "i4", "i8", "f2", "f4", "f8", "b1")}
    numpy.savez(OUT / "dtypes.npz", **types)
    numpy.savez_compressed(OUT / "dtypes_compressed.npz", **types)


def safetensors():
    """The reference implementation's layout: by type (I64 > F64 > F32 > ... > BOOL), then by name; header padded to 8 bytes."""
    tensors = [
        ("steps", "I64", [], struct.pack("<q", 7)),
        ("a.weight", "F32", [2, 2], struct.pack("<4f", 1, 2, 3, 4)),
        ("b.bias", "F32", [0], b""),
        ("b.weight", "F32", [1], struct.pack("<f", -1.5)),
        ("h", "BF16", [2], struct.pack("<2H", 0x3F80, 0x4000)),
        ("mask", "BOOL", [3], b"\x01\x00\x01"),
    ]
    header, data = {"__metadata__": {"source": "made \"here\""}}, b""
    for name, dtype, shape, raw in tensors:
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    (OUT / "reference.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + data)


if __name__ == "__main__":
    OUT.mkdir(parents=True, exist_ok=True)
    checkpoints()
    arrays()
    safetensors()
