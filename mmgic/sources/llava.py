"""Captions as conversations, as LLaVA's and ShareGPT4V's files have them, with a folder of pictures.

JSON arrays or JSON lines of `{"id", "image", "conversations": [{"from": "human", "value"}, {"from": "gpt", "value"}]}`: the
answer to a prompt that asks for a caption (`data/caption_prompts.txt`) is one. Entries with `captions` in their place give
those. Entries of one picture are put together on disk; pictures come in the order of their names.
"""

import posixpath
import re
from collections import Counter
from collections.abc import Iterator
from importlib.resources import files
from typing import Literal

import msgspec

from mmgic.errors import InputError
from mmgic.schema.manifests import LedgerLine
from mmgic.schema.records import Caption, LostImage, RawRecord
from mmgic.shards.folder import Folder, Readable, is_safe_name
from mmgic.sources.json_stream import Fault as JsonFault
from mmgic.sources.json_stream import items
from mmgic.sources.picture_ids import ids_from_place
from mmgic.sources.raw import RawFolder, key_from_file
from mmgic.sources.spool import Spool
from mmgic.sources.tables import (
    Fault,
    RowFault,
    clean_text,
    split_from_name,
    text_lines,
    value_from_json,
    value_of_fault,
)
from mmgic.sources.tallies import gone_with_picture

EntryFault = Literal["no_picture", "several_pictures", "several_turns", "other_prompt", "unsafe_name"]
"""Why an entry gives no caption, beside what is wrong with rows of any table."""

_FILES = (".json", ".jsonl")
_PLACEHOLDER = re.compile(r"<(?:image|video|im_start|im_end)>")
_NO_WORD = re.compile(r"[^a-z0-9 ]")


class _Turn(msgspec.Struct, gc=False):
    who: str = msgspec.field(name="from")
    value: str


class _Entry(msgspec.Struct):
    id: str | int | None = None
    image: str | list[str] | None = None
    conversations: list[_Turn] = []
    captions: list[str] = []
    instances: list[msgspec.Raw] = []
    url: str = ""


class _Note(msgspec.Struct, array_like=True):
    """What an entry says about its picture: captions, or why there is none."""

    split: str
    captions: list[str]
    cause: EntryFault | RowFault | Literal[""]
    detail: str
    num_instances: int
    url: str = ""


def local_files(origin: Folder) -> Iterator[str]:
    """The files of conversations, at the top of the folder: what lies deeper belongs to the pictures.

    Raises:
        InputError: there is none.
    """
    names = [name for name in origin.names() if name.endswith(_FILES)]
    if not names:
        raise InputError(f"no {' or '.join(_FILES)}", where=origin.url, hint="--in takes the folder that holds it")
    yield from names


def local_pictures(origin: Folder, limit: int | None) -> Iterator[LedgerLine]:
    """The pictures that entries name: the first `limit` of each split, by name.

    Raises:
        InputError: a file is neither an array nor lines.
    """
    taken: Counter[str] = Counter()
    with Spool[_Note](_Note) as spool:
        for name in local_files(origin):
            with origin.open(name) as stream:
                for _ in _without_picture(stream, name, origin.file(name), spool):
                    pass
        for image, notes in spool.groups():
            taken[notes[0].split] += 1
            if limit is None or taken[notes[0].split] <= limit:
                yield LedgerLine(str(image))


def raw_records(raw: RawFolder) -> Iterator[RawRecord | LostImage]:
    """First what names no picture, in the files' order, then the pictures in the order of their names.

    Raises:
        InputError: a file is neither an array nor lines, or has changed since it was fetched.
    """
    start = f"{raw.source}/"
    with Spool[_Note](_Note) as spool:
        for path in raw.paths():
            name = path.removeprefix(start)
            if name.endswith(_FILES) and "/" not in name:
                with raw.open(path) as stream:
                    for number, note in _without_picture(stream, name, raw.folder.file(path), spool):
                        key = key_from_file(raw.source, f"{name}/{number}.")
                        yield LostImage(
                            key, raw.source, note.split, note.cause, f"{name}, entry {number}: {note.detail}"
                        )
        for image, notes in spool.groups():
            yield _image(raw, str(image), notes)


