"""Rows of many files in one numbering, in the order of names; which files are tables; splits by name."""

import tracemalloc
import zlib
from collections.abc import Callable

import pytest

from mmgic.errors import InputError
from mmgic.shards.folder import Folder
from mmgic.sources.tables import files_of_folder, native_names, split_from_name, table_rows

A, B = "http://a/1.jpg", "http://b/2.jpg"


def test_all_rows_count_in_the_order_of_names(tables: Callable[..., Folder]) -> None:
    folder = tables(
        {
            "b/Validation_GCC.tsv": f"three\t{A}\n",
            "Train_GCC-training.tsv": f"one\t{A}\nragged\ntwo\t{B}\n",
            "a.csv": f"url,split,caption\n{A},val,x\n{B},,y\n",
            "_metadata.parquet": b"",
            ".part.csv.crc": b"",
            "ledger.jsonl.zst": b"",
            "pictures-00000.tar": b"",
        }
    )
    assert list(native_names(folder)) == ["Train_GCC-training.tsv", "a.csv", "b/Validation_GCC.tsv"]
    found = list(table_rows(files_of_folder(folder), "web", {}))
    assert [(row.number, row.row, row.split, row.file, row.place) for row in found] == [
        (0, 0, "train", "Train_GCC-training.tsv", 1),
        (1, 1, "train", "Train_GCC-training.tsv", 2),
        (2, 2, "train", "Train_GCC-training.tsv", 3),
        (3, 0, "val", "a.csv", 2),
        (4, 1, "train", "a.csv", 3),
        (5, 0, "val", "b/Validation_GCC.tsv", 1),
    ]


def test_no_table_is_named(tables: Callable[..., Folder]) -> None:
    with pytest.raises(InputError, match="no table of captions"):
        files_of_folder(tables({"readme.txt": "x"}))


@pytest.mark.parametrize(
    ("name", "split"),
    [
        ("Train_GCC-training.tsv", "train"),
        ("Validation_GCC-1.1.0-Validation.tsv", "val"),
        ("cc3m-validation-0000.tar", "val"),
        ("val/00000.tar", "val"),
        ("laion_test_1000.parquet", "test"),
        ("training/val.tsv", "train"),
        ("part-00000.parquet", "train"),
        ("contest.tsv", "train"),
        ("VALIDATION.TSV", "val"),
    ],
)
def test_splits_by_name(name: str, split: str) -> None:
    assert split_from_name(name) == split


def test_memory_does_not_grow_with_the_rows(tables: Callable[..., Folder]) -> None:
    peaks = []
    for count in (20_000, 100_000):
        lines = (f"caption {zlib.crc32(b'%d' % n)}\thttp://a/{n}.jpg" for n in range(count))
        folder = tables({"a.tsv": "\n".join(lines)})
        tracemalloc.start()
        assert sum(1 for _ in table_rows(files_of_folder(folder), "web", {})) == count
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.1 * peaks[0]
