"""Tokens to be written as rows: documents of image and text tokens, and the rows that our packer puts them in.

A document is one picture's tokens, evenly drawn from 16,384 codes (which no compressor makes much smaller), then a caption
whose ids follow Zipf's law over 32,000. Lengths are those of `vlm-any`. Equal arguments give equal tokens.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from benchmarks.pack.lengths import drawn_lengths
from mmgic.packing import Packing, pack

TEXT_IDS, CODES = 32_000, 16_384
TEXT_KIND, IMAGE_KIND = 1, 4
"""`caption` and `image` among mmgic's kinds of tokens."""
BYTES_PER_TOKEN = 3
"""Two of the id, one of the kind."""


@dataclass(frozen=True)
class TokenSet:
    """Documents end to end, and the rows that they are packed in.

    Attributes:
        ids: Ids (T,).
        kinds: Kinds (T,).
        starts: First token of each document, and the end (D + 1,).
        packing: Rows of documents.
    """

    ids: NDArray[np.uint16]
    kinds: NDArray[np.uint8]
    starts: NDArray[np.int64]
    packing: Packing

    @property
    def num_tokens(self) -> int:
        """Tokens of all documents; each is in one row."""
        return len(self.ids)

    def row(self, number: int) -> tuple[NDArray[np.uint16], NDArray[np.uint8], list[int]]:
        """Ids and kinds of a row, and the documents in it."""
        bounds = self.packing.row_starts
        documents = self.packing.items[int(bounds[number]) : int(bounds[number + 1])].tolist()
        spans = [slice(int(self.starts[document]), int(self.starts[document + 1])) for document in documents]
        return (
            np.concatenate([self.ids[span] for span in spans]),
            np.concatenate([self.kinds[span] for span in spans]),
            documents,
        )

    def samples(self) -> Iterator[dict[str, NDArray[Any]]]:
        """Every row as the stores of others take it: ids, kinds, and how long its documents are."""
        lengths = np.diff(self.starts).astype(np.int32)
        for number in range(self.packing.num_rows):
            ids, kinds, documents = self.row(number)
            yield {"ids": ids, "kinds": kinds, "lengths": lengths[documents]}


def make_tokens(arguments: Mapping[str, Any]) -> TokenSet:
    """`documents` documents of `vlm-any` lengths in rows of `capacity`, by `seed`."""
    capacity, seed = arguments["capacity"], arguments["seed"]
    lengths = drawn_lengths("vlm-any", arguments["documents"], capacity, seed)
    rng = np.random.default_rng(seed)
    captions = np.minimum(lengths, np.maximum(1, rng.lognormal(4.5, 0.8, len(lengths)).astype(np.int64)))
    starts = np.concatenate([[0], np.cumsum(lengths)])
    total = int(starts[-1])
    # +1 where a picture starts, -1 where its caption does: the running sum says which tokens are the picture's.
    turns = np.zeros(total + 1, dtype=np.int8)
    np.add.at(turns, starts[:-1], 1)
    np.add.at(turns, starts[1:] - captions, -1)
    is_image = np.cumsum(turns[:-1], dtype=np.int8).astype(bool)
    ranks = np.exp(rng.random(total, dtype=np.float32) * np.float32(np.log(TEXT_IDS))).astype(np.uint16) - 1
    text = rng.permutation(TEXT_IDS).astype(np.uint16)[np.minimum(ranks, TEXT_IDS - 1)]
    codes = rng.integers(TEXT_IDS, TEXT_IDS + CODES, total, dtype=np.uint16)
    ids = np.where(is_image, codes, text)
    kinds = np.where(is_image, np.uint8(IMAGE_KIND), np.uint8(TEXT_KIND))
    return TokenSet(ids, kinds, starts, pack(lengths, capacity, seed=0))
