import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from transformers import AutoModel, AutoModelForImageTextToText

from mmgic.annotation.loading import (
    device_of,
    gpu_of_worker,
    load_network,
    load_processor,
    memory_told,
    square_side_px,
)
from mmgic.errors import InputError, MmgicError, UsageError

CPU = torch.device("cpu")


@pytest.fixture
def damaged(model_path: Callable[[str], Path], tmp_path: Path) -> Path:
    """A copy of the tiny BLIP, to be damaged."""
    return Path(shutil.copytree(model_path("blip"), tmp_path / "blip"))


def load(folder: Path) -> object:
    return load_network(AutoModelForImageTextToText, folder, "captioner", "fp32", CPU, None)


def test_devices_are_named_and_shared_out() -> None:
    assert device_of("cpu") == CPU
    assert device_of("auto").type == ("cuda" if torch.cuda.is_available() else "cpu")
    assert [gpu_of_worker(f"SpawnProcess-{n}", 4) for n in (1, 4, 5)] == ["cuda:0", "cuda:3", "cuda:0"]
    assert gpu_of_worker("MainProcess", 4) == "cuda:0"
    for name in ("gpu", "cuda:99"):
        with pytest.raises(UsageError, match=f"no device `{name}`"):
            device_of(name)


@pytest.mark.parametrize(
    ("damage", "what"),
    [
        (lambda folder: (folder / "config.json").write_text("{"), "cannot read the captioner's config"),
        (lambda folder: (folder / "config.json").write_text("[]"), "cannot read the captioner's config"),
        (lambda folder: (folder / "model.safetensors").unlink(), "cannot read the captioner's weights"),
        (lambda folder: (folder / "model.safetensors").write_bytes(b"0" * 500), "cannot read the captioner's weights"),
    ],
)
def test_a_damaged_folder_is_named(damaged: Path, damage: Callable[[Path], object], what: str) -> None:
    damage(damaged)
    with pytest.raises(InputError, match=what) as caught:
        load(damaged)
    assert caught.value.where == str(damaged)


def test_cut_weights_are_refused(damaged: Path) -> None:
    data = (damaged / "model.safetensors").read_bytes()
    (damaged / "model.safetensors").write_bytes(data[: len(data) // 2])
    with pytest.raises(InputError, match="cannot read the captioner's weights"):
        load(damaged)


def test_weights_of_another_class_are_refused(model_path: Callable[[str], Path], tmp_path: Path) -> None:
    AutoModel.from_pretrained(model_path("blip")).save_pretrained(tmp_path / "clip-like")
    with pytest.raises(InputError, match="weights lack .* parts of a BlipForConditionalGeneration, text_decoder"):
        load(tmp_path / "clip-like")


def test_code_in_a_model_folder_is_never_run(damaged: Path) -> None:
    config = json.loads((damaged / "config.json").read_text())
    config |= {"model_type": "own", "auto_map": {"AutoConfig": "own.Config", "AutoModelForImageTextToText": "own.Net"}}
    (damaged / "config.json").write_text(json.dumps(config))
    (damaged / "own.py").write_text("raise SystemExit('ran')")
    with pytest.raises(InputError, match="cannot read the captioner's config"):
        load(damaged)


@pytest.mark.parametrize(
    ("names", "what"),
    [
        (["tokenizer.json"], "cannot read the captioner's processor"),
        (["tokenizer.json", "tokenizer_config.json"], "the captioner's folder has no tokenizer"),
        (["processor_config.json"], "captioner's processor"),
        (["processor_config.json", "tokenizer.json", "tokenizer_config.json"], "captioner's processor"),
    ],
)
def test_a_processor_that_lacks_a_part_is_refused(damaged: Path, names: list[str], what: str) -> None:
    for name in names:
        (damaged / name).unlink()
    with pytest.raises(InputError, match=what) as caught:
        load_processor(damaged, "captioner")
    assert "save_pretrained" in caught.value.hint


@pytest.mark.parametrize(
    ("size", "given", "side"),
    [
        ({"height": 24, "width": 32}, None, 32),
        ({"shortest_edge": 30}, 8, 30),
        ({"shortest_edge": 3136, "longest_edge": 1_000_000}, 448, 448),
        (None, 8, 8),
    ],
)
def test_the_side_is_the_processors_where_it_states_one(
    model_path: Callable[[str], Path], size: dict[str, int] | None, given: int | None, side: int
) -> None:
    processor = load_processor(model_path("clip"), "ranker")
    processor.image_processor.size = size
    assert square_side_px(processor, Path("m"), given) == side


def test_no_side_at_all_is_an_error(model_path: Callable[[str], Path]) -> None:
    processor = load_processor(model_path("clip"), "ranker")
    processor.image_processor.size = {"min_pixels": 100, "max_pixels": 200}
    with pytest.raises(InputError, match="states no fixed size") as caught:
        square_side_px(processor, Path("m"), None)
    assert caught.value.hint == "--side PX"


def test_memory_that_is_used_up_is_told_and_nothing_else() -> None:
    with (
        pytest.raises(MmgicError, match="out of memory while ranking 3 captions") as caught,
        memory_told("ranking 3 captions", "fewer"),
    ):
        torch.empty(1 << 52)
    assert caught.value.hint == "fewer" and not isinstance(caught.value, InputError)
    with pytest.raises(RuntimeError, match="shape"), memory_told("x", ""):
        torch.zeros(3).reshape(2)
