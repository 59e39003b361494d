"""Generated pictures of shapes: a learnable world and a load generator of any size.

`<split>-00000.tar` holds `_PER_TAR` pictures, `<split>-00000.jsonl.zst` a line for each: what it shows, and the place and hash
of its bytes. So that a million pictures are a few hundred files, and are listed without reading them. Equal seed and sizes give
equal bytes. `scenery` draws; this file writes and reads.
"""

from collections.abc import Iterator

import msgspec
from blake3 import blake3

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine, ShardEntry
from mmgic.schema.params import FetchParams
from mmgic.schema.records import Box, Caption, Label, PictureRef, RawBox, RawRecord
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines, write_lines
from mmgic.shards.tars import tar_writer
from mmgic.sources.raw import RawFolder
from mmgic.sources.scenery import DESCRIPTIONS, Scene, SceneObject, png_from_pixels, scene

_PER_TAR = 4096
_LICENSE = "CC0-1.0"


class _Line(msgspec.Struct, frozen=True):
    number: int
    scene: Scene
    offset: int
    num_bytes: int
    blake3: str


def generate(out: Folder, params: FetchParams, seed: int, limit: int | None) -> Iterator[LedgerLine]:
    """Draws the scenes of both splits, at most `limit` each, into tars below `out`, and writes their lines."""
    for split, wanted in (("train", params.scenes.train), ("val", params.scenes.val)):
        count = wanted if limit is None else min(wanted, limit)
        for start in range(0, count, _PER_TAR):
            stem = f"{split}-{start // _PER_TAR:05d}"
            numbers = range(start, min(start + _PER_TAR, count))
            lines: list[_Line] = []
            with out.writing(f"{stem}.tar") as stream:
                with tar_writer(stream) as add:
                    for number in numbers:
                        content, pixels = scene(seed, split, number, params.scenes.side_px)
                        data = png_from_pixels(pixels)
                        place = add(f"{split}-{number:08d}.png", data)
                        lines.append(_Line(number, content, place, len(data), blake3(data).hexdigest()))
                pictures = stream.entry(f"{stem}.tar", split, len(numbers))
            for entry in (pictures, write_lines(out, f"{stem}.jsonl.zst", split, lines)):
                origin = f"generated with seed {seed}"
                yield LedgerLine(entry.name, entry.num_bytes, entry.blake3, license=_LICENSE, origin=origin)


def raw_records(raw: RawFolder) -> Iterator[RawRecord]:
    """The scenes in order of split and number.

    Raises:
        InputError: a file with lines changed since it was made, or its tar is not in the ledger.
    """
    for path in raw.paths(suffix=".jsonl.zst"):
        found = raw.line(path)
        tar = path.removesuffix(".jsonl.zst") + ".tar"
        if found is None or raw.line(tar) is None:
            raise InputError(f"no {tar} in the ledger", where=raw.folder.file(path), hint="fetch the scenes again")
        split = path.rpartition("/")[2].partition("-")[0]
        for line in read_lines(raw.folder, ShardEntry(path, "", 0, found.num_bytes, found.blake3), _Line):
            yield RawRecord(
                key=f"scenes-{split}-{line.number:08d}",
                source="scenes",
                split=split,
                picture=PictureRef(tar, line.offset, line.num_bytes, line.blake3),
                captions=[Caption(text, "scenes") for text in line.scene.captions],
                boxes=[_box(item) for item in line.scene.objects],
                license=_LICENSE,
            )


def _box(item: SceneObject) -> RawBox:
    x1, y1, x2, y2 = item.box_xyxy_px
    box: Box = float(x1), float(y1), float(x2), float(y2)
    return RawBox(Label(f"scenes:{item.label.replace(' ', '-')}", item.label, DESCRIPTIONS[item.label]), box)
