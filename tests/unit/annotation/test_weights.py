import shutil
from pathlib import Path

import pytest

from mmgic.annotation.weights import model_digest, model_folder
from mmgic.errors import InputError


@pytest.mark.parametrize(
    ("make", "what"),
    [
        (lambda path: None, "no such folder for the captioner"),
        (lambda path: path.write_text("x"), "no such folder for the captioner"),
        (lambda path: path.mkdir(), "the captioner's folder has no config.json"),
    ],
)
def test_what_is_no_folder_of_a_model_is_named(tmp_path: Path, make: object, what: str) -> None:
    make(tmp_path / "blip2-opt-2.7b")  # type: ignore[operator]
    with pytest.raises(InputError, match=what) as caught:
        model_folder(tmp_path / "blip2-opt-2.7b", "captioner")
    assert caught.value.where.endswith("blip2-opt-2.7b") and "never fetched" in caught.value.hint


def test_the_digest_covers_what_the_model_is_and_nothing_else(tmp_path: Path) -> None:
    folder = tmp_path / "model"
    folder.mkdir()
    (folder / "config.json").write_text("{}")
    (folder / "model.safetensors").write_bytes(b"weights")
    before = model_digest(model_folder(folder, "ranker"))
    (folder / "README.md").write_text("about")
    (folder / "onnx").mkdir()
    shutil.copytree(folder, tmp_path / "moved")
    assert model_digest(folder) == model_digest(tmp_path / "moved") == before
    (folder / "model.safetensors").write_bytes(b"Weights")
    after = model_digest(folder)
    (folder / "model.safetensors").rename(folder / "other.safetensors")
    assert len({before, after, model_digest(folder)}) == 3
