"""The params files that come with the project."""

from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from mmgic.errors import ParamsError
from mmgic.model.llama import llama_config
from mmgic.params import load_params
from mmgic.training.checks import check_training

ROOT = Path(__file__).resolve().parents[2]
_TABLES = (".fetch.origins", ".fetch.columns")  # their keys are names of sources, not of params
FILES = ["params.yaml", "params/paper.yaml"]


@pytest.mark.parametrize("name", FILES)
def test_file_is_valid(name: str) -> None:
    params = load_params(ROOT / name)
    check_training(params.pretrain)
    llama_config(params.pretrain.model, params.tokenize.text.vocabulary_size, params.tokenize.row_length)


@pytest.mark.parametrize("name", FILES)
def test_unknown_key_is_refused_with_the_nearest(name: str, tmp_path: Path) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    broken = tmp_path / "params.yaml"
    broken.write_text(text.replace("  recipe:", "  recipee:"), encoding="utf-8")
    with pytest.raises(ParamsError, match="template.recip") as caught:
        load_params(broken)
    assert caught.value.where == str(broken)


def test_files_have_the_same_keys() -> None:
    assert _paths(_tree("params.yaml")) == _paths(_tree("params/paper.yaml"))


def test_paper_file_names_where_its_values_come_from() -> None:
    text = (ROOT / "params/paper.yaml").read_text(encoding="utf-8")
    for tag in ("[P]", "[R]", "[L]", "[S]", "[D]"):
        assert text.count(tag) > 1, tag


def _tree(name: str) -> dict[str, Any]:
    tree: dict[str, Any] = YAML(typ="safe").load((ROOT / name).read_text(encoding="utf-8"))
    return tree


def _paths(tree: Any, prefix: str = "") -> set[str]:
    if not isinstance(tree, dict) or prefix in _TABLES:
        return {prefix}
    return {path for key, value in tree.items() for path in _paths(value, f"{prefix}.{key}")}
