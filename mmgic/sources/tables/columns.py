"""What the columns of a table hold, and the fields of a row.

Columns are known by their names (`data/columns.toml`), by what `fetch.columns` says, or, without names, because there are two
of them and one is a URL.
"""

import math
import re
import tomllib
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.resources import files

import msgspec

from mmgic.errors import InputError
from mmgic.schema.params import ColumnRole, Columns
from mmgic.schema.records import Caption
from mmgic.sources.tables.cells import Cells, Fault
from mmgic.sources.tables.splits import SPLIT
from mmgic.sources.tables.texts import clean_text

_SINGLE: tuple[ColumnRole, ...] = ("url", "file", "id", "license", "split")
"""Roles of single texts."""

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
    """Numbers of the columns that a table has: of single texts by role, of captions with what they are said to come from, of
    width and height, and of the first caption's score."""

    texts: Sequence[tuple[ColumnRole, int]]
    captions: Sequence[tuple[int, str]]
    size: tuple[int, int] | None
    score: int | None

    def fields(self, values: Sequence[object]) -> Fields | Fault:
        """The fields of a row, or why it is lost."""
        found: dict[str, str] = {}
        for role, number in self.texts:
            text = _text(role, values[number])
            if isinstance(text, Fault):
                return text
            found[role] = text
        captions: dict[str, Caption] = {}
        for place, (number, origin) in enumerate(self.captions):
            score = _score(values[self.score]) if self.score is not None and not place else None
            fault = _add_captions(captions, values[number], origin, score)
            if fault:
                return fault
        if found.get("split") and not SPLIT.fullmatch(found["split"]):
            return Fault("bad_split", f"split is not a plain word: {found['split'][:80]!r}")
        if found.get("license") == "?":  # LAION's word for none
            found["license"] = ""
        size = (_side(values[self.size[0]]), _side(values[self.size[1]])) if self.size else (0, 0)
        return Fields(
            found.get("url", ""),
            found.get("file", ""),
            list(captions.values()),
            found.get("id", ""),
            found.get("license", ""),
            found.get("split", ""),
            size if min(size) > 0 else (0, 0),
        )


def _text(role: ColumnRole, value: object) -> str | Fault:
    if isinstance(value, str):
        return value.strip()
    if value is None or _is_nan(value):
        return ""
    if role == "id" and isinstance(value, (int, float)) and not isinstance(value, bool) and abs(value) < _MAX_ID:
        return str(int(value))
    return Fault("wrong_type", f"{role} is {type(value).__name__}, not a text")


def _add_captions(captions: dict[str, Caption], value: object, origin: str, score: float | None) -> Fault | None:
    """Adds what a column holds, each text once, or says why the row is lost."""
    if value is None or _is_nan(value):
        return None
    texts = [value] if isinstance(value, str) else value
    if not isinstance(texts, list) or not all(isinstance(text, str) for text in texts):
        return Fault("wrong_type", f"a caption is {type(value).__name__}, not a text or a list of texts")
    for text in map(clean_text, texts):
        if text and text not in captions:
            captions[text] = Caption(text, origin, score)
    return None


def _score(value: object) -> float | None:
    number = _number(value)
    return number if number is not None and math.isfinite(number) else None


def _side(value: object) -> int:
    number = _number(value)
    return int(number) if number is not None and 0 < number < _MAX_SIDE_PX else 0


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
    captions = dict.fromkeys(numbers.get("caption", []), source)
    for number in numbers.get("model_caption", []):
        captions.setdefault(number, f"{source}/{names[number].strip() if names else number}")
    texts = [(role, numbers[role][0]) for role in _SINGLE if role in numbers]
    size = (numbers["width"][0], numbers["height"][0]) if numbers.keys() >= {"width", "height"} else None
    score = numbers["score"][0] if numbers.keys() >= {"score", "caption"} else None
    return Layout(texts, list(captions.items()), size, score)


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
