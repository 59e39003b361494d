import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mmgic.errors import MmgicError
from mmgic.params import load_params
from mmgic.training.job import CURVES, TrainJob
from mmgic.training.launch import run_ranks

PARAMS = Path(__file__).parents[3] / "params.yaml"


def test_a_launcher_whose_parent_is_gone_ends_before_it_starts_ranks(tmp_path: Path) -> None:
    """The parent may be killed while the launcher still imports torch; nobody is left to watch then."""
    gone = subprocess.Popen([sys.executable, "-c", ""])
    gone.wait()
    words = [sys.executable, "-m", "mmgic.training.launch", str(gone.pid), "1", str(tmp_path / "job.json")]
    start = time.monotonic()
    assert subprocess.run(words, capture_output=True, timeout=60, env={**os.environ}).returncode == 5
    assert time.monotonic() - start < 30


@pytest.mark.timeout(300)
def test_what_a_rank_says_before_it_fails_is_in_the_error(tmp_path: Path) -> None:
    job = TrainJob(str(tmp_path / "none"), str(tmp_path), load_params(PARAMS).pretrain, seed=1, pad_id=0)
    (tmp_path / CURVES).write_text("step\tloss\n10\t1.0\n")
    heard: list[int] = []
    with pytest.raises(MmgicError, match="no such folder") as caught:
        run_ranks(job, heard.append)
    assert caught.value.exit_code == 3
    assert set(heard) == {10}
