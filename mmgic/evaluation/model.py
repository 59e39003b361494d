"""A trained model with its vocabulary, ready to be asked."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import AutoModelForCausalLM

from mmgic.errors import InputError
from mmgic.schema.manifests import Manifest
from mmgic.shards.folder import Folder
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
    vocabulary = load_vocabulary(folder)
    device = torch.device("cuda" if torch.cuda.is_available() else "cpu")
    network = AutoModelForCausalLM.from_pretrained(Path(folder.path), local_files_only=True).to(device).eval()
    if network.config.vocab_size != vocabulary.size:
        raise InputError(f"model of {network.config.vocab_size} ids, vocabulary of {vocabulary.size}", where=folder.url)
    return TrainedModel(network, vocabulary, int(manifest.facts["row_length"]), device)
