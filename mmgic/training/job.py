"""What the launcher hands to its ranks: one JSON file in the work folder."""

import msgspec

from mmgic.schema.params import PretrainParams

JOB, LOG, ERROR, CURVES, CHECKPOINTS, MODEL = "job.json", "train.log", "error.json", "curves.tsv", "checkpoints", "weights"


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
