"""How well sentences fit a picture, by a model with one space for both: CLIP, SigLIP and their like.

The score is the cosine of the two features, rounded to four decimals: what is left of one is the same for every size of batch.
Texts are padded to the model's full length, as SigLIP was trained; CLIP does not mind.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import AutoModel

from mmgic.annotation.loading import (
    DTYPES,
    SMALLER_BATCH,
    load_network,
    load_processor,
    memory_told,
    misfit_told,
    square_side_px,
)
from mmgic.annotation.settings import Precision
from mmgic.errors import InputError

_DECIMALS = 4


@dataclass(frozen=True)
class Ranker:
    """A model in evaluation mode with its processor; pictures come to it as squares of `side_px`."""

    network: Any
    processor: Any
    precision: Precision
    side_px: int
    max_tokens: int

    def scores(self, images_BHWC: NDArray[np.uint8], texts: Sequence[Sequence[str]]) -> list[list[float]]:
        """The cosine of each image (B, side_px, side_px, 3) and each of its texts, of which there may be any number.

        Raises:
            MmgicError: the batch does not fit the memory.
            InputError: the model gives no numbers, or cannot take what its processor makes.
        """
        flat = [text for of_image in texts for text in of_image]
        if not flat:
            return [[] for _ in texts]
        doing = memory_told(f"ranking {len(flat)} captions", SMALLER_BATCH)
        with doing, misfit_told("ranker", self.network.name_or_path):
            images_BD = self._features(self.network.get_image_features, self._pictures(images_BHWC))
            texts_RD = self._features(self.network.get_text_features, self._words(flat))
        owner_R = [number for number, of_image in enumerate(texts) for _ in of_image]
        cosines = iter(np.sum(images_BD[owner_R] * texts_RD, axis=1).tolist())
        return [[round(next(cosines), _DECIMALS) for _ in of_image] for of_image in texts]

    def _pictures(self, images_BHWC: NDArray[np.uint8]) -> Any:
        return self.processor.image_processor(images=list(images_BHWC), return_tensors="pt")

    def _words(self, texts: list[str]) -> Any:
        padding = {"padding": "max_length", "truncation": True, "max_length": self.max_tokens}
        return self.processor.tokenizer(texts, return_tensors="pt", **padding)

    def _features(self, features_of: Any, inputs: Any) -> NDArray[np.float64]:
        """Features (N, D) of length 1."""
        inputs = {
            name: value.to(self.network.device, DTYPES[self.precision] if value.is_floating_point() else None)
            for name, value in inputs.items()
        }
        with torch.inference_mode():
            found = features_of(**inputs)
        features_ND = getattr(found, "pooler_output", found).double().cpu().numpy()
        lengths_N = np.linalg.norm(features_ND, axis=1, keepdims=True)
        if not np.isfinite(features_ND).all() or not lengths_N.all():
            raise InputError("the ranker's features are no numbers", hint="--precision fp32, or other weights")
        return np.asarray(features_ND / lengths_N)


def load_ranker(folder: Path, precision: Precision, side_px: int | None, device: torch.device) -> Ranker:
    """Loads a ranker, and tries it on an empty picture.

    Raises:
        InputError: the folder holds no CLIP-like model, or not all of it.
    """
    network = load_network(AutoModel, folder, "ranker", precision, device, kinds=None)
    if not (hasattr(network, "get_image_features") and hasattr(network, "get_text_features")):
        raise _not_clip_like(network, folder)
    processor = load_processor(folder, "ranker")
    if processor.tokenizer.pad_token_id is None:
        raise InputError("the ranker's tokenizer has no pad token", where=str(folder))
    side_px = square_side_px(processor, folder, side_px)
    max_tokens = getattr(network.config.get_text_config(), "max_position_embeddings", None)
    if max_tokens is None:
        raise _not_clip_like(network, folder)
    ranker = Ranker(network, processor, precision, side_px, max_tokens)
    try:
        ranker.scores(np.zeros((1, side_px, side_px, 3), np.uint8), [["a"]])
    except InputError as error:
        if isinstance(error.__cause__, TypeError | AttributeError):  # it has other methods than CLIP
            raise _not_clip_like(network, folder) from error
        raise
    return ranker


def _not_clip_like(network: Any, folder: Path) -> InputError:
    return InputError(
        f"a {type(network).__name__} cannot be the ranker: it has no features of pictures and texts in one space",
        where=str(folder),
        hint="CLIP, SigLIP or a model like them",
    )
