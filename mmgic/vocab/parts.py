"""Where a tokenized document may be cut: pictures and labels stay whole, and words of the template never stand at an end
with nothing after them. Captions and descriptions may be cut anywhere.
"""

import numpy as np

from mmgic.errors import InputError
from mmgic.packing import PartFlag, Parts, TokenDocuments, documents_from_sequences, pieces_of_parts
from mmgic.schema.sequences import TOKEN_KINDS, Sequence

_FLAGS = np.array(
    [{"template": PartFlag.LEADS, "caption": 0, "description": 0}.get(kind, PartFlag.WHOLE) for kind in TOKEN_KINDS],
    np.uint8,
)
_PICTURES = np.array([kind in ("image", "region") for kind in TOKEN_KINDS], np.int64)
_TEMPLATE = TOKEN_KINDS.index("template")


def parts_of_documents(documents: TokenDocuments, image_end_id: int) -> Parts:
    """The parts of documents, told apart by the kinds of their tokens and the ends of pictures; each picture counts one for
    the second capacity. Cost: a few passes over the tokens.

    Raises:
        InputError: a token is of no kind that is known.
    """
    kinds, starts = documents.kinds, documents.starts.astype(np.int64)
    if len(kinds) and kinds.max() >= len(TOKEN_KINDS):
        raise InputError(
            f"a token of kind {kinds.max()}, there are {len(TOKEN_KINDS)}", where="kinds", hint="run tokenize again"
        )
    is_first = np.zeros(len(kinds), bool)
    is_first[starts[:-1]] = True
    is_first[1:] |= (kinds[1:] != kinds[:-1]) | (documents.ids[:-1] == image_end_id)
    firsts = np.flatnonzero(is_first)
    part_kinds = kinds[firsts]
    flags = _FLAGS[part_kinds]
    part_starts = np.searchsorted(firsts, starts)
    last = part_starts[1:] - 1
    flags[last[part_kinds[last] == _TEMPLATE]] = PartFlag.TRAILS
    return Parts(
        lengths=np.append(firsts[1:], len(kinds)) - firsts,
        starts=part_starts,
        flags=flags,
        second=_PICTURES[part_kinds],
    )


def truncated_sequence(sequence: Sequence, row_length: int, id_bytes: int, image_end_id: int) -> Sequence | None:
    """The beginning of a document that fits a row; None where nothing of it does."""
    parts = parts_of_documents(documents_from_sequences([sequence], id_bytes), image_end_id)
    _, pieces = pieces_of_parts(parts, row_length, None, "truncate")
    if not len(pieces.lengths):
        return None
    length = int(pieces.lengths[0])
    return Sequence(sequence.keys, [length], sequence.ids[: length * id_bytes], sequence.kinds[:length])
