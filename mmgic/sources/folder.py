"""A folder of pictures with captions in a side file: `captions.jsonl` or `captions.tsv`.

JSON lines: `{"file": "a/b.jpg", "caption": "..."}` or `"captions": [...]`, with optional `split`, `license` and `origin`.
TSV: file, tab, caption; a file may stand on several lines. Without a split all goes to `train`. Empty lines are passed over.
"""

import re
from collections import Counter
from collections.abc import Iterator

import msgspec

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.records import Caption, RawRecord
from mmgic.shards.folder import Folder, is_safe_name
from mmgic.sources.raw import RawFolder, key_from_file

_SPLIT = re.compile(r"[A-Za-z0-9_-]+")
_SIDE_FILES = ("captions.jsonl", "captions.tsv")


class _Line(msgspec.Struct):
    file: str
    caption: str = ""
    captions: list[str] = []
    split: str = "train"
    license: str = ""
    origin: str = ""


def local_files(origin: Folder) -> Iterator[str]:
    """The side file.

    Raises:
        InputError: there is none.
    """
    yield _side_file(origin)


def local_pictures(origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
    """The pictures that the side file names: the first `limit` of each split.

    Raises:
        InputError: a line is not of its format.
    """
    name = _side_file(origin)
    taken: Counter[str] = Counter()
    for line in _merged(origin.read(name), origin.file(name)):
        taken[line.split] += 1
        if limit is None or taken[line.split] <= limit:
            yield LedgerLine(line.file, license=line.license, origin=line.origin)


def _side_file(origin: Folder) -> str:
    name = next((name for name in _SIDE_FILES if origin.exists(name)), "")
    if not name:
        raise InputError(
            f"no {' or '.join(_SIDE_FILES)}", where=origin.url, hint="one line a picture: file and caption"
        )
    return name


def raw_records(raw: RawFolder) -> Iterator[RawRecord]:
    """The pictures in the order of the side file.

    Raises:
        InputError: the side file is missing, changed, or a line is not of its format.
    """
    path = next((path for path in raw.paths() if path.removeprefix(f"{raw.source}/") in _SIDE_FILES), "")
    if not path:
        raise InputError(f"no {' or '.join(_SIDE_FILES)} in the ledger", where=raw.folder.file(raw.source))
    lines = _merged(raw.read(path), raw.folder.file(path))
    for line in lines:
        yield RawRecord(
            key=key_from_file(raw.source, line.file),
            source=raw.source,
            split=line.split,
            picture=raw.picture(f"{raw.source}/{line.file}"),
            captions=[Caption(text, raw.source) for text in line.captions],
            boxes=[],
            license=line.license,
            origin=line.origin,
        )


def _merged(data: bytes, where: str) -> list[_Line]:
    """One line a picture, in the order of its first mention, with all its captions."""
    by_file: dict[str, _Line] = {}
    for at, line in _lines(data, where):
        if not is_safe_name(line.file):
            raise InputError(f"file name leaves the folder: {line.file!r}", where=at)
        if not _SPLIT.fullmatch(line.split):
            raise InputError(
                f"split is not a plain word: {line.split!r}", where=at, hint="letters, digits, `_` and `-`"
            )
        captions = [" ".join(text.split()) for text in (line.caption, *line.captions) if text.strip()]
        if line.file in by_file:
            by_file[line.file].captions.extend(captions)
        else:
            by_file[line.file] = msgspec.structs.replace(line, caption="", captions=captions)
    return list(by_file.values())


def _lines(data: bytes, where: str) -> Iterator[tuple[str, _Line]]:
    """Each line with its place. Only line feeds end one: JSON may hold other separators of Unicode as they are."""
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"not UTF-8: {error}", where=where) from error
    for number, line in enumerate(text.split("\n"), start=1):
        if line.strip():
            at = f"{where}, line {number}"
            yield at, (_from_json(line, at) if where.endswith(".jsonl") else _from_cells(line, at))


def _from_json(line: str, at: str) -> _Line:
    try:
        return msgspec.json.decode(line, type=_Line)
    except msgspec.MsgspecError as error:
        raise InputError(str(error), where=at) from error


def _from_cells(line: str, at: str) -> _Line:
    cells = line.removesuffix("\r").split("\t")
    if len(cells) != 2:
        raise InputError(f"expected file, tab, caption; found {len(cells)} cells", where=at)
    return _Line(file=cells[0], caption=cells[1])
