"""One rank by itself, started as torch's launcher starts it."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import numpy as np
import pytest
import torch

from mmgic.model import llama_config, new_llama
from mmgic.params import load_params
from mmgic.schema.sequences import Sequence
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import new_manifest, write_manifest
from mmgic.shards.rows import RowReader, blocks_of_sequences, write_rows
from mmgic.training.batch import batch_from_rows
from mmgic.training.curves import read_curves
from mmgic.training.job import CURVES, LAUNCHER, TrainJob
from mmgic.training.loss import token_losses
from mmgic.training.order import rows_of_step

PARAMS = Path(__file__).parents[3] / "params.yaml"
ROW_LENGTH, VOCABULARY = 24, 40


def random_rows(count: int) -> list[Sequence]:
    random = np.random.default_rng(5)
    rows = []
    for number in range(count):
        lengths = random.integers(3, 9, 2).tolist()
        ids = random.integers(3, VOCABULARY, sum(lengths)).astype("<u2")
        rows.append(Sequence([f"d{number}a", f"d{number}b"], lengths, ids.tobytes(), bytes(len(ids))))
    return rows


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


@pytest.mark.timeout(300)
def test_the_first_loss_is_the_mean_over_all_targets_of_the_step(tmp_path: Path) -> None:
    """Rows differ in length and are taken in several passes, so that a mean of means would be another number."""
    folder = Folder(str(tmp_path / "sequences"))
    entries = write_rows(folder, "train-00000", "train", blocks_of_sequences(random_rows(12), 4, 2), 3)
    facts = {"row_length": ROW_LENGTH, "id_bytes": 2, "vocabulary_size": VOCABULARY}
    write_manifest(folder, new_manifest("sequences", {}, "", {}, shards=entries, counts={}, facts=facts))
    params = load_params(PARAMS).pretrain
    model = msgspec.structs.replace(params.model, layers=1, width=16, mlp_width=32, heads=2, kv_heads=2)
    params = msgspec.structs.replace(params, model=model, steps=1, log_every=1, rows_per_step=6, rows_per_pass=2)
    job = TrainJob(folder.url, str(tmp_path), params, seed=9, pad_id=0)
    (tmp_path / "job.json").write_bytes(msgspec.json.encode(job))
    one_rank = {
        "RANK": "0",
        "LOCAL_RANK": "0",
        "WORLD_SIZE": "1",
        "MASTER_ADDR": "127.0.0.1",
        "MASTER_PORT": str(free_port()),
    }
    path = str(Path(sys.executable).parent) + os.pathsep + os.environ["PATH"]
    environment = {**os.environ, **one_rank, "PATH": path, LAUNCHER: str(os.getpid())}
    words = [sys.executable, "-m", "mmgic.training.rank", str(tmp_path / "job.json")]
    done = subprocess.run(words, env=environment, capture_output=True, text=True, timeout=280)
    assert done.returncode == 0, done.stderr

    reader = RowReader(folder, entries, verify=True)
    numbers = rows_of_step(0, 6, 12, 9).tolist()
    batch = batch_from_rows([reader[number] for number in numbers], ROW_LENGTH, 2)
    with torch.inference_mode():
        losses = token_losses(new_llama(llama_config(model, VOCABULARY, ROW_LENGTH), 9), batch)
    (line,) = read_curves(tmp_path / CURVES)
    assert line["loss"] == pytest.approx(float(losses.sum()) / batch.num_targets, rel=1e-5)
    assert line["tokens"] == batch.num_tokens
