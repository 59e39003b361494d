from pathlib import Path

import msgspec

from mmgic.errors import InputError, MmgicError
from mmgic.params import load_params
from mmgic.training.job import RankError, TrainJob, error_named

PARAMS = Path(__file__).parents[3] / "params.yaml"


def test_a_job_reads_back_as_it_was_written() -> None:
    job = TrainJob("a", "b", load_params(PARAMS).pretrain, seed=3, pad_id=0, limit=5)
    assert msgspec.json.decode(msgspec.json.encode(job), type=TrainJob) == job


def test_the_error_of_a_rank_is_itself_again() -> None:
    error = error_named(RankError("InputError", "what", "where", "hint"))
    assert isinstance(error, InputError)
    assert (str(error), error.where, error.hint, error.exit_code) == ("what", "where", "hint", 3)
    assert type(error_named(RankError("Unknown", "what", "", ""))) is MmgicError
