"""Exclusion lists from folders as people have them: loose, packed, in tables; with what is no picture, or for training."""

import base64
import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from blake3 import blake3
from PIL import Image
from skimage import data

from mmgic.duplicates.builder import Built, build_exclusions, write_exclusions
from mmgic.duplicates.exclusions import LIST, Exclusion
from mmgic.errors import InputError, UsageError
from mmgic.shards.folder import Folder
from mmgic.shards.lines import read_lines
from mmgic.shards.manifest import read_manifest

Build = Callable[..., Built]
COCO = "COCO_val2014_000000310196.jpg"


def photo(name: str, format: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.fromarray(getattr(data, name)()).convert("RGB").resize((160, 120)).save(stream, format)
    return stream.getvalue()


COFFEE, CAT, ROCKET, WHITE = photo("coffee"), photo("chelsea", "PNG"), photo("rocket"), io.BytesIO()
Image.new("RGB", (64, 64), "white").save(WHITE, "PNG")


def exact(name: str, picture: bytes) -> Exclusion:
    return Exclusion(name, "exact", "", blake3(picture).hexdigest())


@pytest.fixture
def build(tmp_path: Path) -> Build:
    def built(files: dict[str, bytes]) -> Built:
        for name, content in files.items():
            path = tmp_path / "benchmarks" / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)
        return build_exclusions(Folder(str(tmp_path / "benchmarks")), threads=1, progress=lambda *_: None)

    return built


