"""Lengths of real documents: photos with annotations taken through the project's own stages, fetch to tokenize.

Cost: about ten seconds for a hundred photos.
"""

import shutil
from pathlib import Path

import numpy as np

from benchmarks.engines import Work
from benchmarks.machine import ROOT
from benchmarks.pack.bounds import quick_bound
from benchmarks.pack.lengths import Lengths
from benchmarks.pack.works import REAL, packing_work
from benchmarks.tokenize.stage import Checkout, make_documents, tokenize_arguments
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from mmgic.shards.rows import RowReader

CAPACITY = 2048
_PARAMS = (f"tokenize.row_length={CAPACITY}", "tokenize.visual.side_px=224")


def real_lengths(photos: Path, place: Path) -> Lengths:
    """Lengths (N,) of the documents of all splits, made of `photos` (COCO's layout) below `place` with params.yaml.

    Pictures are 224x224, so 196 tokens; rows are of 2,048.
    """
    checkout = Checkout(ROOT, _PARAMS)
    documents = make_documents(checkout, photos, place, workers=1)
    checkout.run(*tokenize_arguments(documents, place, workers=1, records=1_000_000))
    folder = Folder(str(place / "sequences"))
    entries = read_manifest(folder, "sequences").shards
    lengths = [
        length
        for split in sorted({entry.split for entry in entries if entry.split})
        for row in RowReader(folder, [entry for entry in entries if entry.split == split], verify=False)
        for length in row.lengths
    ]
    shutil.rmtree(place)
    return np.array(lengths, dtype=np.int64)


def real_work(photos: Path, place: Path) -> Work:
    """All packers on these lengths, which are left in `place`."""
    lengths = real_lengths(photos, place / "stages")
    np.save(place / "lengths.npy", lengths)
    arguments = {
        "path": str(place / "lengths.npy"),
        "documents": len(lengths),
        "capacity": CAPACITY,
        "bound": quick_bound(lengths, CAPACITY),
    }
    what = (
        f"{len(lengths)} documents of {photos.name}, {lengths.min()} to {lengths.max()} tokens, to rows of {CAPACITY}"
    )
    return packing_work(REAL, what, arguments, ())
