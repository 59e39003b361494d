"""Generated pictures of shapes as tars of `<key>.png` + `<key>.json`: a learnable world and a load generator of any size.

Equal seed and sizes give equal bytes. `scenery` draws; this file writes and reads the tars, `_PER_TAR` scenes each, so that
a million pictures are a few hundred files.
"""

from collections.abc import Iterator
from typing import IO, cast

import msgspec

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.params import FetchParams
from mmgic.schema.records import Caption, Label, PictureRef, RawBox, RawRecord
from mmgic.shards.folder import Folder
from mmgic.shards.tars import tar_members, tar_writer
from mmgic.sources.raw import RawFolder
from mmgic.sources.scenery import DESCRIPTIONS, Scene, png_from_pixels, scene

_PER_TAR = 4096


def generate(out: Folder, params: FetchParams, seed: int, limit: int | None) -> Iterator[LedgerLine]:
    """Draws the scenes of both splits, at most `limit` each, into tars below `out`."""
    for split, wanted in (("train", params.scenes.train), ("val", params.scenes.val)):
        count = wanted if limit is None else min(wanted, limit)
        for start in range(0, count, _PER_TAR):
            name = f"{split}-{start // _PER_TAR:05d}.tar"
            numbers = range(start, min(start + _PER_TAR, count))
            with out.writing(name) as stream:
                with tar_writer(stream) as add:
                    for number in numbers:
                        content, pixels = scene(seed, split, number, params.scenes.side_px)
                        add(f"{split}-{number:08d}.png", png_from_pixels(pixels))
                        add(f"{split}-{number:08d}.json", msgspec.json.encode(content))
                entry = stream.entry(name, split, len(numbers))
            yield LedgerLine(
                name, entry.num_bytes, entry.blake3, license="CC0-1.0", origin=f"generated with seed {seed}"
            )


def raw_records(raw: RawFolder) -> Iterator[RawRecord]:
    """The scenes in order of split and number.

    Raises:
        InputError: a tar changed since it was made, or is not a pair of files a scene.
    """
    decoder = msgspec.json.Decoder(Scene)
    for path in raw.paths(suffix=".tar"):
        split = path.rpartition("/")[2].partition("-")[0]
        with raw.open(path) as stream:
            picture_name, picture = "", PictureRef("")
            for name, offset, data in tar_members(cast(IO[bytes], stream)):
                stem, _, extension = name.rpartition(".")
                if extension == "png":
                    picture_name, picture = stem, PictureRef(path, offset, len(data))
                elif stem != picture_name:
                    raise InputError(f"{name} does not follow its picture", where=raw.folder.file(path))
                else:
                    yield _record(stem, split, picture, decoder.decode(data))


def _record(stem: str, split: str, picture: PictureRef, content: Scene) -> RawRecord:
    boxes = [
        RawBox(
            Label(f"scenes:{item.label.replace(' ', '-')}", item.label, DESCRIPTIONS[item.label]),
            (
                float(item.box_xyxy_px[0]),
                float(item.box_xyxy_px[1]),
                float(item.box_xyxy_px[2]),
                float(item.box_xyxy_px[3]),
            ),
        )
        for item in content.objects
    ]
    return RawRecord(
        key=f"scenes-{stem}",
        source="scenes",
        split=split,
        picture=picture,
        captions=[Caption(text, "scenes") for text in content.captions],
        boxes=boxes,
        license="CC0-1.0",
    )
