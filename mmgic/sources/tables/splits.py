"""The split that the name of a file tells: `Train_GCC-training.tsv`, `val/00000.tar`, `cc3m-validation-0000.tar`."""

import re

SPLIT = re.compile(r"[A-Za-z0-9_-]{1,40}")
"""What a split may be called."""

_WORD = re.compile(r"[A-Za-z]+")
_SPLITS = {
    "train": "train",
    "training": "train",
    "val": "val",
    "valid": "val",
    "validation": "val",
    "dev": "val",
    "test": "test",
    "testing": "test",
}


def split_from_name(name: str) -> str:
    """The first word of a path that names a split; `train` where none does."""
    return next((_SPLITS[word] for word in _WORD.findall(name.lower()) if word in _SPLITS), "train")