def zipped(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, content in files.items():
            archive.writestr(name, content)
    return stream.getvalue()


def tarred(files: dict[str, bytes]) -> bytes:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w:gz") as archive:
        for name, content in files.items():
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    return stream.getvalue()


def parquet(columns: dict[str, list[object]]) -> bytes:
    stream = io.BytesIO()
    pq.write_table(pa.table(columns), stream, row_group_size=2)
    return stream.getvalue()


def test_a_picture_gives_bytes_hash_and_the_id_in_its_name(build: Build) -> None:
    built = build({f"pope/val2014/{COCO}": COFFEE})
    (near,) = (line for line in built.exclusions if line.way == "near")
    assert built.exclusions == {exact("pope", COFFEE), near, Exclusion("pope", "id", "coco", "310196")}
    assert (near.benchmark, len(near.value)) == ("pope", 16)
    assert built.counts["pictures"] == 1


@pytest.mark.parametrize(
    "files",
    [
        {"mmbench/1.jpg": COFFEE, "mmbench/deep/down/2.png": CAT},
        {"mmbench/pictures.zip": zipped({"a/1.jpg": COFFEE, "2.png": CAT})},
        {"mmbench.zip": zipped({"1.jpg": COFFEE, "2.png": CAT})},
        {"MMBench/pictures.tar.gz": tarred({"1.jpg": COFFEE, "2.png": CAT})},
        {
            "MMBench_DEV_EN.tsv": b"index\tquestion\timage\n"
            + b'0\t"two\nlines, a ""tab"""\t'
            + base64.b64encode(COFFEE)
            + b"\n1\tq\t"
            + base64.b64encode(CAT)
            + b"\n1000000\tq\t0\n"
        },
        {"mmbench/dev.tsv.gz": gzip.compress(b"image\n" + b"\n".join(map(base64.b64encode, (COFFEE, CAT))))},
        {"mmbench/dev-00000-of-00001.parquet": parquet({"question": ["a", "b"], "image": [COFFEE, CAT]})},
        {"MMBench_EN.parquet": parquet({"image": [{"bytes": x, "path": None} for x in (COFFEE, CAT)] + [None]})},
        {"mmbench.tar.gz": tarred({"dev.parquet": parquet({"images": [[], [{"bytes": COFFEE}, {"bytes": CAT}]]})})},
    ],
    ids=["loose", "zip", "zip alone", "tar", "table", "packed table", "bytes", "images", "lists in a tar"],
)
def test_pictures_are_found_however_they_are_packed(build: Build, files: dict[str, bytes]) -> None:
    built = build(files)
    assert {line for line in built.exclusions if line.way == "exact"} == {
        exact("mmbench", COFFEE),
        exact("mmbench", CAT),
    }
    assert built.table() == {"mmbench": {"id": 0, "exact": 2, "near": 2}}


def test_ids_are_read_from_packed_files_too(build: Build) -> None:
    stories = json.dumps({"images": [{"id": "77"}]}).encode()
    built = build(
        {
            "vist/SIS-with-labels.tar.gz": tarred(
                {"sis/train.story-in-sequence.json": b"not read", "sis/test.story-in-sequence.json": stories}
            ),
            "v2_Questions_Val_mscoco.zip": zipped(
                {"v2_OpenEnded_mscoco_val2014_questions.json": b'{"questions": [{"image_id": 5}]}'}
            ),
            "any/nocaps_val.json.gz": gzip.compress(b'[{"image": "0013ea2087020901.jpg"}]'),
        }
    )
    assert built.exclusions == {
        Exclusion("vist", "id", "flickr", "77"),
        Exclusion("vqav2", "id", "coco", "5"),
        Exclusion("nocaps", "id", "open-images", "0013ea2087020901"),
    }
    assert (built.counts["files_of_ids"], built.counts["files_left_out_as_train"]) == (3, 1)


def test_what_is_called_train_is_left_out(build: Build) -> None:
    built = build(
        {
            "scienceqa/train/1/image.png": COFFEE,
            "scienceqa/test/2/image.png": CAT,
            "vizwiz/train.zip": zipped({"1.jpg": COFFEE}),
            "vqav2/v2_mscoco_train2014_annotations.json": b'{"annotations": [{"image_id": 5}]}',
            "mme/a-train.jpg": ROCKET,
        }
    )
    assert {line.benchmark for line in built.exclusions} == {"scienceqa", "mme"}
    assert built.counts["files_left_out_as_train"] == 3


def test_of_gqa_only_listed_pictures_count(build: Build) -> None:
    questions = json.dumps({"1": {"imageId": "12"}}).encode()
    built = build(
        {
            "gqa/testdev_balanced_questions.json": questions,
            "gqa/images.zip": zipped({"images/12.jpg": COFFEE, "images/13.jpg": ROCKET}),
        }
    )
    assert built.table() == {"gqa": {"id": 1, "exact": 1, "near": 1}}
    assert exact("gqa", COFFEE) in built.exclusions
    assert built.counts["pictures_not_listed"] == 1


def test_a_folder_that_is_not_known_is_a_benchmark_of_its_own(build: Build) -> None:
    assert build({"ChartQA/a.jpg": COFFEE}).table() == {"chartqa": {"id": 0, "exact": 1, "near": 1}}


def test_what_is_no_sound_picture_is_counted(build: Build) -> None:
    built = build(
        {
            "seed-bench/1_2": COFFEE,
            "seed-bench/LICENSE": b"do what you like",
            "seed-bench/broken.jpg": COFFEE[:600],
            "seed-bench/white.png": WHITE.getvalue(),
            "seed-bench/empty.jpg": b"",
            "seed-bench/README.md": b"# text",
            "seed-bench/t.tsv": b"image\n" + b"x" * 40 + b"\n" + b"x" * 41 + b"\n",
        }
    )
    assert built.table() == {"seed-bench": {"id": 1, "exact": 4, "near": 1}}
    assert {name: count for name, count in built.counts.items() if count} == {
        "pictures": 4,
        "pictures_not_decoded": 2,
        "pictures_without_detail": 1,
        "pictures_not_read": 2,
        "files_not_used.md": 1,
    }


def test_names_in_a_table_give_ids_and_cells_are_wanted_whatever_they_are_called(build: Build) -> None:
    cells = [{"bytes": COFFEE, "path": f"val2014/{COCO}"}, {"bytes": b"", "path": "a.jpg"}, {"bytes": CAT, "path": "b"}]
    built = build({"pope/test.parquet": parquet({"image": cells}), "gqa/val.parquet": parquet({"image": [ROCKET]})})
    assert built.table() == {"pope": {"id": 1, "exact": 2, "near": 2}, "gqa": {"id": 0, "exact": 1, "near": 1}}
    assert Exclusion("pope", "id", "coco", "310196") in built.exclusions
    assert built.counts["pictures_not_read"] == 1 and built.counts["pictures_not_listed"] == 0


def test_what_gives_nothing_is_counted(build: Build) -> None:
    link = tarfile.TarInfo("link.jpg")
    link.type, link.linkname = tarfile.SYMTYPE, "1.jpg"
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as archive:
        archive.addfile(link)
    built = build(
        {
            "mme/a.jpg": COFFEE,
            "mme/linked.tar": stream.getvalue(),
            "mmbench/dev.pdf": b"%PDF",
            "mmbench/labels.parquet": parquet({"index": [1], "image": ["1.jpg"]}),
            "mmbench/dev.tsv": b"index\tpicture\n0\tx\n",
            "mmbench/inner.zip": zipped({"pictures.zip": zipped({"1.jpg": CAT})}),
            "pope/coco_pope_random.json": b'{"image": "310196.jpg"}',
        }
    )
    assert {name: count for name, count in built.counts.items() if count} == {
        "pictures": 1,
        "members_that_are_no_files": 1,
        "files_not_used.pdf": 1,
        "tables_without_pictures": 2,
        "files_not_used.zip": 1,
        "files_of_ids": 1,
        "files_of_ids_without_any": 1,
    }
    assert any(line.startswith("pope: no ids of questions") for line in built.missing)


def test_a_file_of_several_benchmarks_is_read_from_a_tar_too(build: Build) -> None:
    captions = json.dumps({"images": [{"id": 42}]}).encode()
    built = build({"coco/annotations.tar.gz": tarred({"annotations/captions_val2014.json": captions})})
    assert built.exclusions == {
        Exclusion("coco-caption", "id", "coco", "42"),
        Exclusion("coco-text-to-image", "id", "coco", "42"),
    }


def test_loose_pictures_are_a_benchmark_called_like_the_folder(tmp_path: Path) -> None:
    (tmp_path / "VizWiz").mkdir()
    for number, picture in enumerate((COFFEE, CAT)):
        (tmp_path / "VizWiz" / f"{number}.jpg").write_bytes(picture)
    built = build_exclusions(Folder(str(tmp_path / "VizWiz")), threads=1, progress=lambda *_: None)
    assert built.table() == {"vizwiz": {"id": 0, "exact": 2, "near": 2}}


def test_a_folder_without_benchmarks_is_told(build: Build) -> None:
    """An empty list would look as if nothing were in them."""
    with pytest.raises(InputError, match="no ids and no pictures of benchmarks"):
        build({"notes/README.md": b"# text", "vqav2/train2014/1.jpg": COFFEE})


def test_what_is_missing_is_named_with_what_to_get(build: Build) -> None:
    built = build({"pope/coco_pope_random.json": json.dumps([{"image": COCO}]).encode(), "mme/a.jpg": COFFEE})
    assert "pope: no pictures: nothing is excluded by hash" in built.missing
    assert "seed-bench: no ids of questions: get SEED-Bench.json" in built.missing
    assert any(
        line.startswith("coco-caption: no ids of the whole of val2014: get captions_val") for line in built.missing
    )
    assert not any(line.startswith(("pope: no ids", "mme: no pictures", "refcoco")) for line in built.missing)


@pytest.mark.parametrize(
    ("files", "message"),
    [
        ({"SEED-Bench.json": b'{"questions": '}, "cannot read the ids of questions"),
        ({"nocaps_val.json.gz": gzip.compress(b"[]" * 100)[:-12]}, "cannot read the file"),
        ({"a/pictures.zip": zipped({"1.jpg": COFFEE})[:-30]}, "cannot read the archive"),
        ({"t.tsv": b"image\n\xff\xfe\n"}, "cannot read the table"),
        ({"mmbench/t.parquet": b"PAR1"}, "cannot read the Parquet file"),
        ({"mmbench/t.parquet": parquet({"image": [COFFEE]})[:-9]}, "cannot read the Parquet file"),
    ],
)
def test_a_file_that_cannot_be_read_is_named(build: Build, files: dict[str, bytes], message: str) -> None:
    with pytest.raises(InputError, match=message) as caught:
        build(files)
    (name,) = files
    assert name in caught.value.where


def test_no_folder_is_told(scratch: Folder) -> None:
    with pytest.raises(InputError, match="no such folder"):
        build_exclusions(scratch / "nowhere", threads=1, progress=lambda *_: None)


def test_the_folder_has_sorted_lines_counts_and_what_is_missing(build: Build, scratch: Folder) -> None:
    built = build({f"pope/{COCO}": COFFEE})
    manifest = write_exclusions(built, scratch / "list")
    assert read_manifest(scratch / "list", "exclusions") == manifest
    (entry,) = manifest.shards
    assert list(read_lines(scratch / "list", entry, Exclusion)) == sorted(built.exclusions)
    assert entry.name == LIST
    assert manifest.counts == {"pope.id": 1, "pope.exact": 1, "pope.near": 1, "pictures": 1, "pictures_not_listed": 0}
    assert manifest.facts == {"missing": built.missing}


def test_a_later_list_takes_the_place_of_an_earlier_one_but_of_nothing_else(build: Build, scratch: Folder) -> None:
    first = write_exclusions(build({"mme/a.jpg": COFFEE}), scratch / "list")
    second = write_exclusions(build({"mme/b.png": CAT}), scratch / "list")
    assert read_manifest(scratch / "list", "exclusions") == second != first
    (scratch / "mine").write("letter.txt", b"")
    with pytest.raises(UsageError, match="not empty and not ours"):
        write_exclusions(Built(), scratch / "mine")
