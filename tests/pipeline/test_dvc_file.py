"""`dvc.yaml`: fixed commands, one section a stage, and every package that a stage imports among its dependencies."""

from pathlib import Path
from typing import Any

import grimp
import pytest
from ruamel.yaml import YAML

from mmgic.cli.main import STAGES
from mmgic.params import load_params

ROOT = Path(__file__).resolve().parents[2]
TREE: dict[str, Any] = YAML(typ="safe").load((ROOT / "dvc.yaml").read_text(encoding="utf-8"))
GRAPH = grimp.build_graph("mmgic", "stages", cache_dir=None)

CORE = {"mmgic.geometry.compiled", "mmgic.geometry.faults", "mmgic.images.batch", "mmgic.packing.stream"}
# Named by strings, which the import graph does not see.
BY_NAME = {
    "normalize": [
        "mmgic.sources.photos",
        "mmgic.sources.scenes",
        "mmgic.sources.coco",
        "mmgic.sources.objects365",
        "mmgic.sources.v3det",
        "mmgic.sources.folder",
        "mmgic.sources.url_tables",
        "mmgic.sources.webdataset",
        "mmgic.sources.llava",
    ],
    "pretrain": ["mmgic.training.rank"],
}


def imported(stage: str) -> set[str]:
    """All modules of ours that a stage leads to."""
    start = [f"stages.{stage}", *BY_NAME.get(stage, [])]
    return set(start).union(*(GRAPH.find_upstream_modules(module) for module in start))


def file_of(module: str) -> Path:
    """The module's file, relative to the checkout."""
    path = Path(*module.split("."))
    return path / "__init__.py" if (ROOT / path).is_dir() else path.with_suffix(".py")


def test_the_stages_are_the_commands_in_their_order() -> None:
    assert list(TREE["stages"]) == list(STAGES)


@pytest.mark.parametrize("name", STAGES)
def test_a_command_is_fixed_and_takes_its_values_from_the_params_file(name: str) -> None:
    stage = TREE["stages"][name]
    assert stage["cmd"].startswith(f"${{mmgic}} {name} ")
    assert stage["cmd"].endswith(f" --params params.yaml --metrics results/{name}.json")
    assert stage["cmd"].count("${") == 1
    assert stage["params"] == ["common", name]
    assert stage["metrics"] == [{f"results/{name}.json": {"cache": False}}]
    (out,) = stage["outs"]
    assert f" --out {out} " in stage["cmd"]


@pytest.mark.parametrize("name", STAGES)
def test_inputs_are_what_an_earlier_stage_writes(name: str) -> None:
    names = list(TREE["stages"])
    earlier = {out for stage in names[: names.index(name)] for out in TREE["stages"][stage]["outs"]}
    inputs = [dep for dep in TREE["stages"][name]["deps"] if dep.startswith(("data/", "models/"))]
    assert set(inputs) <= earlier
    assert bool(inputs) == (name != "fetch")
    for word in TREE["stages"][name]["cmd"].split():
        if word in earlier:
            assert word in inputs


@pytest.mark.parametrize("name", STAGES)
def test_every_import_of_a_stage_is_a_dependency(name: str) -> None:
    deps = [Path(dep) for dep in TREE["stages"][name]["deps"]]
    unseen = [
        module
        for module in sorted(imported(name))
        if file_of(module) != Path("stages/__init__.py")
        and not any(dep == file_of(module) or dep in file_of(module).parents for dep in deps)
    ]
    assert unseen == []


@pytest.mark.parametrize("name", STAGES)
def test_no_dependency_is_idle(name: str) -> None:
    modules = imported(name)
    files = {file_of(module) for module in modules}
    for dep in TREE["stages"][name]["deps"]:
        if dep.startswith(("data/", "models/")) or dep == load_params(ROOT / "params.yaml").normalize.exclusions:
            continue
        assert (ROOT / dep).exists(), dep
        if dep.startswith("crates/"):
            assert modules & CORE, dep
        else:
            assert any(Path(dep) == file or Path(dep) in file.parents for file in files), dep


@pytest.mark.parametrize("name", STAGES)
def test_a_stage_that_runs_the_core_depends_on_its_source(name: str) -> None:
    deps = TREE["stages"][name]["deps"]
    assert bool(imported(name) & CORE) == ("crates/mmgic-core/src" in deps)


def test_an_exclusion_list_is_a_dependency_where_one_is_named() -> None:
    """A dependency must exist, so there can be none for the empty name."""
    named = load_params(ROOT / "params.yaml").normalize.exclusions
    ours = ("data/", "stages/", "crates/", "mmgic/")
    assert [dep for dep in TREE["stages"]["normalize"]["deps"] if not dep.startswith(ours)] == (
        [named] if named else []
    )


def test_plots_name_columns_of_the_curves() -> None:
    from mmgic.training.curves import COLUMNS

    assert TREE["plots"]
    for plot in TREE["plots"]:
        (spec,) = plot.values()
        assert spec["x"] in COLUMNS
        assert list(spec["y"]) == [f"{TREE['stages']['pretrain']['outs'][0]}/curves.tsv"]
        assert set(spec["y"].values()) <= set(COLUMNS)
