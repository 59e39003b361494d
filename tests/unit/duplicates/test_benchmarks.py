"""Which files of the benchmarks name pictures, and what they say: in the layouts in which they are published."""

import json
import re
from typing import Any

import pytest

from mmgic.duplicates.benchmarks import Benchmark, benchmark_of_folder, benchmarks, ids_in_file
from mmgic.errors import InputError
from mmgic.sources.catalog import catalog

COCO = "COCO_val2014_000000310196.jpg"


def lines(*rows: Any) -> bytes:
    return b"".join(json.dumps(row).encode() + b"\n" for row in rows)


def named(name: str) -> Benchmark:
    return next(benchmark for benchmark in benchmarks() if benchmark.name == name)


FILES = {
    "captions_val2014.json": {"info": {}, "images": [{"id": 9, "file_name": COCO}], "annotations": [{"image_id": 3}]},
    "instances_val2014.json": {"images": [{"id": 9}], "categories": []},
    "dataset_coco.json": {
        "images": [
            {"cocoid": 1, "split": "test", "filepath": "val2014"},
            {"cocoid": 2, "split": "val", "sentences": []},
            {"cocoid": 3, "split": "restval"},
            {"cocoid": 4, "split": "train"},
        ]
    },
    "coco_karpathy_test_gt.json": {"annotations": [{"image_id": 5, "caption": "A."}], "images": [{"id": 5}]},
    "coco_karpathy_val.json": [{"image": f"val2014/{COCO}", "caption": ["A."]}],
    "nocaps_val_image_info.json": {"images": [{"id": 0, "open_images_id": "0013ea2087020901"}]},
    "nocaps_val_4500_captions.json": {"images": [{"id": 0, "open_images_id": "0013ea2087020901"}], "annotations": []},
    "nocaps_val.json": [{"image": "val/0013ea2087020901.jpg", "img_id": 0}],
    "nocaps_test_image_info.json": {"images": [{"open_images_id": "fe7ed0dac010fdf0"}]},
    "v2_mscoco_val2014_annotations.json": {"annotations": [{"image_id": 262148, "question_id": 262148000}]},
    "v2_OpenEnded_mscoco_val2014_questions.json": {"questions": [{"image_id": 262148, "question": "?"}]},
    "v2_OpenEnded_mscoco_test2015_questions.json": {"questions": [{"image_id": 7}]},
    "testdev_balanced_questions.json": {"201307251": {"imageId": "n161313", "question": "?"}},
    "val_balanced_questions.json": {"1": {"imageId": "2405722"}},
    "val_sceneGraphs.json": {"2353884": {"width": 500, "objects": {"1": {}}}},
    "SEED-Bench.json": {
        "questions": [
            {"data_id": "1454426_2591111986", "data_type": "image", "question_id": "101669"},
            {"data_id": "v_1", "data_type": "video"},
        ]
    },
    "test.story-in-sequence.json": {"images": [{"id": "1741642"}], "annotations": [[{"photo_flickr_id": "1741642"}]]},
    "finetune_refcoco_val.json": {"images": [{"id": 1, "file_name": "COCO_train2014_000000000072.jpg"}]},
    "captions_val2014.json.gz": {"images": [{"id": 9}]},
}
EXPECTED = {
    "captions_val2014.json": {("coco-caption", "coco", "9"), ("coco-text-to-image", "coco", "9")},
    "instances_val2014.json": {("coco-caption", "coco", "9"), ("coco-text-to-image", "coco", "9")},
    "dataset_coco.json": {(b, "coco", n) for b in ("coco-caption", "coco-text-to-image") for n in "123"},
    "coco_karpathy_test_gt.json": {("coco-caption", "coco", "5")},
    "coco_karpathy_val.json": {("coco-caption", "coco", "310196")},
    "nocaps_val_image_info.json": {("nocaps", "open-images", "0013ea2087020901")},
    "nocaps_val_4500_captions.json": {("nocaps", "open-images", "0013ea2087020901")},
    "nocaps_val.json": {("nocaps", "open-images", "0013ea2087020901")},
    "nocaps_test_image_info.json": {("nocaps", "open-images", "fe7ed0dac010fdf0")},
    "v2_mscoco_val2014_annotations.json": {("vqav2", "coco", "262148")},
    "v2_OpenEnded_mscoco_val2014_questions.json": {("vqav2", "coco", "262148")},
    "v2_OpenEnded_mscoco_test2015_questions.json": {("vqav2", "coco", "7")},
    "testdev_balanced_questions.json": {("gqa", "visual-genome", "n161313")},
    "val_balanced_questions.json": {("gqa", "visual-genome", "2405722")},
    "val_sceneGraphs.json": {("gqa", "visual-genome", "2353884")},
    "SEED-Bench.json": {("seed-bench", "cc3m", "1454426_2591111986")},
    "test.story-in-sequence.json": {("vist", "flickr", "1741642")},
    "finetune_refcoco_val.json": {("refcoco", "coco", "72")},
    "captions_val2014.json.gz": {("coco-caption", "coco", "9"), ("coco-text-to-image", "coco", "9")},
}


def found(file: str, data: bytes) -> set[tuple[str, str, str]]:
    return {
        (benchmark.name, entry.namespace, value)
        for benchmark in benchmarks()
        for entry in benchmark.id_files(file)
        for value in ids_in_file(entry, data, file)
    }


