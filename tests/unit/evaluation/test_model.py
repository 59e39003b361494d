from pathlib import Path

import pytest
import torch

from mmgic.errors import InputError
from mmgic.evaluation.model import TrainedModel, load_model
from mmgic.schema.manifests import Manifest
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import new_manifest


def saved(trained: TrainedModel, place: Path) -> tuple[Folder, Manifest]:
    trained.network.save_pretrained(place)
    folder = Folder(str(place))
    trained.vocabulary.save(folder)
    entries = []
    for name in folder.names():
        data = folder.read(name)
        with folder.writing(name) as stream:
            stream.write(data)
        entries.append(stream.entry(name, "", 0))
    return folder, new_manifest(
        "model",
        {},
        "",
        {},
        shards=entries,
        counts={},
        facts={"row_length": 99, "visual_digest": trained.vocabulary.visual.digest},
    )


def test_a_saved_model_comes_back(trained: TrainedModel, tmp_path: Path) -> None:
    loaded = load_model(*saved(trained, tmp_path))
    assert loaded.row_length == 99
    assert loaded.vocabulary.size == trained.vocabulary.size
    pairs = zip(loaded.network.state_dict().values(), trained.network.state_dict().values(), strict=True)
    assert all(torch.equal(one.cpu(), other) for one, other in pairs)


def test_a_changed_file_is_refused(trained: TrainedModel, tmp_path: Path) -> None:
    folder, manifest = saved(trained, tmp_path)
    data = bytearray(folder.read("model.safetensors"))
    data[-1] ^= 1
    folder.write("model.safetensors", bytes(data))
    with pytest.raises(InputError, match="differs from its manifest: BLAKE3 [0-9a-f]{64} found, [0-9a-f]{64} expected"):
        load_model(folder, manifest)


def test_another_codebook_is_refused(trained: TrainedModel, tmp_path: Path) -> None:
    folder, manifest = saved(trained, tmp_path)
    manifest.facts["visual_digest"] = "0" * 64
    with pytest.raises(InputError, match="the codebook is not the one that the model was trained with"):
        load_model(folder, manifest)
