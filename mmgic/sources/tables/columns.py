"""What the columns of a table hold, and the fields of a row.

Columns are known by their names (`data/columns.toml`), by what `fetch.columns` says, or, without names, because there are two
of them and one is a URL.
"""

import math
import re
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from importlib.resources import files
from typing import get_args

import msgspec

from mmgic.errors import InputError
from mmgic.schema.params import ColumnRole, Columns
from mmgic.schema.records import Caption
from mmgic.sources.tables.cells import Cells, Fault
from mmgic.sources.tables.splits import SPLIT
from mmgic.sources.tables.texts import clean_text

ROLES: tuple[ColumnRole, ...] = get_args(ColumnRole)
_ALL: tuple[ColumnRole, ...] = ("caption", "model_caption")
"""Roles that several columns may have at once."""

_URL = re.compile(r"https?://[^\s/?#]", re.IGNORECASE)
_NO_URL = re.compile(r"[\x00-\x1f\x7f]")
_MAX_URL = 8192
_MAX_SIDE_PX = 1_000_000
_MAX_ID = 10**20
_HINT = "name the columns in params fetch.columns, as {SOURCE: {url: 1, caption: 0}}"


def aliases() -> dict[ColumnRole, list[str]]:
    """Names that columns of each role have, in lower case, the best first."""
    text = (files("mmgic.sources") / "data" / "columns.toml").read_text(encoding="utf-8")
    found: dict[ColumnRole, list[str]] = tomllib.loads(text)  # type: ignore[assignment]
    return found


_ALIASES = aliases()
_NAMES = {name for names in _ALIASES.values() for name in names}


def is_header(cells: Sequence[str]) -> bool:
    """Whether the first row of a table names its columns: one of them at least is known, and none is a URL."""
    names = {cell.strip().lower() for cell in cells}
    return bool(names & _NAMES) and not any(_URL.match(cell) for cell in cells)


class Fields(msgspec.Struct, frozen=True):
    """What a row says. `declared_size_px` is (0, 0) where it says none; texts are empty."""

    url: str = ""
    file: str = ""
    captions: list[Caption] = []
    id: str = ""
    license: str = ""
    split: str = ""
    declared_size_px: tuple[int, int] = (0, 0)


@dataclass(frozen=True)
class Layout:
    """Numbers of the columns of each role; `origins` are what captions of a column are said to come from."""

    columns: Mapping[ColumnRole, Sequence[int]]
    origins: Mapping[int, str]

    def fields(self, values: Sequence[object]) -> Fields | Fault:
        """The fields of a row, or why it is lost."""
        found: dict[ColumnRole, str] = {}
        for role in ("url", "file", "id", "license", "split"):
            text = self._text(role, values)
            if isinstance(text, Fault):
                return text
            found[role] = text
        captions = self._captions(values)
        if isinstance(captions, Fault):
            return captions
        if found["split"] and not SPLIT.fullmatch(found["split"]):
            return Fault("bad_split", f"split is not a plain word: {found['split'][:80]!r}")
        license = found["license"] if found["license"] != "?" else ""  # LAION's word for none
        size = self._side("width", values), self._side("height", values)
        return Fields(
            found["url"],
            found["file"],
            captions,
            found["id"],
            license,
            found["split"],
            size if min(size) > 0 else (0, 0),
        )

    def _value(self, role: ColumnRole, values: Sequence[object]) -> object:
        numbers = self.columns.get(role)
        return values[numbers[0]] if numbers else None

    def _text(self, role: ColumnRole, values: Sequence[object]) -> str | Fault:
        value = self._value(role, values)
        if isinstance(value, str):
            return value.strip()
        if value is None or _is_nan(value):
            return ""
        if role == "id" and isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _MAX_ID:
            return str(int(value))
        return Fault("wrong_type", f"{role} is {type(value).__name__}, not a text")

    def _captions(self, values: Sequence[object]) -> list[Caption] | Fault:
        captions: dict[str, Caption] = {}
        for number, origin in self.origins.items():
            value = values[number]
            if value is None or _is_nan(value):
                continue
            texts = [value] if isinstance(value, str) else value
            if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
                return Fault("wrong_type", f"a caption is {type(value).__name__}, not a text or a list of texts")
            for text in texts:
                clean = clean_text(text)
                if clean and clean not in captions:
                    captions[clean] = Caption(clean, origin, self._score(values, number))
        return list(captions.values())

    def _score(self, values: Sequence[object], number: int) -> float | None:
        if self.columns.get("caption", [-1])[0] != number:
            return None
        value = _number(self._value("score", values))
        return value if value is not None and math.isfinite(value) else None

    def _side(self, role: ColumnRole, values: Sequence[object]) -> int:
        value = _number(self._value(role, values))
        return int(value) if value is not None and 0 < value < _MAX_SIDE_PX else 0


