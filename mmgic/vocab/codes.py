"""Visual codes of record shards, kept in a cache outside DVC's outputs, so that another recipe re-uses them.

One file a record shard and visual tokenizer: `<cache>/<version>-<tokenizer digest>/<shard hash>.codes.zst`. It holds the
codes of every crop that was ever asked for; asking for more reads the shard once, decodes each picture once for all its
crops, and rewrites the file whole. A cache file that cannot be read is made anew. Memory is a batch of pictures and the
shard's codes.
"""

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice

import msgspec
import numpy as np
import zstandard

import mmgic
from mmgic.images import MAX_PIXELS, DecodeMode, PictureStatus, Reading, decode_crops
from mmgic.schema.manifests import ShardEntry
from mmgic.schema.records import Box, Record
from mmgic.shards.folder import Folder
from mmgic.shards.records import read_record_shard
from mmgic.vocab.visual import Codes, Pixels, VisualTokenizer

CropKey = tuple[str, Box]
"""A record's key and a crop in its upright pixels."""

_BATCH = 32
_MAX_BYTES = 1 << 32


class _Line(msgspec.Struct, frozen=True, array_like=True):
    key: str
    crop_xyxy_px: Box
    codes: bytes


def codes_of_shard(
    wanted: Iterable[CropKey],
    shard: ShardEntry,
    records: Folder,
    visual: VisualTokenizer,
    cache: Folder,
    threads: int,
) -> tuple[dict[CropKey, Codes], dict[str, str]]:
    """Codes of the wanted crops, and for records whose picture cannot be decoded the cause.

    Raises:
        InputError: the record shard is not what its manifest says.
    """
    folder = cache / f"{mmgic.__version__}-{visual.digest[:32]}"
    name = f"{shard.blake3[:32]}.codes.zst"
    known = _read(folder, name)
    missing: dict[str, list[Box]] = {}
    for key, crop in wanted:
        if (key, crop) not in known:
            missing.setdefault(key, []).append(crop)
    failed: dict[str, str] = {}
    if missing:
        for crops, images, statuses in decoded_crops(
            read_record_shard(records, shard), missing, visual.side_px, visual.decode, threads
        ):
            codes_BN = visual.codes_from_images(images)
            for crop_key, codes, status in zip(crops, codes_BN, statuses, strict=True):
                if PictureStatus(status).has_pixels:
                    known[crop_key] = codes
                else:
                    failed[crop_key[0]] = PictureStatus(status).name.lower()
        _write(folder, name, known)
    return known, failed


def decoded_crops(
    records: Iterable[tuple[Record, bytes]],
    crops: Mapping[str, list[Box]],
    side_px: int,
    mode: DecodeMode,
    threads: int,
) -> Iterator[tuple[list[CropKey], Pixels, list[int]]]:
    """Batches of crop keys, pictures (M, side_px, side_px, 3) and statuses, for the records that `crops` names.

    Where the mode lets crops of one picture share a scale, all of the record's go with those asked for: so the pixels of
    a crop do not depend on which others were asked for with it.
    """
    needed = ((record, data) for record, data in records if record.key in crops)
    while batch := list(islice(needed, _BATCH)):
        together = [crops[record.key] if mode == "exact" else _all_crops(record, crops) for record, _ in batch]
        # The records' pictures passed the limit of `normalize`, which may be above the library's own.
        limit = max(MAX_PIXELS, *(record.width_px * record.height_px for record, _ in batch))
        images, statuses = decode_crops(
            [data for _, data in batch],
            [np.array(boxes, dtype=np.float64).reshape(-1, 4) for boxes in together],
            side=side_px,
            mode=mode,
            reading=Reading(max_pixels=limit),
            threads=threads,
        )
        keys = [(record.key, box) for (record, _), boxes in zip(batch, together, strict=True) for box in boxes]
        asked = [number for number, (key, box) in enumerate(keys) if box in crops[key]]
        if len(asked) < len(keys):
            keys, images, statuses = [keys[number] for number in asked], images[asked], statuses[asked]
        yield keys, images, statuses.tolist()


def _all_crops(record: Record, crops: Mapping[str, list[Box]]) -> list[Box]:
    own = [record.crop_xyxy_px, *(region.crop_xyxy_px for region in record.regions)]
    return list(dict.fromkeys([*own, *crops[record.key]]))


def _read(folder: Folder, name: str) -> dict[CropKey, Codes]:
    if not folder.exists(name):
        return {}
    data = folder.read(name)
    try:
        if not 0 <= zstandard.frame_content_size(data) <= _MAX_BYTES:
            return {}
        data = zstandard.ZstdDecompressor().decompress(data)
        lines = msgspec.msgpack.decode(data, type=list[_Line])
    except (zstandard.ZstdError, msgspec.MsgspecError):
        return {}
    return {(line.key, line.crop_xyxy_px): np.frombuffer(line.codes, "<u2") for line in lines}


def _write(folder: Folder, name: str, known: Mapping[CropKey, Codes]) -> None:
    lines = [
        _Line(key, crop, codes.astype("<u2").tobytes())
        for (key, crop), codes in sorted(known.items(), key=lambda i: i[0])
    ]
    folder.write(name, zstandard.ZstdCompressor(level=3).compress(msgspec.msgpack.encode(lines)))