def picture_of_member(archive: str, member: str) -> str:
    """A member's path below the folder of its archive."""
    return posixpath.normpath(posixpath.join(posixpath.dirname(archive), member))


def _image(raw: RawFolder, image: str, notes: list[_Note]) -> RawRecord | LostImage:
    key, split = key_from_file(raw.source, image), notes[0].split
    faulty = [note for note in notes if note.cause]
    captions = dict.fromkeys(text for note in notes for text in note.captions)
    if not is_safe_name(image):
        gone = gone_with_picture(caption=len(captions))
        return LostImage(key, raw.source, split, "unsafe_name", image, dropped=gone)
    if len(faulty) == len(notes):
        return LostImage(key, raw.source, split, faulty[0].cause, f"{image}: {faulty[0].detail}")
    dropped = Counter(f"caption.{note.cause}" for note in faulty)
    origin = next((note.url for note in notes if note.url), "")
    dropped["instance.ignored"] = sum(note.num_instances for note in notes)
    return RawRecord(
        key=key,
        source=raw.source,
        split=split,
        picture=raw.picture(f"{raw.source}/{image}"),
        captions=[Caption(text, raw.source) for text in captions],
        boxes=[],
        dropped=dict(+dropped),
        ids=ids_from_place(origin or image),
        origin=origin,
    )


def _without_picture(stream: Readable, name: str, where: str, spool: Spool[_Note]) -> Iterator[tuple[int, _Note]]:
    """Puts the entries of a file under their pictures' names; gives those that name none, with their numbers from 0."""
    split = split_from_name(name)
    for number, entry in enumerate(_entries(stream, name, where)):
        note = _note(entry, split)
        image = entry.image if isinstance(entry, _Entry) else None
        if isinstance(image, str) and image:
            spool.add(image, note)
        else:
            yield number, note


def _entries(stream: Readable, name: str, where: str) -> Iterator[_Entry | Fault]:
    if not name.endswith(".jsonl"):
        for _, entry in items(stream, _Entry, where):
            yield value_of_fault(entry, _Entry) if isinstance(entry, JsonFault) else entry
        return
    for _, line in text_lines(stream, where):
        if isinstance(line, Fault):
            yield line
        elif line.strip():
            yield value_from_json(line, _Entry)


def _note(entry: _Entry | Fault, split: str) -> _Note:
    cause: EntryFault | Literal[""] = ""
    detail = ""
    captions: list[str] = []
    if isinstance(entry, Fault):
        return _Note(split, [], entry.cause, entry.detail, 0)
    turns = [(turn.who, " ".join(_PLACEHOLDER.sub(" ", turn.value).split())) for turn in entry.conversations]
    if not isinstance(entry.image, str) or not entry.image:
        cause, detail = (
            ("several_pictures", f"{len(entry.image)}") if isinstance(entry.image, list) else ("no_picture", "")
        )
    elif not turns:
        captions = [clean_text(text) for text in entry.captions]
    elif [who for who, _ in turns] != ["human", "gpt"]:
        cause, detail = "several_turns", f"{len(turns)} turns"
    elif _plain(turns[0][1]) not in _PROMPTS:
        cause, detail = "other_prompt", turns[0][1][:200]
    else:
        captions = [clean_text(turns[1][1])]
    return _Note(split, [text for text in captions if text], cause, detail, len(entry.instances), entry.url)


def _plain(prompt: str) -> str:
    return " ".join(_NO_WORD.sub("", prompt.lower()).split())


def _prompts() -> frozenset[str]:
    lines = (files("mmgic.sources") / "data" / "caption_prompts.txt").read_text(encoding="utf-8").splitlines()
    return frozenset(_plain(line) for line in lines if not line.startswith("#"))


_PROMPTS = _prompts()
