#!/usr/bin/env python3
"""Writes licence and data into the card of a model file; the weights stay as they are.

    results/card.py MODEL.fovea LICENCE 'NAME|ROLE|IMAGES|LICENCE|SOURCE' ...
"""
import json
import sys
import zipfile

path, licence, *data = sys.argv[1:]
with zipfile.ZipFile(path) as file:
    entries = {name: file.read(name) for name in file.namelist()}
card = json.loads(entries["model.json"])
card["licence"] = licence
card["data"] = [dict(zip(("name", "role", "images", "licence", "source"), line.split("|"))) for line in data]
for entry in card["data"]:
    entry["images"] = int(entry["images"])
entries["model.json"] = json.dumps(card, indent=2, ensure_ascii=False).encode()
with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as file:
    for name, content in entries.items():
        file.writestr(zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0)), content)
