"""The table of notations: one row says how a model writes boxes.

The rows are data (``notations.toml``). A row of your own is a ``Notation`` too and goes wherever a name goes.
Cost: the table is read once, at import; a row is compiled at its first use and kept.
"""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from importlib.resources import files
from types import MappingProxyType
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from mmgic.errors import ParamsError

RuleName = Literal["floor", "round", "decimals", "cells", "pixels"]
Natural = Annotated[int, Meta(ge=0, le=1 << 32)]


class Notation(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """How boxes are written, as text and as numbers.

    A text is ``text`` with its objects joined by ``object_separator``; an object is ``object`` with one label and its
    boxes, each in its own wrapping; boxes are joined by ``box_separator``; a box is ``box`` with its numbers.

    Attributes:
        name: What the notation is called.
        text: Template of a text, holds ``$objects``.
        object: Template of an object, holds ``$label`` and ``$boxes``; with ``json``, an object of JSON.
        object_separator: Stands between two objects.
        label: Template of a label, holds ``$label``.
        boxes: Template of the boxes of one label, holds ``$boxes``.
        box_separator: Stands between two boxes of one label.
        box: Template of a box, holds ``$x0``, ``$y0``, ``$x1``, ``$y1`` in the order in which they are written;
            with the rule ``cells`` it holds ``$first`` and ``$last``.
        several: Boxes that follow one another with one label share it.
        json: Labels are strings of JSON, and texts are read as JSON.
        digits: Numbers are padded with zeros to so many digits.
        ignored: Tokens that are no part of a label; ``<seg*>`` stands for ``<seg`` and digits.
        point: Template of a point, holds ``$x`` before ``$y``, two tokens alike; empty: there are no points and polygons.
        polygons: Template of one of several instances of a label, holds ``$polygons``.
        polygon_separator: Stands between two parts of an instance.
        rule: ``floor``: ``floor(v * bins)``, read as the middle of the bin. ``round``: ``round(v * scale)``, half to even,
            read as ``t / scale``. ``decimals``: the fraction itself. ``cells``: numbers of two cells of a square grid.
            ``pixels``: pixels of the picture as a model resizes it. What is outside is held to the border.
        bins: Numbers are 0 to ``bins - 1``; of ``cells``: cells along a side.
        scale: Of ``round``.
        decimals: Of ``decimals``.
        factor: Of ``pixels``: sides are multiples of it.
        min_pixels: Of ``pixels``: least area.
        max_pixels: Of ``pixels``: largest area.
        error_bound: Numerator and denominator of the most that a corner moves when it is written and read, as a fraction
            of the side; of ``pixels``: in pixels of the resized picture.
        source: Repository and file that the rule was read in.
        note: What no source says, and traps.
    """

    name: str
    text: str = "$objects"
    object: str
    object_separator: str = ""
    label: str = "$label"
    boxes: str = "$boxes"
    box_separator: str = ""
    box: str
    several: bool = False
    json: bool = False
    digits: Annotated[int, Meta(ge=0, le=9)] = 0
    ignored: tuple[str, ...] = ()
    point: str = ""
    polygons: str = ""
    polygon_separator: str = ""
    rule: RuleName
    bins: Natural = 0
    scale: float = 0.0
    decimals: Natural = 0
    factor: Natural = 0
    min_pixels: Natural = 0
    max_pixels: Natural = 0
    error_bound: tuple[float, float]
    source: str
    note: str = ""

    @property
    def bound(self) -> float:
        """The most that a corner moves, as a fraction of the side (``pixels``: in resized pixels)."""
        return self.error_bound[0] / self.error_bound[1]


def _table() -> Mapping[str, Notation]:
    text = files("mmgic.geometry").joinpath("notations.toml").read_bytes()
    rows = msgspec.toml.decode(text, type=dict[str, dict[str, object]])
    try:
        return MappingProxyType({name: msgspec.convert({"name": name, **row}, Notation) for name, row in rows.items()})
    except msgspec.ValidationError as error:
        raise ParamsError(f"the table of notations is broken: {error}", where="mmgic/geometry/notations.toml") from None


NOTATIONS: Mapping[str, Notation] = _table()


def notation(name: str) -> Notation:
    """The row of that name.

    Raises:
        ParamsError: There is none; the hint names the nearest.
    """
    if name in NOTATIONS:
        return NOTATIONS[name]
    near = difflib.get_close_matches(name, NOTATIONS, n=1, cutoff=0.4)
    hint = f"did you mean {near[0]}? " if near else ""
    raise ParamsError(f'unknown notation "{name}"', where="notation", hint=f"{hint}known are {', '.join(NOTATIONS)}")
