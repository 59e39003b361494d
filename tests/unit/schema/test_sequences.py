"""Rows: msgpack round trip with raw bytes; the order of kinds is part of the format."""

import msgspec

from mmgic.schema.sequences import TOKEN_KINDS, Sequence


def test_a_row_survives_msgpack() -> None:
    row = Sequence(["a", "b"], [1, 2], b"\x00\xff" * 3, b"\x00\x01\x05")
    assert msgspec.msgpack.decode(msgspec.msgpack.encode(row), type=Sequence) == row


def test_the_numbers_of_kinds_never_change() -> None:
    assert TOKEN_KINDS == ("template", "caption", "label", "description", "image", "region")
