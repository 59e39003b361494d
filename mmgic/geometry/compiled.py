"""Rows of the table of notations, compiled.

Cost: microseconds at a row's first use.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache

import msgspec
import numpy as np
from numpy.typing import ArrayLike, NDArray

from mmgic import _core
from mmgic.errors import InputError, InvalidBox, ParamsError
from mmgic.geometry.arrays import aligned
from mmgic.geometry.notations import Notation, notation
from mmgic.library import require_same_version

require_same_version(_core.__version__)

Name = str | Notation

_HELP = "help(mmgic.geometry.Notation) says what a row holds"


def compiled(row: Notation) -> _core.BoxNotation:
    """A row as the compiled library takes it; made once a row.

    Raises:
        ParamsError: The row makes no sense; what is wrong is named.
    """
    try:
        return _compiled(row)
    except TypeError as error:  # a field that cannot be hashed, so is none that a row has
        raise ParamsError(f'notation "{row.name}": {error}', where="notation", hint=_HELP) from None


@cache
def _compiled(row: Notation) -> _core.BoxNotation:
    fields = msgspec.structs.asdict(row)
    try:
        # A row that was made in Python was not checked before.
        msgspec.convert(fields, Notation, strict=True)
    except msgspec.ValidationError as error:
        raise ParamsError(f'notation "{row.name}": {error}', where="notation", hint=_HELP) from None
    return _core.BoxNotation({**fields, "ignored": list(row.ignored)})


def row_of(name: Name) -> Notation:
    """The row of a name, or the row itself."""
    return notation(name) if isinstance(name, str) else name


def picture_sizes(row: Notation, sizes_px: ArrayLike | None) -> NDArray[np.uint32] | None:
    """Sizes as (K, 2), width and height; none where the notation needs none."""
    if row.rule != "pixels":
        return None
    if sizes_px is None:
        raise ParamsError(f"{row.name} counts pixels", where="sizes_px", hint="give sizes_px, width and height")
    sizes = np.asarray(sizes_px)
    if sizes.ndim == 1:
        sizes = sizes[None, :]
    if sizes.ndim != 2 or sizes.shape[1] != 2 or not np.issubdtype(sizes.dtype, np.integer):
        raise InvalidBox(f"sizes of shape {sizes.shape}, {sizes.dtype}", where="sizes_px", hint="whole numbers (n, 2)")
    if sizes.size and (sizes.min() < 1 or sizes.max() > 2**20):
        raise InvalidBox(
            "a picture's side is not 1 to 1,048,576", where="sizes_px", hint="give width and height in pixels"
        )
    return aligned(sizes, np.uint32)


def str_list(values: Sequence[str], name: str) -> list[str]:
    """Texts or labels as a list; that each is a ``str`` is for the compiled library to find out.

    Raises:
        InputError: They are one text, whose characters would be taken for texts, or no sequence.
    """
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise InputError(f"{name} are one {type(values).__name__}", where=name, hint="give a list of str")
    return values if isinstance(values, list) else list(values)


def whole_numbers(values: ArrayLike, name: str) -> NDArray[np.int64]:
    """Starts or numbers as (K,) int64.

    Raises:
        InvalidBox: They are no row of whole numbers.
    """
    numbers = np.asarray(values)
    if numbers.ndim != 1 or (numbers.size and not np.issubdtype(numbers.dtype, np.integer)):
        raise InvalidBox(
            f"{name} of shape {numbers.shape}, {numbers.dtype}", where=name, hint="give a row of whole numbers"
        )
    return aligned(numbers, np.int64)
