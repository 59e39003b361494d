"""`mmgic inspect`: what a folder of shards holds, back in text and codes; of packed rows with their pictures as PNG files."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

import click
import msgspec
import numpy as np

from mmgic.cli.options import FOLDER
from mmgic.cli.stage import guarded
from mmgic.errors import InputError
from mmgic.schema.documents import Document, TextPart
from mmgic.schema.manifests import Manifest
from mmgic.schema.records import Record
from mmgic.schema.sequences import TOKEN_KINDS, Sequence
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import MANIFEST, read_manifest
from mmgic.shards.records import read_record_shard
from mmgic.shards.rows import RowReader

if TYPE_CHECKING:
    from mmgic.vocab.encode import DecodedPart
    from mmgic.vocab.joint import Vocabulary


@click.command("inspect", short_help="Print what a folder of shards holds, back in text and codes.")
@click.argument("shards", type=FOLDER)
@click.option(
    "--n", "count", type=click.IntRange(min=1), default=3, show_default=True, help="Records, documents or rows."
)
@click.option("--split", help="Only this split.")
@click.option("--pictures", type=click.Path(path_type=Path), help="Also draw the pictures of rows into this folder.")
def inspect(shards: Folder, count: int, split: str | None, pictures: Path | None) -> None:
    """Print records, documents or packed rows in words.

    Example: mmgic inspect data/sequences --n 3 --pictures /tmp/rows
    """
    sys.exit(guarded(lambda: _print(shards, count, split, pictures)))


def _print(shards: Folder, count: int, split: str | None, pictures: Path | None) -> None:
    kind = _kind(shards)
    readers: dict[str, Callable[[Manifest], Iterator[str]]] = {
        "records": lambda manifest: _records(shards, manifest),
        "documents": lambda manifest: _documents(shards, manifest),
        "sequences": lambda manifest: _rows(shards, manifest, pictures),
    }
    if kind not in readers:
        raise InputError(
            f"a folder of {kind} has no shards to show", where=shards.url, hint="records, documents or sequences"
        )
    manifest = read_manifest(shards, kind)  # type: ignore[arg-type]
    if split:
        splits = sorted({entry.split for entry in manifest.shards if entry.split})
        if split not in splits:
            raise InputError(f"no split `{split}`", where=shards.url, hint=f"splits here: {', '.join(splits)}")
        manifest = msgspec.structs.replace(
            manifest, shards=[entry for entry in manifest.shards if entry.split == split]
        )
    for text in islice(readers[kind](manifest), count):
        click.echo(text)


def _kind(shards: Folder) -> str:
    if not shards.exists(MANIFEST):
        raise InputError(f"no {MANIFEST}", where=shards.url, hint="give a folder that a stage has finished")
    try:
        return str(msgspec.json.decode(shards.read(MANIFEST))["kind"])
    except (msgspec.DecodeError, KeyError, TypeError) as error:
        raise InputError(f"cannot read the manifest: {error}", where=shards.file(MANIFEST)) from error


def _records(shards: Folder, manifest: Manifest) -> Iterator[str]:
    for entry in manifest.shards:
        for record, picture in read_record_shard(shards, entry):
            yield "\n".join(_record_lines(record, len(picture)))


def _record_lines(record: Record, num_bytes: int) -> Iterator[str]:
    picture = f"{record.width_px} x {record.height_px} {record.extension}, {num_bytes:,} bytes"
    yield f"== {record.key}: {picture}, split {record.split}"
    yield f"main crop {_numbers(record.crop_xyxy_px)}"
    yield from (f"caption: {caption.text}" for caption in record.captions)
    yield from (f"label: {label.name}{': ' if label.description else ''}{label.description}" for label in record.labels)
    names = {label.id: label.name for label in record.labels}
    for region in record.regions:
        box, crop = _numbers(region.box_xyxy_px), _numbers(region.crop_xyxy_px)
        yield f"region: {names[region.label_id]}, box {box}, crop {crop}"
    for cause, count in sorted(Counter(dropped.cause for dropped in record.dropped_boxes).items()):
        yield f"dropped: {count} {cause}"


def _documents(shards: Folder, manifest: Manifest) -> Iterator[str]:
    for entry in manifest.shards:
        for document in read_lines(shards, entry, Document):
            words = (
                p.text if isinstance(p, TextPart) else f"[{p.concept} {_numbers(p.crop_xyxy_px)}]"
                for p in document.parts
            )
            yield f"== {document.key} ({document.recipe})\n" + "".join(words)


def _rows(shards: Folder, manifest: Manifest, pictures: Path | None) -> Iterator[str]:
    from mmgic.vocab.encode import documents_from_sequence
    from mmgic.vocab.joint import load_vocabulary

    vocabulary = load_vocabulary(shards / "vocabulary")
    for number, sequence in enumerate(RowReader(shards, manifest.shards, verify=False)):
        total, room = sum(sequence.lengths), manifest.facts["row_length"]
        lines = [
            f"== row {number}: {total} of {room} tokens ({total / room:.1%}), {_counted(len(sequence.keys), 'segment')}"
        ]
        segments = zip(_segments(sequence, vocabulary), documents_from_sequence(sequence, vocabulary), strict=True)
        for place, (head, (key, parts)) in enumerate(segments):
            lines += [f"-- segment {place}, {head}", _words(parts)]
            if pictures:
                _draw(parts, vocabulary, pictures, f"{number:06d}-{place:03d}-{key}")
        yield "\n".join(lines)


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}" + "s" * (number != 1)


def _segments(sequence: Sequence, vocabulary: Vocabulary) -> Iterator[str]:
    """Each segment of a row: its document, its tokens by kind, and which of its ends lies inside the document."""
    ids, kinds = np.frombuffer(sequence.ids, vocabulary.id_type), np.frombuffer(sequence.kinds, np.uint8)
    start = 0
    for key, length in zip(sequence.keys, sequence.lengths, strict=True):
        stop = start + length
        counts = np.bincount(kinds[start:stop], minlength=len(TOKEN_KINDS)).tolist()
        of = ", ".join(f"{kind} {count}" for kind, count in zip(TOKEN_KINDS, counts, strict=True) if count)
        cut = [
            words
            for words, is_cut in (
                ("goes on from another segment", ids[start] != vocabulary.bos_id),
                ("its document was cut here", ids[stop - 1] != vocabulary.eos_id),
            )
            if is_cut
        ]
        yield f"{key}: tokens {start} to {stop} ({of})" + "".join(f"; {words}" for words in cut)
        start = stop


def _words(parts: list[DecodedPart]) -> str:
    return "".join(
        part.text
        if isinstance(part, TextPart)
        else f"[{part.concept}: {len(part.codes)} codes {_numbers(part.codes[:4])} ...]"
        for part in parts
    )


def _draw(parts: list[DecodedPart], vocabulary: Vocabulary, folder: Path, stem: str) -> None:
    """What the codes of the pictures show, as PNG files."""
    from PIL import Image

    folder.mkdir(parents=True, exist_ok=True)
    for place, part in enumerate(parts):
        if not isinstance(part, TextPart):
            pixels = vocabulary.visual.images_from_codes(part.codes[np.newaxis])[0]
            Image.fromarray(pixels).save(folder / f"{stem}-{place:03d}-{part.concept}.png")


def _numbers(values: object) -> str:
    return " ".join(f"{value:g}" for value in np.asarray(values).tolist())
