"""Packed training rows and the index of the blocks that hold them."""

from typing import Literal

import msgspec

from mmgic.schema.records import Key

TOKEN_KINDS = ("template", "caption", "label", "description", "image", "region", "box")
"""Kind of a token; its index is the byte stored in `Sequence.kinds`. Markers count to what they mark."""

TokenKind = Literal["template", "caption", "label", "description", "image", "region", "box"]


class Sequence(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One training row: segments end to end, segment i of `lengths[i]` tokens out of document `keys[i]`.

    `ids` are little-endian unsigned integers of the width that the folder's manifest names (`id_bytes`), `kinds` one byte a
    token. A row is not padded: the loader does that.
    """

    keys: list[Key]
    lengths: list[int]
    ids: bytes
    kinds: bytes


class Block(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A block of a `.rows` shard: where it starts, how long it is, the first row in it and how many rows."""

    offset: int
    num_bytes: int
    first_row: int
    num_rows: int


class BlockIndex(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Index of a `.rows` shard, so that a row is found by its number with one seek."""

    num_rows: int
    compression: Literal["none", "zstd"]
    blocks: list[Block]
