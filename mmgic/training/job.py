"""What the launcher hands to its ranks: one JSON file in the work folder."""

import msgspec

from mmgic import errors
from mmgic.errors import MmgicError
from mmgic.schema.params import PretrainParams

JOB, LOG, ERROR, CURVES, CHECKPOINTS, MODEL = (
    "job.json",
    "train.log",
    "error.json",
    "curves.tsv",
    "checkpoints",
    "weights",
)

LAUNCHER = "MMGIC_LAUNCHER"
"""Environment variable with the process id of the ranks' parent."""


class TrainJob(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A training run. `work` is the local folder of everything unfinished; `sequences` an absolute path or URL.

    `limit` bounds the rows that are trained on; None takes all.
    """

    sequences: str
    work: str
    params: PretrainParams
    seed: int
    pad_id: int
    limit: int | None = None


class RankError(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """An error of ours that a rank met, for the parent to tell."""

    kind: str
    what: str
    where: str
    hint: str


def error_named(told: RankError) -> MmgicError:
    """The error that a rank met, as itself."""
    kind: type[MmgicError] = getattr(errors, told.kind, MmgicError)
    return kind(told.what, where=told.where, hint=told.hint)
