"""tokenize: rows that give back every document, a cache of codes that serves other recipes, and rows that cannot be."""

import shutil
from collections.abc import Callable
from itertools import permutations
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import numpy as np
import pytest

from mmgic.errors import InputError
from mmgic.images import decode_crops
from mmgic.schema.documents import Document, ImagePart, TextPart
from mmgic.schema.sequences import TOKEN_KINDS
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import read_manifest
from mmgic.shards.records import read_record_shard
from mmgic.shards.rows import RowReader, open_rows
from mmgic.vocab.encode import documents_from_sequence
from mmgic.vocab.joint import Vocabulary, load_vocabulary

Call = Callable[..., "CompletedProcess[str]"]
Run = Callable[..., "CompletedProcess[str]"]
Contents = Callable[[Path], dict[str, str]]


@pytest.fixture(scope="module")
def vocabulary(unbroken: Path) -> Vocabulary:
    return load_vocabulary(Folder(str(unbroken / "sequences" / "vocabulary")))


def _documents(place: Path) -> dict[str, Document]:
    folder = Folder(str(place))
    shards = read_manifest(folder, "documents").shards
    return {document.key: document for shard in shards for document in read_lines(folder, shard, Document)}


def _rows(place: Path, split: str) -> RowReader:
    folder = Folder(str(place))
    shards = [shard for shard in read_manifest(folder, "sequences").shards if shard.split == split]
    return RowReader(folder, shards, verify=True)


def test_rows_give_back_every_document_but_for_ends_cut_off(unbroken: Path, vocabulary: Vocabulary) -> None:
    documents = _documents(unbroken / "documents")
    records = Folder(str(unbroken / "records"))
    pictures = {
        r.key: data for s in read_manifest(records, "records").shards for r, data in read_record_shard(records, s)
    }
    seen: set[str] = set()
    num_cut = 0
    for split in ("train", "val"):
        for row in _rows(unbroken / "sequences", split):
            assert sum(row.lengths) <= 256
            for key, parts in documents_from_sequence(row, vocabulary):
                document = documents[key]
                assert document.split == split and key not in seen
                seen.add(key)
                shown = [part for part in parts if isinstance(part, TextPart)]
                is_cut = len(parts) < len(document.parts) or shown[-1] not in document.parts
                num_cut += is_cut
                for part, original in zip(parts, document.parts, strict=False):
                    if isinstance(part, TextPart):
                        is_end = is_cut and part is parts[-1]
                        assert part == original or (is_end and part.concept in ("caption", "description"))
                        continue
                    assert isinstance(original, ImagePart) and part.concept == original.concept
                    images, _ = decode_crops(
                        [pictures[key]], [np.array([original.crop_xyxy_px])], side=vocabulary.visual.side_px
                    )
                    assert np.array_equal(part.codes, vocabulary.visual.codes_from_images(images)[0])
    assert seen == set(documents)
    counts = read_manifest(Folder(str(unbroken / "sequences")), "sequences").counts
    assert num_cut == counts["documents.truncated"] > 0
    assert counts["documents.dropped"] == counts["documents.split"] == 0


def test_counts_facts_and_rows_agree(unbroken: Path, vocabulary: Vocabulary) -> None:
    manifest = read_manifest(Folder(str(unbroken / "sequences")), "sequences")
    counts, facts = manifest.counts, manifest.facts
    kinds = np.zeros(len(TOKEN_KINDS), dtype=int)
    for split in ("train", "val"):
        rows = list(_rows(unbroken / "sequences", split))
        tokens = sum(sum(row.lengths) for row in rows)
        assert (counts[f"rows.{split}"], counts[f"packed_tokens.{split}"]) == (len(rows), tokens)
        report = facts["packing"][split]
        assert report["fill"] == pytest.approx(tokens / (len(rows) * 256))
        assert (report["rows"], report["tokens"]) == (len(rows), tokens)
        assert report["lower_bound"] <= report["window_bound"] <= report["rows"]
        assert report["over_bound"] == pytest.approx(report["rows"] / report["lower_bound"] - 1)
        for row in rows:
            kinds += np.bincount(np.frombuffer(row.kinds, np.uint8), minlength=len(TOKEN_KINDS))
            ids = np.frombuffer(row.ids, vocabulary.id_type)
            assert ids.max() < vocabulary.size == facts["vocabulary_size"]
            starts = np.cumsum([0, *row.lengths[:-1]])
            assert (ids[starts] == vocabulary.bos_id).all()
    assert {name: kinds[i] for i, name in enumerate(TOKEN_KINDS)} == {
        name: counts[f"tokens.{name}"] for name in TOKEN_KINDS
    }
    assert (facts["row_length"], facts["visual_digest"]) == (256, vocabulary.visual.digest)


