from mmgic.annotation.candidates import Candidate, usable_texts


def test_texts_are_kept_once_on_one_line_and_the_others_are_counted_by_cause() -> None:
    candidates = [
        Candidate(" A red\ncup  on a table ", True),
        Candidate("a red cup on a Table", True),
        Candidate("...", True),
        Candidate("", False),
        Candidate("a man who", False),
        Candidate("a \ufffd cat", True),
        Candidate("a \x07 cat", True),
        Candidate("zwei Hunde", True),
    ]
    texts, dropped = usable_texts(candidates)
    assert texts == ["A red cup on a table", "zwei Hunde"]
    assert dropped == {"duplicate": 1, "empty": 2, "unfinished": 1, "broken": 2}
    assert len(texts) + dropped.total() == len(candidates)
