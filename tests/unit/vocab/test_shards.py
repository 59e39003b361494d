"""One unit of `tokenize`: rows, counts of tokens, and documents that are rejected with their cause."""

from collections.abc import Callable

import msgspec
import pytest

from mmgic.schema.documents import Document
from mmgic.schema.params import Params
from mmgic.schema.records import Record
from mmgic.shards.folder import Folder
from mmgic.shards.lines import write_lines
from mmgic.shards.manifest import ShardCut
from mmgic.shards.records import write_record_shard
from mmgic.shards.rows import RowReader
from mmgic.shards.work import UnitNote, UnitNotes
from mmgic.template import document_from_record
from mmgic.vocab.encode import documents_from_sequence
from mmgic.vocab.joint import Vocabulary
from mmgic.vocab.shards import TokenUnit, write_tokens


@pytest.fixture
def tokenized(
    scratch: Folder,
    params: Params,
    vocabulary: Vocabulary,
    record: Callable[..., Record],
    picture: Callable[..., bytes],
) -> Callable[..., tuple[UnitNote, list[Document]]]:
    """Tokenizes a shard of four records, of which the pictures named are cut short."""

    def made(broken: tuple[int, ...] = (), count: int = 4) -> tuple[UnitNote, list[Document]]:
        items = [(record(f"toy-{i}"), picture()[: 90 if i in broken else None]) for i in range(4)]
        entry = write_record_shard(scratch / "records", "train-00000.tar", "train", items)
        settings = msgspec.structs.replace(params.template, caption_first_fraction=0.0)
        documents = [document_from_record(one, settings, 1) for one, _ in items]
        kept = [document for document in documents if isinstance(document, Document)]
        lines = write_lines(scratch / "documents", "train-00000.jsonl.zst", "train", kept)
        vocabulary.save(scratch / "vocabulary")
        places = {name: scratch / name for name in ("documents", "records", "vocabulary", "cache", "out")}
        unit = TokenUnit(ShardCut(lines, count), entry)
        return write_tokens(unit, **places, notes=UnitNotes(scratch / "units"), threads=1), kept

    return made


def test_a_row_a_document_and_tokens_of_each_kind(
    tokenized: Callable[..., tuple[UnitNote, list[Document]]], scratch: Folder, vocabulary: Vocabulary
) -> None:
    note, documents = tokenized()
    rows = list(RowReader(scratch / "out", note.entries, verify=True))
    assert [row.keys for row in rows] == [[document.key] for document in documents]
    for row, document in zip(rows, documents, strict=True):
        ((_, parts),) = documents_from_sequence(row, vocabulary)
        assert [part.concept for part in parts] == [part.concept for part in document.parts]
    assert note.counts == {"documents": 4}


def test_broken_pictures_are_rejected(
    tokenized: Callable[..., tuple[UnitNote, list[Document]]],
) -> None:
    note, _ = tokenized(broken=(2,))
    assert [(rejection.key, rejection.detail) for rejection in note.rejections] == [
        ("toy-2", "picture cannot be decoded")
    ]
    assert note.rejections[0].cause in ("truncated", "corrupt")
    assert (note.counts["documents"], note.entries[0].count) == (4, 3)


def test_a_limit_takes_the_first_documents(tokenized: Callable[..., tuple[UnitNote, list[Document]]]) -> None:
    assert tokenized(count=2)[0].entries[0].count == 2