@pytest.mark.parametrize("file", FILES)
def test_a_json_file_names_its_pictures(file: str) -> None:
    assert found(file, json.dumps(FILES[file]).encode()) == EXPECTED[file]


@pytest.mark.parametrize(
    ("file", "data", "expected"),
    [
        ("coco_pope_random.json", lines({"question_id": 1, "image": COCO}), {("pope", "coco", "310196")}),
        ("coco_pope_random.json", json.dumps([{"image": COCO}]).encode(), {("pope", "coco", "310196")}),
        ("llava_gqa_testdev_balanced.jsonl", lines({"image": "n161313.jpg"}), {("gqa", "visual-genome", "n161313")}),
        ("refcoco+_val.jsonl", lines({"image": f"train2014/{COCO}"}), {("refcoco", "coco", "310196")}),
        ("count.txt", b"000000006040.jpg\tIs it?\tYes\n0001.png\tIs it?\tNo\n", {("mme", "coco", "6040")}),
        (
            "validation-annotations-bbox.csv",
            b"\xef\xbb\xbfImageID,Source\n0013ea2087020901,x\n",
            {("nocaps", "open-images", "0013ea2087020901")},
        ),
        (
            "test-images-with-rotation.csv",
            b"ImageID,Subset\n0013ea2087020901,test\n",
            {("nocaps", "open-images", "0013ea2087020901")},
        ),
    ],
)
def test_other_files_name_their_pictures(file: str, data: bytes, expected: set[tuple[str, str, str]]) -> None:
    assert found(file, data) == expected


@pytest.mark.parametrize("file", ["README.md", "captions_train2014.json", "questions.json", "landmark.txt", "a.csv"])
def test_files_of_other_names_are_none(file: str) -> None:
    assert [entry for benchmark in benchmarks() for entry in benchmark.id_files(file)] == []


@pytest.mark.parametrize(
    ("name", "file", "expected"),
    [
        ("pope", COCO, [("coco", "310196")]),
        ("mme", "000000006040.jpg", [("coco", "6040")]),
        ("mme", "0001.png", []),
        ("seed-bench", "1454426_2591111986", [("cc3m", "1454426_2591111986")]),
        ("nocaps", "0013ea2087020901.jpg", [("open-images", "0013ea2087020901")]),
        ("gqa", "n161313.jpg", [("visual-genome", "n161313")]),
        ("vist", "1741642.jpg", [("flickr", "1741642")]),
        ("vizwiz", "VizWiz_val_00000000.jpg", []),
    ],
)
def test_names_of_pictures_hold_ids(name: str, file: str, expected: list[tuple[str, str]]) -> None:
    assert list(named(name).ids_from_picture(file)) == expected


@pytest.mark.parametrize(
    ("folder", "expected"),
    [
        ("pope", "pope"),
        ("pope-mini", "pope"),
        ("MME_Benchmark_release_version", "mme"),
        ("SEED-Bench-image.zip", "seed-bench"),
        ("SEEDBench_IMG.tsv", "seed-bench"),
        ("mmbench_dev_20230712.tsv", "mmbench"),
        ("ScienceQA", "scienceqa"),
        ("VizWiz", "vizwiz"),
        ("val2014", "coco-caption"),
        ("coco_text_to_image", "coco-text-to-image"),
        ("test_images.tar.gz", "test-images"),
        ("ChartQA", "chartqa"),
        ("../a b\n", "..-a-b-"),
    ],
)
def test_a_folder_belongs_to_a_benchmark(folder: str, expected: str) -> None:
    assert benchmark_of_folder(folder) == expected


@pytest.mark.parametrize(
    ("file", "data"),
    [
        ("SEED-Bench.json", b'{"questions": [{"data_id": "1", "data_type": "im'),
        ("SEED-Bench.json", b'{"question": []}'),
        ("SEED-Bench.json", b'{"questions": [{"data_type": "image"}]}'),
        ("captions_val2014.json", b'{"images": [{"id": [1]}]}'),
        ("captions_val2014.json", b"\xff\xfe"),
        ("val_sceneGraphs.json", b"[]"),
        ("test-annotations-bbox.csv", b"Image,Source\n1,2\n"),
        ("coco_pope_random.json", b'{"image": "a"}\n{"image"'),
        ("coco_pope_random.json", b"version https://git-lfs.github.com/spec/v1\n"),
        ("count.txt", b"\xff\xfe"),
    ],
)
def test_a_file_in_another_form_is_refused_with_its_name(file: str, data: bytes) -> None:
    with pytest.raises(InputError, match="cannot read the ids of") as caught:
        found(file, data)
    assert caught.value.where == file


def test_the_table_is_sound() -> None:
    twelve = [benchmark.name for benchmark in benchmarks() if not benchmark.optional]
    assert len(twelve) == 12
    assert {name for name, entry in catalog().items() if entry.kind == "benchmark"} == set(twelve)
    for benchmark in benchmarks():
        for entry in benchmark.ids:
            re.compile(entry.files)
            assert entry.rows != "picture" or not entry.where
        whats = [entry.what for entry in benchmark.ids if entry.rows != "picture"]
        assert whats == sorted(whats, key=whats.index)