def layout_of(cells: Cells, source: str, columns: Columns, default: Sequence[ColumnRole], where: str) -> Layout:
    """How the columns of a file are to be read.

    Args:
        columns: what `fetch.columns` says of the source.
        default: roles of the columns of a table without names, where they are fixed.

    Raises:
        InputError: it cannot be told which column holds the picture.
    """
    if columns:
        numbers = {role: [_number_of(column, cells, where)] for role, column in columns.items()}
    elif cells.names is None:
        numbers = _guessed(cells, default, where)
    else:
        numbers = _known(cells.names)
    if not numbers.keys() & {"url", "file"}:
        shown = ", ".join(cells.names or ())[:200] or "none"
        raise InputError(f"no column is known to hold URLs or files; columns: {shown}", where=where, hint=_HINT)
    return _layout(numbers, cells.names, source)


def layout_of_names(names: Sequence[str], source: str) -> Layout:
    """How an object with these keys is to be read, which need not name a picture."""
    return _layout(_known(names), names, source)


def _layout(numbers: dict[ColumnRole, list[int]], names: Sequence[str] | None, source: str) -> Layout:
    origins = dict.fromkeys(numbers.get("caption", []), source)
    for number in numbers.get("model_caption", []):
        origins.setdefault(number, f"{source}/{names[number].strip() if names else number}")
    return Layout(numbers, origins)


def _known(names: Sequence[str]) -> dict[ColumnRole, list[int]]:
    lower = [name.strip().lower() for name in names]
    numbers: dict[ColumnRole, list[int]] = {}
    for role, known in _ALIASES.items():
        found = [lower.index(name) for name in known if name in lower]
        if found:
            numbers[role] = found if role in _ALL else found[:1]
    return numbers


def _number_of(column: str | int, cells: Cells, where: str) -> int:
    if isinstance(column, int):
        if column < len(cells.values):
            return column
        raise InputError(f"no column {column}, there are {len(cells.values)}", where=where, hint=_HINT)
    if cells.names and column in cells.names:
        return cells.names.index(column)
    shown = ", ".join(cells.names)[:200] if cells.names else "none has a name"
    raise InputError(f"no column `{column}`; columns: {shown}", where=where, hint=_HINT)


def has_one_url(cells: Cells) -> bool:
    """Whether one value of a row, and no more, is a URL."""
    return len(_urls(cells)) == 1


def _urls(cells: Cells) -> list[int]:
    return [number for number, value in enumerate(cells.values) if isinstance(value, str) and _URL.match(value)]


def _guessed(cells: Cells, default: Sequence[ColumnRole], where: str) -> dict[ColumnRole, list[int]]:
    if len(default) == len(cells.values):
        return {role: [number] for number, role in enumerate(default)}
    urls = _urls(cells)
    if len(cells.values) == 2 and len(urls) == 1:
        return {"url": urls, "caption": [1 - urls[0]]}
    shown = ", ".join(str(value) for value in cells.values)[:200]
    raise InputError(f"the columns have no names and are not URL and caption: {shown}", where=where, hint=_HINT)


def url_fault(url: str) -> Fault | None:
    """Why a URL cannot be asked for, or nothing."""
    if not url:
        return Fault("no_picture", "the row has no URL")
    if len(url) > _MAX_URL or not _URL.match(url) or _NO_URL.search(url):
        return Fault("bad_url", f"{url[:200]!r}")
    return None


def _number(value: object) -> float | None:
    if isinstance(value, bool) or not isinstance(value, (int, float, str)):
        return None
    try:
        return float(value)
    except (ValueError, OverflowError):
        return None


def _is_nan(value: object) -> bool:
    return isinstance(value, float) and math.isnan(value)
