"""The pretrain command with real ranks: every stage of ZeRO, a kill, and what comes out."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import msgspec
import pytest
import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

from mmgic.training.curves import read_curves

PARAMS = Path(__file__).parents[2] / "params.yaml"
MMGIC = [sys.executable, "-c", "from mmgic.cli.main import main; main()"]
SMALL_DATA = ["fetch.sources=[scenes]", "fetch.scenes.train=48", "fetch.scenes.val=4"]
SMALL_TOKENS = ["tokenize.row_length=256", "tokenize.visual.num_codes=32", "tokenize.text.vocabulary_size=400"]
SMALL_MODEL = ["pretrain.model.layers=2", "pretrain.model.width=32", "pretrain.model.mlp_width=64", "pretrain.model.heads=2"]
SMALL_RUN = ["pretrain.model.kv_heads=2", "pretrain.rows_per_step=4", "pretrain.rows_per_pass=2", "pretrain.log_every=1"]


def command(name: str, *arguments: object, values: tuple[str, ...] = ()) -> list[str]:
    settings = [word for value in values for word in ("--set", value)]
    return [*MMGIC, name, *map(str, arguments), "--params", str(PARAMS), "--workers", "1", *settings]


def run(name: str, *arguments: object, values: tuple[str, ...] = (), code: int = 0) -> str:
    done = subprocess.run(command(name, *arguments, values=values), capture_output=True, text=True, timeout=600)
    assert done.returncode == code, done.stderr
    return done.stderr


def pretrain(sequences: Path, out: Path, *values: str, code: int = 0) -> str:
    return run("pretrain", "--in", sequences, "--out", out, values=(*SMALL_MODEL, *SMALL_RUN, *values), code=code)


@pytest.fixture(scope="module")
def sequences(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("data")
    run("fetch", "--out", place / "raw", values=tuple(SMALL_DATA))
    run("normalize", "--in", place / "raw", "--out", place / "records")
    run("template", "--in", place / "records", "--out", place / "documents")
    run("tokenize", "--in", place / "documents", "--out", place / "sequences", values=tuple(SMALL_TOKENS))
    return place / "sequences"


@pytest.fixture(scope="module")
def alone(sequences: Path) -> Path:
    """A run of one rank without ZeRO: what the others are compared with."""
    out = sequences.parent / "alone"
    pretrain(sequences, out, "pretrain.zero_stage=0", "pretrain.steps=8", "pretrain.checkpoint_every=8")
    return out


def losses(model: Path) -> list[float]:
    return [line["loss"] for line in read_curves(model / "curves.tsv")]


@pytest.mark.timeout(900)
@pytest.mark.parametrize("stage", [1, 2, 3])
def test_every_stage_of_zero_gives_the_same_loss_on_two_ranks(sequences: Path, alone: Path, stage: int) -> None:
    out = sequences.parent / f"zero{stage}"
    values = [f"pretrain.zero_stage={stage}", "pretrain.processes=2", "pretrain.steps=8", "pretrain.checkpoint_every=8"]
    pretrain(sequences, out, *values)
    assert losses(out) == pytest.approx(losses(alone), rel=2e-4)
    assert losses(out)[-1] < losses(out)[0] - 0.05
    assert (out / "model.safetensors").stat().st_size == (alone / "model.safetensors").stat().st_size


def test_the_output_loads_with_the_auto_classes_and_generates(alone: Path) -> None:
    model, tokenizer = AutoModelForCausalLM.from_pretrained(alone), AutoTokenizer.from_pretrained(alone)
    assert len(tokenizer) == model.config.vocab_size
    ids = tokenizer("<bos><image><code_3><code_0></image>\nLabels:\n", return_tensors="pt", add_special_tokens=False).input_ids
    layout = msgspec.json.decode((alone / "vocabulary.json").read_bytes())
    assert ids[0, 1:5].tolist() == [layout["num_text_tokens"] + offset for offset in (0, 5, 2, 1)]
    assert model.generate(ids, max_new_tokens=4, do_sample=False, use_cache=True).shape[1] > ids.shape[1]
    assert all(torch.isfinite(weight).all() for weight in model.parameters())


@pytest.mark.timeout(900)
def test_a_killed_run_goes_on_from_its_checkpoint_and_leaves_nobody_behind(sequences: Path) -> None:
    values = (*SMALL_MODEL, *SMALL_RUN, "pretrain.steps=60", "pretrain.checkpoint_every=10")
    unbroken, broken = sequences.parent / "unbroken", sequences.parent / "broken"
    run("pretrain", "--in", sequences, "--out", unbroken, values=values)
    child = subprocess.Popen(command("pretrain", "--in", sequences, "--out", broken, values=values), stderr=subprocess.DEVNULL)
    checkpoints = _wait_for(lambda: next(sequences.parent.glob(".broken.work-*/checkpoints/latest"), None))
    ranks = _ranks(checkpoints.parents[1])
    assert ranks
    child.send_signal(signal.SIGKILL)
    child.wait()
    _wait_for(lambda: not any(_is_alive(rank) for rank in ranks))
    assert not broken.exists()
    pretrain(sequences, broken, *values[len(SMALL_MODEL) + len(SMALL_RUN) :])
    assert losses(broken) == pytest.approx(losses(unbroken), rel=1e-5)
    assert not list(sequences.parent.glob(".broken.work-*"))
    assert "stood finished already" in pretrain(sequences, broken, *values[len(SMALL_MODEL) + len(SMALL_RUN) :])


def test_rows_that_do_not_split_evenly_are_bad_params(sequences: Path) -> None:
    told = pretrain(sequences, sequences.parent / "uneven", "pretrain.processes=3", code=4)
    assert "rows_per_step 4 is no multiple of rows_per_pass 2 times processes 3" in told


def test_an_error_of_a_rank_is_told_as_itself(sequences: Path, tmp_path: Path) -> None:
    told = pretrain(sequences, tmp_path / "model", "pretrain.model.heads=3", code=4)
    assert "each must divide the one before" in told
    assert "pretrain.model" in told


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


def _wait_for(condition, seconds: float = 300):  # type: ignore[no-untyped-def]
    end = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.1)
    return found


