"""One unit of `template`: counts, rejections, limits, and a shard of which nothing is left."""

from collections.abc import Callable

from mmgic.schema.documents import Document
from mmgic.schema.params import Params
from mmgic.schema.records import Caption, Record
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import ShardCut
from mmgic.shards.records import write_record_shard
from mmgic.shards.work import UnitNote, UnitNotes
from mmgic.template.shards import write_documents


def _written(folder: Folder, params: Params, records: list[Record], count: int) -> UnitNote:
    entry = write_record_shard(folder / "records", "val-00003.tar", "val", [(record, b"p") for record in records])
    return write_documents(
        ShardCut(entry, count),
        folder / "records",
        folder / "out",
        UnitNotes(folder / "units"),
        params.template,
        1,
    )


def test_documents_in_the_order_of_their_records(
    scratch: Folder, params: Params, record: Callable[..., Record]
) -> None:
    records = [record(f"toy-{i}", captions=[Caption("Hi.", "toy")] if i != 1 else []) for i in range(4)]
    note = _written(scratch, params, records, 4)
    documents = list(read_lines(scratch / "out", note.entries[0], Document))
    assert [document.key for document in documents] == ["toy-0", "toy-2", "toy-3"]
    assert (note.entries[0].name, note.entries[0].split, note.entries[0].count) == (
        "val-00003.jsonl.zst",
        "val",
        3,
    )
    assert [(rejection.key, rejection.cause) for rejection in note.rejections] == [("toy-1", "no_caption")]
    assert (note.counts["records"], note.counts["documents"], note.counts["parts.region"]) == (4, 3, 3)


def test_a_limit_takes_the_first_records(scratch: Folder, params: Params, record: Callable[..., Record]) -> None:
    note = _written(scratch, params, [record(f"toy-{i}") for i in range(4)], 2)
    assert [document.key for document in read_lines(scratch / "out", note.entries[0], Document)] == [
        "toy-0",
        "toy-1",
    ]


def test_a_shard_of_which_nothing_is_left_stays_as_an_empty_one(
    scratch: Folder, params: Params, record: Callable[..., Record]
) -> None:
    note = _written(scratch, params, [record(captions=[])], 1)
    assert note.entries[0].count == 0
    assert list(read_lines(scratch / "out", note.entries[0], Document)) == []
