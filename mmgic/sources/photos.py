"""Photographs that come inside the scikit-image and scikit-learn wheels, annotated for this project in COCO's layout."""

from collections.abc import Iterator
from importlib.metadata import distribution
from importlib.resources import files

import msgspec
from blake3 import blake3

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.params import FetchParams
from mmgic.schema.records import LostImage, RawRecord
from mmgic.shards.folder import Folder
from mmgic.sources import coco_layout
from mmgic.sources.coco import LAYOUT
from mmgic.sources.raw import RawFolder

_DISTRIBUTION = {"skimage": "scikit-image", "sklearn": "scikit-learn"}


def generate(out: Folder, params: FetchParams, seed: int, limit: int | None) -> Iterator[LedgerLine]:
    """Copies the annotations and the photographs, at most `limit` a split, into COCO's layout below `out`.

    Raises:
        InputError: a photograph is not in the installed wheel.
    """
    notes = files("mmgic.sources") / "data" / "photos" / "annotations"
    for file in sorted(notes.iterdir(), key=lambda file: file.name):
        data = file.read_bytes()
        yield _written(out, f"annotations/{file.name}", data, "Apache-2.0", "mmgic")
        if not file.name.startswith("instances_"):
            continue
        split = file.name.removeprefix("instances_").removesuffix(".json")
        for image in sorted(msgspec.json.decode(data)["images"], key=lambda image: image["id"])[:limit]:
            yield _written(
                out, f"{split}/{image['file_name']}", _photo(image["origin"]), image["license"], image["origin"]
            )


def raw_records(raw: RawFolder) -> Iterator[RawRecord | LostImage]:
    """As `coco` reads them."""
    return coco_layout.raw_records(LAYOUT, raw)


def _photo(origin: str) -> bytes:
    package = origin.split("/", 1)[0]
    path = distribution(_DISTRIBUTION[package]).locate_file(origin)
    try:
        with open(str(path), "rb") as stream:
            return stream.read()
    except FileNotFoundError as error:
        raise InputError(
            "photograph is not in the installed wheel", where=origin, hint="pip install -r requirements.lock"
        ) from error


def _written(out: Folder, name: str, data: bytes, license: str, origin: str) -> LedgerLine:
    out.write(name, data)
    return LedgerLine(name, len(data), blake3(data).hexdigest(), license=license, origin=origin)
