"""Documents to ids and back.

A document is `<bos>`, its parts, `<eos>`; a picture is `<image>`, its codes, `</image>`. Each text part is encoded by itself,
so that the kinds stored beside the ids give back the parts: document -> row -> document is lossless.
"""

from collections.abc import Callable, Iterator
from collections.abc import Sequence as Seq
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from mmgic.errors import InputError
from mmgic.schema.documents import Document, ImageConcept, ImagePart, Part, TextConcept, TextPart
from mmgic.schema.sequences import TOKEN_KINDS, Sequence
from mmgic.vocab.joint import Vocabulary
from mmgic.vocab.visual import Codes

CodesOf = Callable[[ImagePart], Codes]

_KIND = {kind: number for number, kind in enumerate(TOKEN_KINDS)}
_IMAGE_CONCEPTS: tuple[ImageConcept, ...] = ("image", "region")


@dataclass(frozen=True)
class EncodedParts:
    """Ids (T,) and kinds (T,) of parts, without `<bos>` and `<eos>`."""

    ids: NDArray[np.unsignedinteger]
    kinds: NDArray[np.uint8]


@dataclass(frozen=True)
class CodesPart:
    """A picture as its codes (N,): what can be read back of an `ImagePart`."""

    codes: Codes
    concept: ImageConcept


DecodedPart = TextPart | CodesPart


def encode_parts(parts: Seq[Part], vocabulary: Vocabulary, codes_of: CodesOf) -> list[EncodedParts]:
    """Ids and kinds of each part, in order."""
    texts = [part.text for part in parts if isinstance(part, TextPart)]
    encodings = iter(vocabulary.text.encode_batch_fast(texts, add_special_tokens=False))
    return [
        _encoded(part, next(encodings).ids if isinstance(part, TextPart) else None, vocabulary, codes_of)
        for part in parts
    ]


def sequence_from_document(document: Document, vocabulary: Vocabulary, codes_of: CodesOf) -> Sequence:
    """The document as a row of its own, however long."""
    ids, kinds = joined(encode_parts(document.parts, vocabulary, codes_of), vocabulary)
    return Sequence(keys=[document.key], lengths=[len(ids)], ids=ids.tobytes(), kinds=kinds.tobytes())


def joined(
    encoded: Seq[EncodedParts], vocabulary: Vocabulary, *, is_open: bool = False
) -> tuple[NDArray[np.unsignedinteger], NDArray[np.uint8]]:
    """Parts between `<bos>` and `<eos>`; without `<eos>` where `is_open` (a prompt)."""
    ends = [] if is_open else [vocabulary.eos_id]
    ids = np.concatenate([[vocabulary.bos_id], *(part.ids for part in encoded), ends]).astype(vocabulary.id_type)
    kinds = np.concatenate([[0], *(part.kinds for part in encoded), [0] * len(ends)]).astype(np.uint8)
    return ids, kinds


def documents_from_sequence(sequence: Sequence, vocabulary: Vocabulary) -> Iterator[tuple[str, list[DecodedPart]]]:
    """Key and parts of each segment of a row, without `<bos>` and `<eos>`; a segment may lack either where a document was
    cut or split.

    Raises:
        InputError: a token is of no kind that is known.
    """
    ids = np.frombuffer(sequence.ids, vocabulary.id_type)
    kinds = np.frombuffer(sequence.kinds, np.uint8)
    if len(kinds) and kinds.max() >= len(TOKEN_KINDS):
        raise InputError(
            f"a token of kind {kinds.max()}, there are {len(TOKEN_KINDS)}",
            where=", ".join(sequence.keys[:3]),
            hint="run tokenize again",
        )
    start = 0
    for key, length in zip(sequence.keys, sequence.lengths, strict=True):
        stop = start + length
        inner = slice(
            start + int(ids[start] == vocabulary.bos_id), stop - int(length > 1 and ids[stop - 1] == vocabulary.eos_id)
        )
        yield key, list(_decoded(ids[inner], kinds[inner], vocabulary))
        start = stop


def text_from_ids(ids: NDArray[np.unsignedinteger], vocabulary: Vocabulary) -> str:
    """The text of text tokens."""
    return str(vocabulary.text.decode(ids.tolist(), skip_special_tokens=False))


def _encoded(part: Part, text_ids: list[int] | None, vocabulary: Vocabulary, codes_of: CodesOf) -> EncodedParts:
    if isinstance(part, TextPart):
        ids = np.array(text_ids, dtype=vocabulary.id_type)
    else:
        codes = codes_of(part).astype(np.int64) + vocabulary.first_code_id
        ids = np.concatenate([[vocabulary.image_start_id], codes, [vocabulary.image_end_id]]).astype(vocabulary.id_type)
    return EncodedParts(ids, np.full(len(ids), _KIND[part.concept], np.uint8))


def _decoded(
    ids: NDArray[np.unsignedinteger], kinds: NDArray[np.uint8], vocabulary: Vocabulary
) -> Iterator[DecodedPart]:
    """Runs of one kind; a run of pictures is cut at its end markers."""
    cuts = np.flatnonzero((np.diff(kinds) != 0) | (ids[:-1] == vocabulary.image_end_id)) + 1
    for run_ids, run_kinds in zip(np.split(ids, cuts), np.split(kinds, cuts), strict=True):
        if not len(run_ids):
            continue
        concept = TOKEN_KINDS[run_kinds[0]]
        if concept in _IMAGE_CONCEPTS:
            codes = (run_ids[1:-1].astype(np.int64) - vocabulary.first_code_id).astype(np.uint16)
            yield CodesPart(codes, _IMAGE_CONCEPTS[_IMAGE_CONCEPTS.index(concept)])
        else:
            yield TextPart(text_from_ids(run_ids, vocabulary), cast(TextConcept, concept))
