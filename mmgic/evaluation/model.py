"""A trained model with its vocabulary, ready to be asked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM
from transformers.utils.logging import disable_progress_bar

from mmgic.errors import InputError
from mmgic.schema.manifests import Manifest
from mmgic.shards.folder import Folder
from mmgic.shards.manifest import fact
from mmgic.vocab.joint import Vocabulary, load_vocabulary


@dataclass(frozen=True)
class TrainedModel:
    """A model in evaluation mode, its vocabulary, and the longest sequence it was trained on."""

    network: Any
    vocabulary: Vocabulary
    row_length: int
    device: torch.device


def load_model(folder: Folder, manifest: Manifest) -> TrainedModel:
    """Loads a model folder onto the GPU where there is one.

    Raises:
        InputError: a file differs from the manifest, or the vocabulary is not the model's.
    """
    for entry in manifest.shards:
        with folder.verified(entry):
            pass
    if not folder.is_local:
        raise InputError("a model is loaded from a local folder", where=folder.url, hint="copy it first")
    disable_progress_bar()  # type: ignore[no-untyped-call]
    vocabulary = load_vocabulary(folder)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network: Any = AutoModelForCausalLM.from_pretrained(Path(folder.path), local_files_only=True)
    network = network.to(device).eval()
    if vocabulary.visual.digest != fact(manifest, "visual_digest", folder):
        raise InputError("the codebook is not the one that the model was trained with", where=folder.url)
    if network.config.vocab_size != vocabulary.size:
        raise InputError(f"model of {network.config.vocab_size} ids, vocabulary of {vocabulary.size}", where=folder.url)
    return TrainedModel(network, vocabulary, int(fact(manifest, "row_length", folder)), device)
