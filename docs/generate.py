"""Writes the part of the docs that the code knows: `make docs`, or `python docs/generate.py`.

That is `docs/reference.md`, the table of notations in `docs/boxes.md`, and the facts of the catalog in `docs/sources/`.
Params come from the structs and the two params files, causes and exit codes from the classes and literals that use them,
notations and data sets from their tables, so none of them is written twice. A test holds that the files are current.
"""

import ast
import inspect
import re
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import UnionType
from typing import Any, Literal, Union, get_args, get_origin

import msgspec
import numpy as np
from ruamel.yaml import YAML
from source_pages import source_pages
from tables import table as _table

from mmgic import errors
from mmgic.cli.main import OTHERS, STAGES
from mmgic.download.causes import CAUSES
from mmgic.duplicates.decisions import DuplicateCause
from mmgic.errors import MmgicError
from mmgic.geometry import NOTATIONS, Notation, text_from_boxes
from mmgic.images import PictureStatus
from mmgic.schema.manifests import FolderKind
from mmgic.schema.params import Params
from mmgic.schema.records import LABEL_LOST, DropCause
from mmgic.schema.sequences import TOKEN_KINDS
from mmgic.sources import SOURCES
from mmgic.sources.catalog import catalog
from mmgic.sources.coco_layout import LossCause
from mmgic.sources.llava import EntryFault
from mmgic.sources.tables import RowFault
from mmgic.sources.webdataset import SampleFault
from mmgic.template import RECIPES

ROOT = Path(__file__).resolve().parent.parent
TARGET = ROOT / "docs" / "reference.md"
BOXES = ROOT / "docs" / "boxes.md"
FILES = {"params.yaml": ROOT / "params.yaml", "paper.yaml": ROOT / "params" / "paper.yaml"}

# Two boxes of one label and one of another, in a picture of 640 x 480.
SHOWN = np.array([[0.1, 0.2, 0.5, 0.75], [0.55, 0.2, 0.9, 0.7], [0.0, 0.0, 1.0, 0.4]])
MARKS = ("<!-- made by `make docs` from mmgic/geometry/notations.toml: do not edit -->", "<!-- end of what is made -->")

HEAD = "<!-- Made by `make docs` from the code: do not edit. -->\n# Reference\n"


def reference() -> str:
    """The whole page."""
    parts = (
        [HEAD],
        _section("Commands", _table(("command", "what it does"), _commands())),
        _section("Exit codes", _table(("code", "meaning", "errors"), _exit_codes())),
        _section("Sources", _table(("source", "files", "what it is"), _sources())),
        _section("Recipes", _table(("recipe", "concepts"), _recipes())),
        _section(
            "Why a box gives no region",
            [
                "Counted by `normalize` as `dropped.<cause>`.",
                "",
                *_table(("cause", "its label"), _drop_causes()),
            ],
        ),
        _section(
            "Why a record is rejected",
            [
                "Named in `rejected.jsonl`, counted as `rejected.<cause>`.",
                "",
                *_table(("cause", "found by"), _rejections()),
            ],
        ),
        _section(
            "Why a URL gave nothing",
            [
                "In the ledger, and counted by `fetch` as `failed.<source>.<cause>`. `--retry-failed` asks *again* for some.",
                "",
                *_table(("cause", "again", "what it means, and what to do"), _url_causes()),
            ],
        ),
        _section("Kinds of folders and tokens", _kinds()),
        ["## Params\n", "Every key is required. `mmgic schema params` prints the same as JSON Schema.\n"],
        *(_params_section(field) for field in msgspec.structs.fields(Params)),
    )
    return "\n".join(line for part in parts for line in part).rstrip("\n") + "\n"


def boxes() -> str:
    """The page on boxes, with its table of notations made anew."""
    before, _, rest = BOXES.read_text(encoding="utf-8").partition(MARKS[0])
    _, _, after = rest.partition(MARKS[1])
    head = ("notation", "numbers", "read as", "order", "moves a corner by at most")
    lines = [*_table(head, (_notation_row(row) for row in NOTATIONS.values())), ""]
    for row in NOTATIONS.values():
        lines += [
            f"### {row.name}",
            "",
            "```text",
            *text_from_boxes(SHOWN, ["cat", "cat", "sky"], row, starts=[0, 3], sizes_px=(640, 480)),
            "```",
            "",
            f"Source: {row.source}.",
            *([row.note] if row.note else []),
            "",
        ]
    return before + "\n".join([MARKS[0], "", *lines, MARKS[1]]) + after


def _notation_row(row: Notation) -> tuple[str, ...]:
    last = row.bins - 1
    rules = {
        "floor": (f"floor(v x {row.bins}), 0 to {last}", f"(t + 0.5) / {row.bins}"),
        "round": (f"round(v x {row.scale:g}), 0 to {last}", f"t / {row.scale:g}"),
        "decimals": (f"v with {row.decimals} decimals", "v"),
        "cells": (f"cells of a grid of {row.bins} x {row.bins}", "cells' centres; outer edges in one row or column"),
        "pixels": (f"pixels, sides multiples of {row.factor}", "t / side"),
    }
    order = re.findall(r"\$(\w+)", row.box)
    top, bottom = row.error_bound
    bound = f"{top:g} / {bottom:g} of the side" if row.rule != "pixels" else f"{row.bound:g} px of the resized picture"
    return f"[`{row.name}`](#{row.name.replace('.', '')})", *rules[row.rule], ", ".join(order), bound


def _section(title: str, lines: list[str]) -> list[str]:
    return [f"## {title}\n", *lines, ""]


def _commands() -> Iterator[tuple[str, ...]]:
    for name, line in {**STAGES, **OTHERS}.items():
        yield f"`mmgic {name}`", line


