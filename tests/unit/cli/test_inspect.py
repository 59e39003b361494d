from collections.abc import Callable
from pathlib import Path

import msgspec
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from mmgic.cli.inspect import inspect
from mmgic.schema.manifests import FolderKind, ShardEntry
from mmgic.schema.params import Params
from mmgic.schema.records import Record
from mmgic.schema.sequences import Sequence
from mmgic.shards.folder import Folder
from mmgic.shards.lines import write_lines
from mmgic.shards.manifest import new_manifest, write_manifest
from mmgic.shards.records import write_record_shard
from mmgic.shards.rows import blocks_of_sequences, write_rows
from mmgic.template import document_from_record
from mmgic.vocab.encode import sequence_from_document
from mmgic.vocab.joint import Vocabulary
from mmgic.vocab.patches import PatchTokenizer
from mmgic.vocab.text import fit_text_tokenizer


def finished(folder: Folder, kind: FolderKind, entries: list[ShardEntry], **facts: object) -> str:
    write_manifest(folder, new_manifest(kind, {}, "", {}, shards=entries, counts={}, facts=facts))
    return folder.url


def told(*arguments: str) -> str:
    result = CliRunner().invoke(inspect, arguments)
    assert result.exit_code == 0, result.stderr
    return result.stdout


def test_records_are_shown_as_they_are(
    scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes]
) -> None:
    pairs = [(record(f"toy-{number}"), picture()) for number in range(3)]
    shards = finished(scratch, "records", [write_record_shard(scratch, "train-00000.tar", "train", pairs)])
    text = told(shards, "--n", "2")
    assert text.count("== toy-") == 2
    expected = [
        "== toy-0: 48 x 32 png, ",
        "main crop 8 0 40 32\ncaption: A red cup and a spoon.\n",
        "label: red cup: A cup as red as a tomato.\nlabel: spoon\n",
        "region: red cup, box 10 4 26 20, crop 8 2 28 22\n",
    ]
    assert all(words in text for words in expected)


def test_documents_and_rows_are_turned_back(
    scratch: Folder, tmp_path: Path, record: Callable[..., Record], params: Params
) -> None:
    document = document_from_record(record(), msgspec.structs.replace(params.template, caption_first_fraction=1.0), 1)
    documents = finished(
        scratch / "d", "documents", [write_lines(scratch / "d", "train-00000.jsonl.zst", "train", [document])]
    )
    assert told(documents).endswith("Regions:\nred cup: [region 8 2 28 22]\n\n")

    codebook = np.repeat(np.arange(10, dtype=np.uint8)[:, None], 48, axis=1)
    vocabulary = Vocabulary(fit_text_tokenizer(["a red cup"], 300), PatchTokenizer(8, 4, codebook))
    vocabulary.save(scratch / "s" / "vocabulary")
    sequence = sequence_from_document(document, vocabulary, lambda part: np.array([1, 2, 3, 4], np.uint16))  # type: ignore[misc, arg-type]
    entries = write_rows(scratch / "s", "train-00000", "train", blocks_of_sequences([sequence], 4, 2), 3)
    shards = finished(scratch / "s", "sequences", entries, row_length=512)
    text = told(shards, "--n", "5", "--pictures", str(tmp_path / "drawn"))
    assert "== row 0: " in text
    assert f"-- segment 0, toy-1: tokens 0 to {sequence.lengths[0]} (template " in text
    assert "image 6, region 6)\n" in text and "its document was cut here" not in text
    assert "Caption: A red cup and a spoon.\n[image: 4 codes 1 2 3 4 ...]\nLabels:\nred cup\nspoon\n" in text
    drawn = sorted(path.name for path in (tmp_path / "drawn").iterdir())
    assert [name.rpartition("-")[2] for name in drawn] == ["image.png", "region.png"]
    with Image.open(tmp_path / "drawn" / drawn[0]) as image:
        pixels = np.asarray(image)
    assert pixels[0, 0].tolist() == [1, 1, 1]
    assert pixels[7, 7].tolist() == [4, 4, 4]


@pytest.mark.parametrize(
    ("manifest", "what"),
    [
        (None, "no manifest.json"),
        (b"{", "cannot read the manifest"),
        (b"[]", "cannot read the manifest"),
        (b'{"kind": "raw"}', "a folder of raw"),
    ],
)
def test_what_cannot_be_shown_is_named(scratch: Folder, manifest: bytes | None, what: str) -> None:
    if manifest is not None:
        scratch.write("manifest.json", manifest)
    result = CliRunner().invoke(inspect, [scratch.url])
    assert result.exit_code == 3
    assert what in result.stderr


def test_a_split_can_be_chosen(scratch: Folder, record: Callable[..., Record], picture: Callable[..., bytes]) -> None:
    entries = [
        write_record_shard(scratch, f"{split}-00000.tar", split, [(record(f"toy-{split}", split=split), picture())])
        for split in ("train", "val")
    ]
    shards = finished(scratch, "records", entries)
    assert "toy-train" not in told(shards, "--split", "val")
    result = CliRunner().invoke(inspect, [shards, "--split", "foo"])
    assert (result.exit_code, result.stderr.splitlines()[-1]) == (3, "hint: splits here: train, val")


def test_segments_of_a_split_document_say_so(scratch: Folder) -> None:
    vocabulary = Vocabulary(fit_text_tokenizer(["a red cup"], 300), PatchTokenizer(8, 4, np.zeros((10, 48), np.uint8)))
    vocabulary.save(scratch / "vocabulary")
    ids = np.array([vocabulary.bos_id, 70, 71, 72, vocabulary.eos_id], vocabulary.id_type)
    row = Sequence(["a", "b", "a"], [2, 1, 2], ids.tobytes(), bytes([0, 1, 1, 1, 0]))
    entries = write_rows(scratch, "train-00000", "train", blocks_of_sequences([row], 4, 2), 0)
    text = told(finished(scratch, "sequences", entries, row_length=10))
    assert "== row 0: 5 of 10 tokens (50.0%), 3 segments\n" in text
    assert "-- segment 0, a: tokens 0 to 2 (template 1, caption 1); its document was cut here\n" in text
    assert (
        "-- segment 1, b: tokens 2 to 3 (caption 1); goes on from another segment; its document was cut here\n" in text
    )
    assert "-- segment 2, a: tokens 3 to 5 (template 1, caption 1); goes on from another segment\n" in text
