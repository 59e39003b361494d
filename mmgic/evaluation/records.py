"""The held-out records that an evaluation asks about, with the codes and pixels of their main crops and regions."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from mmgic.errors import InputError
from mmgic.images import PictureStatus
from mmgic.schema.documents import ImagePart
from mmgic.schema.manifests import Manifest
from mmgic.schema.records import Box, Record
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import limited
from mmgic.shards.records import read_record_shard
from mmgic.vocab.codes import CropKey, decoded_crops
from mmgic.vocab.encode import CodesOf
from mmgic.vocab.visual import Codes, Pixels, VisualTokenizer


@dataclass(frozen=True)
class HeldOut:
    """Records with the codes (N,) of each crop, and the pixels (H, W, 3) of the first main crops."""

    records: list[Record]
    codes: Mapping[CropKey, Codes]
    pixels: Mapping[str, Pixels]

    def codes_of(self, key: str) -> CodesOf:
        """Codes of the image parts of a record."""

        def find(part: ImagePart) -> Codes:
            return self.codes[key, part.crop_xyxy_px]

        return find


def held_out(
    folder: Folder, manifest: Manifest, split: str, limit: int, visual: VisualTokenizer, threads: int, num_pixels: int
) -> HeldOut:
    """The first `limit` records of a split; pixels are kept of the first `num_pixels`.

    Raises:
        InputError: the split has no records, two have one key, or a picture cannot be decoded.
    """
    cuts = limited([shard for shard in manifest.shards if shard.split == split], limit)
    if not cuts:
        splits = sorted({shard.split for shard in manifest.shards})
        raise InputError(
            f"no records of split `{split}`", where=folder.url, hint=f"eval.split is one of: {', '.join(splits)}"
        )
    pairs = [pair for cut in cuts for pair in cut.of(read_record_shard(folder, cut.entry))]
    keys_seen = Counter(record.key for record, _ in pairs)
    if repeated := [key for key, count in keys_seen.items() if count > 1]:
        raise InputError(f"{len(repeated)} keys stand for several records, {repeated[0]} first", where=folder.url)
    crops: dict[str, list[Box]] = {
        record.key: list(dict.fromkeys([record.crop_xyxy_px, *(region.crop_xyxy_px for region in record.regions)]))
        for record, _ in pairs
    }
    codes: dict[CropKey, Codes] = {}
    pixels: dict[str, Pixels] = {}
    for keys, images, statuses in decoded_crops(pairs, crops, visual.side_px, visual.decode, threads):
        for key, image, code, status in zip(keys, images, visual.codes_from_images(images), statuses, strict=True):
            if not PictureStatus(status).has_pixels:
                raise InputError(f"picture of {key[0]}: {PictureStatus(status).name.lower()}", where=folder.url)
            codes[key] = code
            if len(pixels) < num_pixels:
                pixels.setdefault(key[0], image)
    return HeldOut([record for record, _ in pairs], codes, pixels)
