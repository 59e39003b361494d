"""The number of workers, a limit on memory of pictures, or a second run change no byte of any data stage."""

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from mmgic.shards.folder import Folder
from mmgic.shards.manifest import manifest_digest, read_manifest

STAGES = {"fetch": "raw", "normalize": "records", "template": "documents", "tokenize": "sequences"}


@pytest.mark.parametrize("name", STAGES)
def test_four_workers_give_the_bytes_of_one(
    again: Callable[..., tuple[list[str], Path]],
    unbroken: Path,
    contents: Callable[[Path], dict[str, str]],
    name: str,
) -> None:
    words, out = again(name, "workers", "-q", workers=4)
    done = subprocess.run(words, capture_output=True, text=True, timeout=300)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    expected = contents(unbroken / STAGES[name])
    assert len(expected) > 3
    assert contents(out) == expected


def test_every_shard_is_what_its_manifest_says(unbroken: Path) -> None:
    for kind in STAGES.values():
        folder = Folder(str(unbroken / kind))
        manifest = read_manifest(folder, kind)  # type: ignore[arg-type]
        assert manifest.shards
        for entry in manifest.shards:
            with folder.verified(entry):
                pass


def test_each_folder_names_the_one_before(unbroken: Path) -> None:
    for kind, source in (
        ("records", "raw"),
        ("documents", "records"),
        ("sequences", "documents"),
        ("sequences", "records"),
    ):
        manifest = read_manifest(Folder(str(unbroken / kind)), kind)  # type: ignore[arg-type]
        before = read_manifest(Folder(str(unbroken / source)), source)  # type: ignore[arg-type]
        assert manifest.inputs[source].path == f"../{source}"
        assert manifest.inputs[source].digest == manifest_digest(before)
