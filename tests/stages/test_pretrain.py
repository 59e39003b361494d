"""The pretrain command with real ranks: every stage of ZeRO, a kill, and what comes out."""

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from mmgic.training.curves import read_curves

Command = Callable[..., list[str]]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


def losses(model: Path) -> list[float]:
    return [line["loss"] for line in read_curves(model / "curves.tsv")]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("stage", [1, 2, 3])
def test_every_stage_of_zero_gives_the_same_loss_on_two_ranks(run: Run, made: Path, model: Path, stage: int) -> None:
    out = made / f"zero{stage}"
    values = [f"pretrain.zero_stage={stage}", "pretrain.processes=2", "pretrain.steps=8", "pretrain.checkpoint_every=8"]
    run("pretrain", "--in", made / "sequences", "--out", out, values=values)
    assert losses(out) == pytest.approx(losses(model), rel=2e-4)
    assert losses(out)[-1] < losses(out)[0] - 0.05
    assert (out / "model.safetensors").stat().st_size == (model / "model.safetensors").stat().st_size


def test_the_output_loads_with_the_auto_classes_and_generates(model: Path) -> None:
    network, tokenizer = AutoModelForCausalLM.from_pretrained(model), AutoTokenizer.from_pretrained(model)
    assert len(tokenizer) == network.config.vocab_size
    ids = tokenizer(
        "<bos><image><code_3><code_0></image>\nLabels:\n", return_tensors="pt", add_special_tokens=False
    ).input_ids
    layout = msgspec.json.decode((model / "vocabulary.json").read_bytes())
    assert ids[0, 1:5].tolist() == [layout["num_text_tokens"] + offset for offset in (0, 5, 2, 1)]
    assert network.generate(ids, max_new_tokens=4, do_sample=False, use_cache=True).shape[1] > ids.shape[1]
    assert all(torch.isfinite(weight).all() for weight in network.parameters())


@pytest.mark.timeout(900)
def test_a_killed_run_goes_on_from_its_checkpoint_and_leaves_nobody_behind(
    run: Run, command: Command, made: Path
) -> None:
    values = ["pretrain.steps=60", "pretrain.checkpoint_every=10"]
    unbroken, broken = made / "unbroken", made / "broken"
    run("pretrain", "--in", made / "sequences", "--out", unbroken, values=values)
    words = command("pretrain", "--in", made / "sequences", "--out", broken, values=values)
    child = subprocess.Popen(words, stderr=subprocess.DEVNULL)
    latest = _wait_for(lambda: next(made.glob(".broken.work-*/checkpoints/latest"), None))
    ranks = _ranks(latest.parents[1])
    assert ranks
    child.send_signal(signal.SIGKILL)
    child.wait()
    _wait_for(lambda: not any(_is_alive(rank) for rank in ranks))
    assert not broken.exists()
    run("pretrain", "--in", made / "sequences", "--out", broken, values=values)
    assert losses(broken) == pytest.approx(losses(unbroken), rel=1e-5)
    assert not list(made.glob(".broken.work-*"))
    again = run("pretrain", "--in", made / "sequences", "--out", broken, values=values)
    assert "stood finished already" in again.stderr


def test_rows_that_do_not_split_evenly_are_bad_params(run: Run, made: Path, tmp_path: Path) -> None:
    done = run("pretrain", "--in", made / "sequences", "--out", tmp_path / "m", values=["pretrain.processes=3"], code=4)
    assert "rows_per_step 4 is no multiple of rows_per_pass 2 times processes 3" in done.stderr


def test_an_error_of_a_rank_is_told_as_itself(run: Run, made: Path, tmp_path: Path) -> None:
    done = run(
        "pretrain", "--in", made / "sequences", "--out", tmp_path / "m", values=["pretrain.model.heads=3"], code=4
    )
    assert "each must divide the one before" in done.stderr
    assert "pretrain.model" in done.stderr


def _ranks(work: Path) -> list[int]:
    """Processes whose command line names the work folder."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and str(work).encode() in (entry / "cmdline").read_bytes():
                found.append(int(entry.name))
        except OSError:
            continue
    return found


def _is_alive(process: int) -> bool:
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _wait_for(condition: Callable[[], Any], seconds: float = 300) -> Any:
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)
    return found
