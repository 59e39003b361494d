"""Writes the set of pictures that the benchmarks run on: 32 JPEGs, and of every fourth a PNG and a WebP.

A picture is a mosaic of crops, in their own resolution, of photographs that come inside the scikit-image and scikit-learn
wheels: the bits a pixel stay those of photographs, which enlarging would lower. 640x480 to 1920x1080, qualities 80 to 95,
mostly 4:2:0, four 4:4:4, two progressive. Equal packages give equal bytes. Cost: about ten seconds.

Example: python -m benchmarks.images.make_images .bench/images
"""

import io
import json
import sys
from collections.abc import Iterator
from importlib.metadata import distribution, version
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

Pixels = NDArray[np.uint8]

RECIPE = 1
SEED = 20260101
SIZES = (
    [(640, 480)] * 10
    + [(480, 640)] * 4
    + [(800, 600)] * 4
    + [(1024, 768)] * 6
    + [(1280, 720)] * 4
    + [(1600, 1200)] * 2
    + [(1920, 1080)] * 2
)
QUALITIES = (80, 85, 90, 95)
PHOTOGRAPHS = {
    "scikit-image": [
        f"skimage/data/{name}"
        for name in (
            "astronaut.png",
            "chelsea.png",
            "coffee.png",
            "rocket.jpg",
            "motorcycle_left.png",
            "motorcycle_right.png",
        )
    ],
    "scikit-learn": ["sklearn/datasets/images/china.jpg", "sklearn/datasets/images/flower.jpg"],
}


def photographs() -> list[Pixels]:
    """The photographs (H, W, 3) that mosaics are cut from."""
    return [
        np.asarray(Image.open(str(distribution(package).locate_file(name))).convert("RGB"))
        for package, names in PHOTOGRAPHS.items()
        for name in names
    ]


def mosaic(rng: np.random.Generator, photos: list[Pixels], width: int, height: int) -> Pixels:
    """Tiles of about 360x260 pixels, each cut from some photograph and mirrored half of the time."""
    canvas = np.empty((height, width, 3), np.uint8)
    top = 0
    while top < height:
        tile_height = min(height - top, int(rng.integers(220, 300)))
        left = 0
        while left < width:
            tile_width = min(width - left, int(rng.integers(280, 440)))
            photo = photos[int(rng.integers(len(photos)))]
            if rng.random() < 0.5:
                photo = photo[:, ::-1]
            y = int(rng.integers(0, photo.shape[0] - tile_height + 1))
            x = int(rng.integers(0, photo.shape[1] - tile_width + 1))
            canvas[top : top + tile_height, left : left + tile_width] = photo[y : y + tile_height, x : x + tile_width]
            left += tile_width
        top += tile_height
    return canvas


def jpeg(pixels: Pixels, number: int) -> bytes:
    """The picture as the JPEG that number `number` of the set is: quality, sampling and scans go by the number."""
    stream = io.BytesIO()
    Image.fromarray(pixels).save(
        stream,
        "JPEG",
        quality=QUALITIES[number % len(QUALITIES)],
        subsampling="4:4:4" if number % 8 == 7 else "4:2:0",
        progressive=number % 16 == 5,
    )
    return stream.getvalue()


def pictures() -> Iterator[tuple[str, int, int, bytes]]:
    """Name, width, height and bytes of each file of the set."""
    rng, photos = np.random.default_rng(SEED), photographs()
    for number, (width, height) in enumerate(SIZES):
        pixels = mosaic(rng, photos, width, height)
        yield f"jpg/{number:03d}.jpg", width, height, jpeg(pixels, number)
        if number % 4 == 0:
            for kind, options in (("png", {}), ("webp", {"quality": 85})):
                stream = io.BytesIO()
                Image.fromarray(pixels).save(stream, kind, **options)
                yield f"{kind}/{number:03d}.{kind}", width, height, stream.getvalue()


def make_images(folder: Path) -> Path:
    """Writes the set and `images.json`, unless it is there already; returns the folder."""
    note = folder / "images.json"
    made_by = {"recipe": RECIPE, "pillow": version("pillow"), **{name: version(name) for name in PHOTOGRAPHS}}
    if note.exists() and json.loads(note.read_text())["made_by"] == made_by:
        return folder
    files = []
    for name, width, height, data in pictures():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(data)
        files.append({"path": name, "width": width, "height": height, "bytes": len(data)})
    note.write_text(json.dumps({"made_by": made_by, "files": files}, indent=1) + "\n")
    return folder


if __name__ == "__main__":
    print(make_images(Path(sys.argv[1])))
