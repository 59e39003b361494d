"""The side file in which a person reviews what a model wrote, before any of it is used.

TSV in UTF-8 with the columns `id`, `name`, `description`, `status`, `findings`. A line is `new` until a person makes it `ok`,
or `no`: then it stays out, and is not asked for again. Descriptions may be edited on the way. `findings` are those of the
checker (`mmgic descriptions --check`). Lines are appended as they are made, so that a killed run loses none but its last.
"""

import codecs
import os
import re
from collections import defaultdict
from collections.abc import Iterable
from pathlib import Path
from typing import Literal, get_args

import msgspec

from mmgic.errors import InputError, UsageError
from mmgic.schema.records import Label
from mmgic.shards.folder import Folder
from mmgic.sources.description_checks import check_descriptions
from mmgic.sources.descriptions import labels_from_tsv, tsv_from_labels, tsv_from_rows
from mmgic.sources.label_tables import rows_from_tsv

Status = Literal["new", "ok", "no"]
COLUMNS = ("id", "name", "description", "status", "findings")


class ReviewLine(msgspec.Struct, frozen=True):
    """A label's line of the side file."""

    id: str
    name: str
    description: str
    status: Status = "new"
    findings: str = ""


def read_review(path: Path) -> list[ReviewLine]:
    """The lines of a side file; none where there is no file. A last line that was cut while it was written is left out.

    Raises:
        InputError: it is no side file, or a status is unknown.
    """
    if not path.exists():
        return []
    data = _whole_lines(path.read_bytes())
    if not data:
        return []
    lines = []
    for row in rows_from_tsv(data, str(path), COLUMNS):
        if row["status"] not in get_args(Status):
            raise InputError(
                f"unknown status {row['status'][:80]!r} of {row['id']}",
                where=str(path),
                hint=f"one of {', '.join(get_args(Status))}",
            )
        lines.append(msgspec.convert(row, ReviewLine))
    return lines


def _whole_lines(data: bytes) -> bytes:
    """The lines without a last one that was cut; the tab at a line's end, which editors may take off, is there again."""
    *lines, last = data.split(b"\n")
    lines.append(last[: codecs.utf_8_decode(last, "surrogateescape")[1]])  # up to a letter of which bytes are missing
    lines = [line + b"\t" if _lacks_findings(line.split(b"\t")) else line for line in lines]
    if lines[-1].count(b"\t") < len(COLUMNS) - 1:
        lines[-1] = b""
    return b"\n".join(lines)


def _lacks_findings(cells: list[bytes]) -> bool:
    return len(cells) == len(COLUMNS) - 1 and cells[-1].decode(errors="replace").strip() in get_args(Status)


def write_review(path: Path, lines: Iterable[ReviewLine]) -> None:
    """Writes a side file whole, in one step."""
    _write(path, _text([COLUMNS, *map(msgspec.structs.astuple, lines)]))


def append_review(path: Path, lines: Iterable[ReviewLine]) -> None:
    """Adds lines to a side file that is there; they are on disk when this returns."""
    with path.open("ab") as stream:
        stream.write(_text(map(msgspec.structs.astuple, lines)))
        stream.flush()
        os.fsync(stream.fileno())


def checked(lines: Iterable[ReviewLine]) -> list[ReviewLine]:
    """The lines with the checker's findings of all texts together; those that a person refused are left out of it."""
    lines = list(lines)
    labels = [Label(line.id, line.name, line.description) for line in lines if line.status != "no"]
    found: dict[str, list[str]] = defaultdict(list)
    for finding in check_descriptions(labels):
        found[finding.id].append(f"{finding.kind}: {finding.detail}")
    return [msgspec.structs.replace(line, findings="; ".join(found[line.id])) for line in lines]


def accept_review(review: Path, out: Path) -> dict[str, int]:
    """Writes the descriptions with status `ok` as a description file, by id; returns how many lines have which status.

    Raises:
        InputError: the side file cannot be read, or no line is `ok`, or one that is has no text.
        UsageError: `out` holds labels that it would lose.
    """
    if not review.is_file():
        raise InputError("no such side file", where=str(review), hint="`mmgic describe` writes one")
    lines = read_review(review)
    accepted = [line for line in lines if line.status == "ok"]
    if not accepted:
        raise InputError(
            f"none of {len(lines)} lines has the status ok", where=str(review), hint="read them, and set it by hand"
        )
    if empty := [line.id for line in accepted if not line.description]:
        raise InputError(f"accepted without a text: {empty[0]}", where=str(review), hint="write one, or set it to no")
    labels = [Label(line.id, line.name, line.description) for line in accepted]
    if out.exists():
        lost = {label.id for label in labels_from_tsv(out.read_bytes(), str(out))} - {label.id for label in labels}
        if lost:
            raise UsageError(
                f"the file holds {len(lost)} labels that are not accepted here, {min(lost)} first",
                where=str(out),
                hint="give another --out; normalize.descriptions.files takes several files",
            )
    _write(out, tsv_from_labels(sorted(labels, key=lambda label: _native_order(label.id))).encode())
    return {
        "accepted": len(accepted),
        "accepted_with_findings": sum(bool(line.findings) for line in checked(lines) if line.status == "ok"),
        "refused": sum(line.status == "no" for line in lines),
        "not_reviewed": sum(line.status == "new" for line in lines),
    }


def _native_order(label_id: str) -> list[tuple[int, str]]:
    """Numbers in an id count as numbers: coco:9 before coco:10."""
    return [(int(part), "") if part.isdecimal() else (0, part) for part in re.split(r"(\d{1,18})", label_id)]


def _text(rows: Iterable[tuple[str, ...]]) -> bytes:
    return tsv_from_rows(rows).encode()


def _write(path: Path, data: bytes) -> None:
    Folder(str(path.parent)).write(path.name, data)
