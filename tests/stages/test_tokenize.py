"""tokenize: rows that give back every document, a cache of codes that serves other recipes, and rows that cannot be."""

import shutil
from collections.abc import Callable
from pathlib import Path
from subprocess import CompletedProcess

import msgspec
import numpy as np
import pytest

from mmgic.images import decode_crops
from mmgic.schema.documents import Document, ImagePart, TextPart
from mmgic.schema.sequences import TOKEN_KINDS
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import read_manifest
from mmgic.shards.records import read_record_shard
from mmgic.shards.rows import RowReader
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


def test_rows_give_back_every_document_but_for_whole_parts_cut_off(unbroken: Path, vocabulary: Vocabulary) -> None:
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
                num_cut += len(parts) < len(document.parts)
                for part, original in zip(parts, document.parts, strict=False):
                    if isinstance(part, TextPart):
                        assert part == original
                        continue
                    assert isinstance(original, ImagePart) and part.concept == original.concept
                    images, _ = decode_crops(
                        [pictures[key]], [np.array([original.crop_xyxy_px])], side=vocabulary.visual.side_px
                    )
                    assert np.array_equal(part.codes, vocabulary.visual.codes_from_images(images)[0])
    assert seen == set(documents)
    assert num_cut == read_manifest(Folder(str(unbroken / "sequences")), "sequences").counts["documents_cut"]


def test_counts_facts_and_rows_agree(unbroken: Path, vocabulary: Vocabulary) -> None:
    manifest = read_manifest(Folder(str(unbroken / "sequences")), "sequences")
    counts, facts = manifest.counts, manifest.facts
    kinds = np.zeros(len(TOKEN_KINDS), dtype=int)
    for split in ("train", "val"):
        rows = list(_rows(unbroken / "sequences", split))
        tokens = sum(sum(row.lengths) for row in rows)
        assert (counts[f"rows.{split}"], counts[f"packed_tokens.{split}"]) == (len(rows), tokens)
        assert facts["fill"][split] == pytest.approx(tokens / (len(rows) * 256))
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
    short = ["tokenize.row_length=16", "tokenize.visual.patch_px=8"]
    done = run(*words, values=[*short, "tokenize.max_bad_fraction=0.1"], code=6)
    assert "were rejected, more than max_bad_fraction 0.1: too_long" in done.stderr
    done = run(*words, values=[*short, "tokenize.max_bad_fraction=1"], code=3)
    assert "8 documents leave no rows.train" in done.stderr
    assert not (tmp_path / "out").exists()
