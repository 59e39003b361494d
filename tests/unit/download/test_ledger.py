"""The ledger on disk: what is recorded stays, what lacks its bytes goes, whatever a kill left behind."""

from pathlib import Path

import pytest
from blake3 import blake3

from mmgic.download.ledger import Ledger, Row, Spool
from mmgic.errors import MmgicError
from mmgic.schema.manifests import LedgerLine


def _row(data: bytes, offset: int) -> Row:
    return Row("", 200, 1, len(data), blake3(data).hexdigest(), "jpg", offset)


def test_rows_and_their_bytes_outlive_the_process(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        spool = ledger.opened(3)
        rows = {number: _row(data, spool.append(data)) for number, data in ((5, b"five"), (2, b"second"))}
        rows[0] = Row("not_found", 404, 1)
        for number, row in rows.items():
            ledger.record(3, number, row)
        spool.close()
    with Ledger(tmp_path) as ledger:
        spool = ledger.opened(3)
        assert ledger.rows(3) == rows
        assert spool.read(rows[2].offset, rows[2].num_bytes) == b"second"
        assert ledger.rows(4) == {}
        spool.close()


def test_a_torn_end_of_a_spool_is_cut(tmp_path: Path) -> None:
    with Ledger(tmp_path) as ledger:
        spool = ledger.opened(0)
        ledger.record(0, 0, _row(b"whole", spool.append(b"whole")))
        spool.append(b"not recor")
        spool.close()
    with Ledger(tmp_path) as ledger:
        spool = ledger.opened(0)
        assert ledger.spool_path(0).read_bytes() == b"whole"
        assert spool.append(b"next") == 5
        spool.close()


def test_a_full_disk_is_named() -> None:
    spool = Spool(Path("/dev/full"))
    with pytest.raises(MmgicError, match="No space left") as caught:
        spool.append(b"whole")
    assert (caught.value.where, "run the same command again" in caught.value.hint) == ("/dev/full", True)
    spool.close()


def test_rows_whose_bytes_are_lost_are_asked_again(tmp_path: Path) -> None:
    """A machine that lost its power may have kept the rows and not the bytes."""
    with Ledger(tmp_path) as ledger:
        spool = ledger.opened(0)
        for number, data in enumerate((b"first", b"other", b"third")):
            ledger.record(0, number, _row(data, spool.append(data)))
        spool.close()
    path = tmp_path / "unit-000000.spool"
    path.write_bytes(b"first" + b"\0" * 5 + b"th")
    with Ledger(tmp_path) as ledger:
        ledger.opened(0).close()
        assert list(ledger.rows(0)) == [0]
    assert path.read_bytes() == b"first"


def test_a_finished_unit_is_its_lines_alone(tmp_path: Path) -> None:
    lines = [
        LedgerLine("000000000", 5, "b", shard="p.tar", offset=512),
        LedgerLine("000000001", state="failed", cause="timeout"),
    ]
    with Ledger(tmp_path) as ledger:
        for unit in (1, 0):
            spool = ledger.opened(unit)
            ledger.record(unit, 0, _row(b"a", spool.append(b"a")))
            spool.close()
            ledger.finish(unit, lines[unit : unit + 1])
        assert ledger.is_finished(0) and ledger.is_finished(1) and not ledger.is_finished(2)
        assert list(ledger.lines()) == lines
        assert ledger.rows(0) == {}
    assert sorted(path.name for path in tmp_path.iterdir()) == ["ledger.sqlite"]
    (tmp_path / "unit-000001.spool").write_bytes(b"left by a kill")
    (tmp_path / "unit-000002.spool").write_bytes(b"of an open unit")
    with Ledger(tmp_path):
        assert [path.name for path in tmp_path.glob("*.spool")] == ["unit-000002.spool"]


def test_failures_of_the_network_are_forgotten_others_stay(tmp_path: Path) -> None:
    rows = [Row("unknown_host", 0, 1), Row("not_found", 404, 1), Row("server_error", 503, 2), Row("timeout", 0, 2)]
    with Ledger(tmp_path) as ledger:
        spool = ledger.opened(7)
        for number, row in enumerate([*rows, _row(b"a", spool.append(b"a"))]):
            ledger.record(7, number, row)
        ledger.forget_failures()
        assert list(ledger.rows(7)) == [1, 4]
        spool.close()
