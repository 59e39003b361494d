"""Writes a set in COCO's layout that `tokenize` is timed on: photograph mosaics, each with a caption and eight boxes.

Pictures are those of `benchmarks.images` (sizes, qualities, sampling, scans) with other contents; boxes are squares inside the
central square, of eight labels, 0.12 to 0.65 of its side, and all become regions. Equal packages give equal bytes. Cost: 40 ms
a picture.
"""

import json
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.images.make_images import SIZES, jpeg, mosaic, photographs
from benchmarks.images.samples import main_and_region_crops

RECIPE = 1
LABELS = ("boat", "bird", "chair", "dog", "flower", "house", "lamp", "rocket")
SEED = 20260102


def make_set(folder: Path, count: int) -> Path:
    """Writes `count` pictures and their annotations, unless they are there already; returns the folder."""
    made_by = {"recipe": RECIPE, "count": count}
    note = folder / "made_by.json"
    if note.exists() and json.loads(note.read_text()) == made_by:
        return folder
    for name in ("annotations", "train"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    rng, photos = np.random.default_rng(SEED), photographs()
    images: list[dict[str, Any]] = []
    boxes: list[dict[str, Any]] = []
    captions: list[dict[str, Any]] = []
    for number in range(count):
        width, height = SIZES[number % len(SIZES)]
        name = f"{number:06d}.jpg"
        (folder / "train" / name).write_bytes(jpeg(mosaic(rng, photos, width, height), number))
        images.append({"id": number, "file_name": name, "width": width, "height": height})
        for label, (x0, y0, x1, y1) in enumerate(main_and_region_crops(width, height, number)[1:].tolist()):
            box = [x0, y0, x1 - x0, y1 - y0]
            boxes.append({"id": len(boxes), "image_id": number, "category_id": label, "bbox": box, "iscrowd": 0})
        captions.append({"id": number, "image_id": number, "caption": f"Picture {number}, pieces of photographs."})
    categories = [{"id": number, "name": name} for number, name in enumerate(LABELS)]
    for what, tree in (
        ("instances", {"images": images, "annotations": boxes, "categories": categories}),
        ("captions", {"images": images, "annotations": captions}),
    ):
        (folder / "annotations" / f"{what}_train.json").write_text(json.dumps(tree))
    note.write_text(json.dumps(made_by))
    return folder
