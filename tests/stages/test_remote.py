"""The data stages on folders behind a URL: the same shards as on local folders, and nothing left beside them."""

import uuid
from pathlib import Path

import msgspec
import pytest

from mmgic.execution.call import Outcome, StageCall
from mmgic.params import load_params
from mmgic.schema.manifests import Manifest
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import read_manifest
from stages import fetch, normalize, template, tokenize

_VALUES = [
    "fetch.sources=[scenes]",
    "fetch.scenes.train=10",
    "fetch.scenes.val=4",
    "normalize.records_per_shard=4",
    "tokenize.visual.num_codes=16",
    "tokenize.text.vocabulary_size=300",
]


def _all_stages(place: Folder, params_path: Path) -> list[Outcome]:
    params = load_params(params_path, _VALUES)

    def call(source: str | None, out: str) -> StageCall:
        return StageCall(place / source if source else None, place / out, params, lambda *_: None)

    return [
        fetch.run(call(None, "raw")),
        normalize.run(call("raw", "records")),
        template.run(call("records", "documents")),
        tokenize.run(call("documents", "sequences")),
    ]


@pytest.fixture
def remote() -> Folder:
    return Folder(f"memory://{uuid.uuid4().hex}")


def test_a_url_takes_the_same_road_as_a_path(remote: Folder, tmp_path: Path, project: Path) -> None:
    far, near = (_all_stages(place, project / "params.yaml") for place in (remote, Folder(str(tmp_path))))

    def without_paths(manifest: Manifest) -> Manifest:
        return msgspec.structs.replace(manifest, inputs={})

    for a, b in zip(far, near, strict=True):
        assert without_paths(a.manifest) == without_paths(b.manifest)
    assert remote.names() == [".codes", "documents", "raw", "records", "sequences"]
    manifest = read_manifest(remote / "sequences", "sequences")
    assert manifest.inputs["records"].path == f"{remote.url}/records"
    for entry in manifest.shards:
        with (remote / "sequences").verified(entry):
            pass


def test_a_finished_remote_folder_stands(remote: Folder, project: Path) -> None:
    first = _all_stages(remote, project / "params.yaml")
    second = _all_stages(remote, project / "params.yaml")
    assert [outcome.was_done for outcome in first] == [False] * 4
    assert [outcome.was_done for outcome in second] == [True] * 4
    assert [outcome.manifest for outcome in first] == [outcome.manifest for outcome in second]