def _exit_codes() -> Iterator[tuple[str, ...]]:
    yield "0", "Done.", ""
    classes = [item for item in vars(errors).values() if inspect.isclass(item) and issubclass(item, MmgicError)]
    for code in sorted({item.exit_code for item in classes}):
        named = [item for item in classes if item.exit_code == code]
        owner = next(item for item in named if "exit_code" in vars(item))
        yield (
            str(code),
            inspect.cleandoc(owner.__doc__ or "").split("\n")[0],
            ", ".join(f"`{i.__name__}`" for i in named),
        )


def _sources() -> Iterator[tuple[str, ...]]:
    entries = Counter(entry.reader or entry.name for entry in catalog().values() if entry.files or entry.needs)
    for source in SOURCES.values():
        local = "taken from `--in`, or downloaded" if entries[source.name] == 1 else "taken from `--in`"
        yield f"`{source.name}`", local if source.is_local else "made here", source.summary


def _recipes() -> Iterator[tuple[str, ...]]:
    order = {"caption": 0, "labels": 1, "descriptions": 2, "regions": 3}
    for name, concepts in RECIPES.items():
        yield f"`{name}`", "image, " + ", ".join(sorted(concepts, key=order.__getitem__))


def _drop_causes() -> Iterator[tuple[str, ...]]:
    for cause in get_args(DropCause):
        yield f"`{cause}`", "goes too, unless another box of it stays" if cause in LABEL_LOST else "stays"


def _rejections() -> Iterator[tuple[str, ...]]:
    """Every cause that the code writes as a literal, those of literal types, and the picture statuses."""
    places = {"Rejection": 1, "LostImage": 3}  # of the cause among the arguments
    found: dict[str, dict[str, None]] = {}
    for path in sorted((ROOT / "mmgic").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in places:
                place = places[node.func.id]
                cause = node.args[place] if len(node.args) > place else None
                if isinstance(cause, ast.Constant) and isinstance(cause.value, str):
                    found.setdefault(cause.value, {})[f"`{path.relative_to(ROOT).as_posix()}`"] = None
    for causes, found_by in (
        (DuplicateCause, "`mmgic/duplicates/decisions.py`"),
        (LossCause, "`mmgic/sources/coco_layout.py`"),
        (RowFault, "rows of tables: `mmgic/sources/tables/`"),
        (SampleFault, "`mmgic/sources/webdataset.py`"),
        (EntryFault, "`mmgic/sources/llava.py`"),
    ):
        for cause in get_args(causes):
            found.setdefault(cause, {})[found_by] = None
    yield from ((f"`{cause}`", ", ".join(files)) for cause, files in found.items())
    for status in PictureStatus:
        if not status.has_pixels and status != PictureStatus.BAD_CROP:
            yield f"`{status.name.lower()}`", "the picture decoder"


def _url_causes() -> Iterator[tuple[str, ...]]:
    for cause, facts in CAUSES.items():
        yield f"`{cause}`", "yes" if facts.is_retryable else "", facts.hint


def _kinds() -> list[str]:
    return [
        f"Folders, as `kind` in their manifest: {_named(get_args(FolderKind))}.",
        "",
        f"Tokens, in the order of the byte stored for each: {_named(TOKEN_KINDS)}.",
    ]


def _named(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _params_section(field: Any) -> list[str]:
    text = inspect.cleandoc(field.type.__doc__ or "").replace("\n", " ")
    values = {name: YAML(typ="safe").load(path.read_text(encoding="utf-8")) for name, path in FILES.items()}
    head = ("key", "type and bounds", *(f"`{name}`" for name in FILES))
    return [f"### {field.name}\n", text, "", *_table(head, _params_rows(field.type, field.name, values)), ""]


def _params_rows(kind: Any, prefix: str, values: dict[str, Any]) -> Iterator[tuple[str, ...]]:
    for field in msgspec.structs.fields(kind):
        path = f"{prefix}.{field.name}"
        if inspect.isclass(field.type) and issubclass(field.type, msgspec.Struct):
            yield from _params_rows(field.type, path, values)
            continue
        found = [_value(values[name], path) for name in FILES]
        yield f"`{path}`", _rule(field.type), *found


def _value(tree: Any, path: str) -> str:
    for key in path.split("."):
        tree = tree[key]
    return f"`{msgspec.json.encode(tree).decode()}`"


def _rule(kind: Any) -> str:
    """A type in words: `int, at least 1`."""
    if get_origin(kind) is Literal:
        names = _named(tuple(str(item) for item in get_args(kind)))
        return f"one of {names}" if len(get_args(kind)) > 1 else names
    if get_origin(kind) in (Union, UnionType):
        return " or ".join(_rule(part) for part in get_args(kind))
    meta = next((item for item in getattr(kind, "__metadata__", ()) if isinstance(item, msgspec.Meta)), None)
    if meta is None:
        inner = get_args(kind)
        return f"list; each {_rule(inner[0])}" if get_origin(kind) is list else str(kind.__name__)
    bounds = {
        "at least": meta.ge,
        "over": meta.gt,
        "at most": meta.le,
        "under": meta.lt,
        "length at least": meta.min_length,
    }
    words = [
        f"{word} {int(bound) if bound == int(bound) else bound:,}"
        for word, bound in bounds.items()
        if bound is not None
    ]
    return ", ".join([_rule(kind.__origin__), *words])


def main() -> int:
    """Writes the pages."""
    for target, text in ((TARGET, reference()), (BOXES, boxes()), *source_pages().items()):
        target.write_text(text, encoding="utf-8")
        print(f"wrote {target.relative_to(ROOT)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
