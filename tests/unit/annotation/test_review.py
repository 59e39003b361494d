from pathlib import Path

import pytest

from mmgic.annotation.review import (
    ReviewLine,
    accept_review,
    append_review,
    checked,
    read_review,
    write_review,
)
from mmgic.errors import InputError, UsageError
from mmgic.schema.records import Label
from mmgic.sources.descriptions import labels_from_files

CAT = "A small domestic animal with soft fur, whiskers, and pointed ears, its face flatter than a dog's."
CUP = "A small round vessel of china or glass with a handle on one side, from which hot drinks are drunk."
HEADER = "id\tname\tdescription\tstatus\tfindings\n"


def test_what_is_written_is_read(tmp_path: Path) -> None:
    path = tmp_path / "review.tsv"
    assert read_review(path) == []
    lines = [ReviewLine("coco:17", "cat", CAT), ReviewLine("coco:47", "cup", "", "no", "missing: no text")]
    write_review(path, lines[:1])
    append_review(path, lines[1:])
    assert read_review(path) == lines
    assert path.read_text() == f"{HEADER}coco:17\tcat\t{CAT}\tnew\t\ncoco:47\tcup\t\tno\tmissing: no text\n"
    assert list(tmp_path.iterdir()) == [path]


def test_a_line_that_was_cut_while_it_was_written_is_left_out(tmp_path: Path) -> None:
    path = tmp_path / "review.tsv"
    whole = f"{HEADER}coco:17\tcat\t{CAT}\tnew\t\n"
    line = "coco:47\tcup\tA vessel.\tnew\ttoo_short: 2 words"
    for length in range(len(line) + 1):
        path.write_text(whole + line[:length])
        ids = [found.id for found in read_review(path)]
        assert ids == (["coco:17", "coco:47"] if "\tnew" in line[:length] else ["coco:17"])
    path.write_text(HEADER[:9])
    assert read_review(path) == []


def test_an_editor_may_take_the_tabs_at_the_ends_of_lines(tmp_path: Path) -> None:
    path = tmp_path / "review.tsv"
    path.write_text(f"{HEADER}coco:17\tcat\t{CAT}\tok\ncoco:47\tcup\t{CUP}\tok")
    assert read_review(path) == [ReviewLine("coco:17", "cat", CAT, "ok"), ReviewLine("coco:47", "cup", CUP, "ok")]


def test_a_cut_within_a_letter_costs_no_more_than_the_finding(tmp_path: Path) -> None:
    path = tmp_path / "review.tsv"
    line = f"{HEADER}coco:17\tcat\t{CAT}\tnew\tduplicate: as coco:1 (caf\u00e9".encode()
    path.write_bytes(line[:-1])
    assert [(found.id, found.findings) for found in read_review(path)] == [("coco:17", "duplicate: as coco:1 (caf")]
    path.write_bytes(line[:-1] + b"x")
    with pytest.raises(InputError, match="not UTF-8"):
        read_review(path)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        ("coco:17\tcat\tx\tOK\t\n", "unknown status 'OK' of coco:17"),
        ("coco:17\tcat\tx\n", "with tabs between; found 3 cells"),
        ("cat\tcat\tx\tok\t\n", "id without its source"),
    ],
)
def test_a_mistake_of_the_reviewer_is_named(tmp_path: Path, line: str, what: str) -> None:
    path = tmp_path / "review.tsv"
    path.write_text(HEADER + line)
    with pytest.raises(InputError, match=what) as caught:
        read_review(path)
    assert str(path) in caught.value.where


def test_findings_are_of_all_texts_together_but_the_refused(tmp_path: Path) -> None:
    lines = [
        ReviewLine("coco:17", "cat", CAT, "ok", "old finding"),
        ReviewLine("coco:18", "dog", CAT),
        ReviewLine("coco:47", "cup", "a cup"),
        ReviewLine("coco:48", "fork", CAT, "no", "old finding"),
    ]
    found = checked(lines)
    assert [line.findings.partition(":")[0] for line in found] == ["", "duplicate", "not_one_sentence", ""]
    assert "; too_short: 2 words" in found[2].findings
    assert [line.description for line in found] == [line.description for line in lines]


def test_accepted_lines_become_a_description_file_in_the_order_of_ids(tmp_path: Path) -> None:
    review, out = tmp_path / "review.tsv", tmp_path / "descriptions" / "mine.tsv"
    write_review(
        review,
        [
            ReviewLine("coco:47", "cup", CUP, "ok"),
            ReviewLine("coco:9", "boat", "A hull.", "ok"),
            ReviewLine("coco:17", "cat", CAT, "new"),
            ReviewLine("coco:18", "dog", CAT, "no"),
        ],
    )
    counts = accept_review(review, out)
    assert counts == {"accepted": 2, "accepted_with_findings": 1, "refused": 1, "not_reviewed": 1}
    assert labels_from_files([str(out)]) == [Label("coco:9", "boat", "A hull."), Label("coco:47", "cup", CUP)]
    write_review(review, [*read_review(review)[:2], ReviewLine("coco:17", "cat", CAT, "ok")])
    assert accept_review(review, out)["accepted"] == 3
    write_review(review, [ReviewLine("coco:17", "cat", CAT, "ok")])
    with pytest.raises(UsageError, match="holds 2 labels that are not accepted here, coco:47 first"):
        accept_review(review, out)
    assert len(labels_from_files([str(out)])) == 3


@pytest.mark.parametrize(
    ("lines", "what"),
    [
        (None, "no such side file"),
        ([ReviewLine("coco:17", "cat", CAT)], "none of 1 lines has the status ok"),
        ([ReviewLine("coco:17", "cat", "", "ok")], "accepted without a text: coco:17"),
    ],
)
def test_nothing_is_accepted_that_nobody_reviewed(tmp_path: Path, lines: list[ReviewLine] | None, what: str) -> None:
    review = tmp_path / "review.tsv"
    if lines is not None:
        write_review(review, lines)
    with pytest.raises(InputError, match=what):
        accept_review(review, tmp_path / "mine.tsv")
    assert not (tmp_path / "mine.tsv").exists()
