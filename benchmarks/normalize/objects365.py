"""Writes an annotation file in the layout of Objects365 v2 of about any size. Equal sizes give equal bytes.

Sizes and numbers are drawn as the published file has them on average: 1,742,289 pictures with 25.4 million boxes (public
pages), so 14.6 boxes a picture. Cost: 25 MB a second.
"""

import json
from pathlib import Path

import numpy as np

_BATCH = 2_000
_CATEGORIES = 365
_BYTES_AN_IMAGE = 2_550
"""Of the whole file, with its boxes: measured on a file of this module."""


def write_annotations(path: Path, num_bytes: int) -> tuple[int, int]:
    """Writes the file, in pieces; returns how many pictures and boxes it has."""
    count = max(1, num_bytes // _BYTES_AN_IMAGE)
    rng = np.random.default_rng(20260101)
    per_image = rng.poisson(14.6, count)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8") as stream:
        categories = [{"id": number + 1, "name": f"Category {number + 1}"} for number in range(_CATEGORIES)]
        stream.write('{"categories": ' + json.dumps(categories) + ', "images": [')
        for number in range(count):
            name = f"images/v1/patch{number % 51}/objects365_v1_{number:08d}.jpg"
            image = {"id": number, "file_name": name, "width": 768, "height": 512, "license": 1, "url": ""}
            stream.write((", " if number else "") + json.dumps(image))
        stream.write('], "annotations": [')
        written = 0
        for start in range(0, count, _BATCH):
            images = np.repeat(np.arange(start, min(count, start + _BATCH)), per_image[start : start + _BATCH])
            corners = rng.uniform(0, 400, (len(images), 2)).round(6)
            sides = rng.uniform(4, 110, (len(images), 2)).round(6)
            labels = rng.integers(1, _CATEGORIES + 1, len(images))
            rows = zip(images.tolist(), corners.tolist(), sides.tolist(), labels.tolist(), strict=True)
            for image_id, (x, y), (width, height), label in rows:
                box = {
                    "id": written,
                    "iscrowd": 0,
                    "isfake": 0,
                    "area": width * height,
                    "isreflected": 0,
                    "bbox": [x, y, width, height],
                    "image_id": image_id,
                    "category_id": label,
                }
                stream.write((", " if written else "") + json.dumps(box))
                written += 1
        stream.write("]}")
    return count, int(per_image.sum())