def test_another_recipe_uses_the_codes_that_are_there_and_adds_what_is_new(
    run: Run, unbroken: Path, tmp_path: Path, contents: Contents
) -> None:
    """C asks for main crops, CLDR for regions too; what a cold cache gives is what a warm one gives."""
    cache = tmp_path / "cache"
    for recipe in ("C", "CLDR"):
        run(
            "template",
            "--in",
            unbroken / "records",
            "--out",
            tmp_path / recipe,
            values=[f"template.recipe={recipe}"],
        )
    words = ["--records", unbroken / "records", "--cache", cache]
    run("tokenize", "--in", tmp_path / "C", "--out", tmp_path / "first", *words)
    small = {path: path.stat() for path in cache.rglob("*.zst")}
    run("tokenize", "--in", tmp_path / "CLDR", "--out", tmp_path / "second", *words)
    grown = {path: path.stat() for path in cache.rglob("*.zst")}
    shards = read_manifest(Folder(str(unbroken / "records")), "records").shards
    assert set(grown) == set(small) and len(small) == len(shards)
    assert sum(stat.st_size for stat in grown.values()) > 1.5 * sum(stat.st_size for stat in small.values())
    run("tokenize", "--in", tmp_path / "C", "--out", tmp_path / "third", *words)
    assert {path: path.stat().st_mtime_ns for path in cache.rglob("*.zst")} == {
        p: s.st_mtime_ns for p, s in grown.items()
    }
    assert contents(tmp_path / "third") == contents(tmp_path / "first")


def test_records_that_moved_are_named_and_found_by_an_option(
    call: Call, run: Run, unbroken: Path, tmp_path: Path
) -> None:
    shutil.copytree(unbroken / "documents", tmp_path / "elsewhere" / "documents")
    done = call("tokenize", "--in", tmp_path / "elsewhere" / "documents", "--out", tmp_path / "out")
    assert done.returncode == 3
    assert f"error: no such folder\n  at {tmp_path}/elsewhere/records\n" in done.stderr
    done = run(
        "tokenize",
        "--in",
        tmp_path / "elsewhere" / "documents",
        "--out",
        tmp_path / "out",
        "--records",
        unbroken / "records",
        "--dry-run",
        "--json",
    )
    assert msgspec.json.decode(done.stdout)["counts"] == {"documents": 68}


def test_rows_that_are_too_short_for_anything(run: Run, unbroken: Path, tmp_path: Path) -> None:
    words = (
        "tokenize",
        "--in",
        unbroken / "documents",
        "--out",
        tmp_path / "out",
        "--cache",
        tmp_path / "cache",
        "--limit",
        "4",
    )
    short = ["tokenize.row_length=16", "tokenize.visual.patch_px=8", "tokenize.too_long=drop"]
    done = run(*words, values=[*short, "tokenize.max_bad_fraction=0.1"], code=6)
    assert "were rejected, more than max_bad_fraction 0.1: too_long" in done.stderr
    done = run(*words, values=[*short, "tokenize.max_bad_fraction=1"], code=3)
    assert "8 documents leave no rows.train" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.fixture(scope="module")
def again(run: Run, unbroken: Path, tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Path]:
    """Tokenizes the documents with other values; the codes come from one cache."""
    place = tmp_path_factory.mktemp("again")

    def made(name: str, *values: str) -> Path:
        words = ["--in", unbroken / "documents", "--out", place / name, "--cache", place / "cache"]
        run("tokenize", *words, values=values)
        return place / name

    return made


