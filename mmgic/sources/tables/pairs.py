"""Rows of two lists side by side: SBU's list of URLs and its list of captions, or the arrays of one JSON object.

Rows belong together by their number alone, so lists of different lengths are refused: which line is missing cannot be told.
"""

from collections.abc import Collection, Iterator
from itertools import zip_longest
from typing import Any

from mmgic.errors import InputError
from mmgic.shards.folder import Readable
from mmgic.sources.json_stream import Fault as JsonFault
from mmgic.sources.json_stream import arrays
from mmgic.sources.spool import Spool
from mmgic.sources.tables.cells import Cells, Fault
from mmgic.sources.tables.lines import text_lines

_NAMES = ("url", "caption")


def rows_of_lists(urls: Readable, captions: Readable, where: str) -> Iterator[Cells | tuple[int, Fault]]:
    """Rows with the numbers of their lines.

    Raises:
        InputError: one list is longer.
    """
    for url, caption in zip_longest(text_lines(urls, where), text_lines(captions, where)):
        if url is None or caption is None:
            line, what = (caption or url)[0], "URLs" if url is None else "captions"
            raise InputError(f"the list of {what} ends before line {line}", where=where, hint="get both again")
        (number, link), (_, text) = url, caption
        fault = next((part for part in (link, text) if isinstance(part, Fault)), None)
        yield (number, fault) if fault else Cells(number, _NAMES, [link, text])


def rows_of_arrays(stream: Readable, where: str, wanted: Collection[str]) -> Iterator[Cells | tuple[int, Fault]]:
    """Rows of an object of arrays, with their numbers from 0; the arrays wait on disk.

    Args:
        wanted: keys of the object that are columns.

    Raises:
        InputError: none of the keys is there, or the arrays differ in length.
    """
    lengths: dict[str, int] = {}
    with Spool[tuple[str, Any]](tuple[str, Any]) as spool:
        for key, number, value in arrays(stream, dict.fromkeys(wanted, Any), where):
            spool.add(number, (key, None if isinstance(value, JsonFault) else value))
            lengths[key] = number + 1
        if len(set(lengths.values())) != 1:
            shown = ", ".join(f"{key} {length}" for key, length in sorted(lengths.items())) or "none"
            raise InputError(f"arrays are missing or differ in length: {shown}", where=where)
        names = tuple(sorted(lengths))
        for place, parts in spool.groups():
            values = dict(parts)
            yield Cells(int(place), names, [values[name] for name in names])
