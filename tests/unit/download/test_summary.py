"""Counts of a ledger's lines, and the summary for people."""

from mmgic.download.summary import count_name, summary_lines
from mmgic.schema.manifests import LedgerLine


def test_a_line_is_a_file_a_picture_or_a_failure() -> None:
    lines = [LedgerLine("a.csv"), LedgerLine("1", shard="p.tar"), LedgerLine("2", state="failed", cause="timeout")]
    assert [count_name(line, "web") for line in lines] == ["files.web", "pictures.web", "failed.web.timeout"]


def test_the_most_frequent_cause_comes_first_with_its_hint() -> None:
    counts = {
        "files.web": 1,
        "pictures.web": 1000,
        "failed.web.timeout": 7,
        "failed.web.not_found": 500,
        "failed.web.not_a_plain_file": 7,
        "pictures.coco": 3,
        "failed.coco.broken_member": 1,
        "failed.website.timeout": 9,
    }
    assert summary_lines(counts, ["coco", "web"]) == [
        "web: 1,000 of 1,514 pictures came; the others:",
        "  not_found                    500  404 or 410: gone from the web; the older a table, the more of it is",
        "  not_a_plain_file               7",
        "  timeout                        7  not whole within `fetch.download.timeout_s`: raise it, or lower the "
        "concurrency if the line is full",
    ]
    assert summary_lines({"pictures.web": 3}, ["web"]) == []