def test_rows_are_opened_by_their_folder(unbroken: Path, vocabulary: Vocabulary) -> None:
    rows = open_rows(str(unbroken / "sequences"), "val", verify=True)
    assert list(rows) == list(_rows(unbroken / "sequences", "val"))
    assert rows.id_bytes == vocabulary.id_type.itemsize
    with pytest.raises(InputError, match="no split `test`") as caught:
        open_rows(str(unbroken / "sequences"), "test")
    assert caught.value.hint == "splits here: train, val"


def test_stored_rows_are_those_of_compressed_ones(again: Callable[..., Path], unbroken: Path) -> None:
    stored = again("stored", "tokenize.zstd_level=0")
    for split in ("train", "val"):
        assert list(_rows(stored, split)) == list(_rows(unbroken / "sequences", split))
    sizes = [sum(path.stat().st_size for path in place.glob("*.rows")) for place in (stored, unbroken / "sequences")]
    assert sizes[0] > 1.5 * sizes[1]


def test_long_documents_are_split_without_loss(
    again: Callable[..., Path], unbroken: Path, vocabulary: Vocabulary
) -> None:
    split, whole = again("split", "tokenize.too_long=split"), again("long", "tokenize.row_length=4096")
    counts = read_manifest(Folder(str(split)), "sequences").counts
    assert counts["documents.split"] > 0 and counts["tokens_lost"] == 0
    pieces: dict[str, list[tuple[bytes, bytes]]] = {}
    for name in ("train", "val"):
        for row in _rows(split, name):
            start = 0
            for key, length in zip(row.keys, row.lengths, strict=True):
                width = vocabulary.id_type.itemsize
                ids, kinds = row.ids[start * width : (start + length) * width], row.kinds[start : start + length]
                pieces.setdefault(key, []).append((ids, kinds))
                start += length
    for name in ("train", "val"):
        for row in _rows(whole, name):
            start = 0
            for key, length in zip(row.keys, row.lengths, strict=True):
                width = vocabulary.id_type.itemsize
                ids = row.ids[start * width : (start + length) * width]
                found = pieces.pop(key)
                # Pieces of a document lie in any row of the window.
                assert any(b"".join(part for part, _ in order) == ids for order in permutations(found))
                starts = [np.frombuffer(part, vocabulary.id_type).tolist() for part, _ in found]
                for part in starts:
                    assert part.count(vocabulary.image_start_id) == part.count(vocabulary.image_end_id)
                start += length
    assert pieces == {}


def test_long_documents_are_dropped_and_named(again: Callable[..., Path]) -> None:
    dropped = again("dropped", "tokenize.too_long=drop", "tokenize.max_bad_fraction=1")
    counts = read_manifest(Folder(str(dropped)), "sequences").counts
    lines = (dropped / "rejected.jsonl").read_text().splitlines()
    assert counts["documents.dropped"] == counts["rejected.too_long"] == len(lines) > 0
    assert "tokens drop leaves nothing for a row of 256 tokens" in lines[0]


def test_a_row_has_at_most_so_many_pictures(again: Callable[..., Path], vocabulary: Vocabulary) -> None:
    place = again("pictures", "tokenize.pictures_per_row=3", "tokenize.row_length=1024")
    for row in _rows(place, "train"):
        assert (np.frombuffer(row.ids, vocabulary.id_type) == vocabulary.image_start_id).sum() <= 3


def test_the_report_is_told_and_stored(run: Run, unbroken: Path, tmp_path: Path) -> None:
    words = [
        "--in",
        unbroken / "documents",
        "--out",
        unbroken / "sequences",
        "--metrics",
        tmp_path / "m.json",
        "--json",
    ]
    done = run("tokenize", *words)
    report = msgspec.json.decode((tmp_path / "m.json").read_bytes())["packing"]["train"]
    assert f"packing of train: {report['rows']:,} rows, {report['fill']:.3%} full" in done.stderr
    assert msgspec.json.decode(done.stdout)["metrics"]["packing"]["train"] == report
