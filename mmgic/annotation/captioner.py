"""Candidates for captions by an image-to-text model: BLIP, BLIP-2, GIT, or one that answers a prompt (LLaVA and its like).

Every image of a batch has the same size and the same prompt, so nothing is padded and no image sees another.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import (
    MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING,
    AutoModelForImageTextToText,
    LogitsProcessor,
    LogitsProcessorList,
)

from mmgic.annotation.candidates import Candidate
from mmgic.annotation.loading import (
    DTYPES,
    SMALLER_BATCH,
    load_network,
    load_processor,
    memory_told,
    misfit_told,
    square_side_px,
)
from mmgic.annotation.sampling import FirstStep, SeededDraw, draws_from_seed
from mmgic.annotation.settings import CaptionSettings
from mmgic.errors import UsageError

_ENDS = ("eos_token_id", "sep_token_id", "pad_token_id")


@dataclass(frozen=True)
class Captioner:
    """A model in evaluation mode with its processor; pictures come to it as squares of `side_px`."""

    network: Any
    processor: Any
    settings: CaptionSettings
    side_px: int
    prompt: str
    ends: frozenset[int]

    def candidates(self, images_BHWC: NDArray[np.uint8], keys: Sequence[str]) -> list[list[Candidate]]:
        """The candidates of each image (B, side_px, side_px, 3).

        Args:
            keys: of the images' records, which the draws depend on.

        Raises:
            MmgicError: the batch does not fit the memory.
            InputError: the model gives no numbers, or cannot take what its processor makes of the images.
        """
        if not keys:
            return []
        settings = self.settings
        watch = FirstStep()
        doing = memory_told(f"captioning {len(keys)} images", SMALLER_BATCH)
        with doing, misfit_told("captioner", self.network.name_or_path), torch.inference_mode():
            output_RT = self.network.generate(
                **self._inputs(images_BHWC),
                **self._how(keys, watch),
                num_return_sequences=settings.candidates,
                max_new_tokens=settings.max_tokens,
            )
            rows = output_RT[:, watch.prompt_length :].cpu().tolist()
        texts = self.processor.tokenizer.batch_decode(rows, skip_special_tokens=True)
        made = [Candidate(text, not row or row[-1] in self.ends) for text, row in zip(texts, rows, strict=True)]
        return [made[start : start + settings.candidates] for start in range(0, len(made), settings.candidates)]

    def _inputs(self, images_BHWC: NDArray[np.uint8]) -> dict[str, Any]:
        words = {"text": [self.prompt] * len(images_BHWC)} if self.prompt else {}
        inputs = self.processor(images=list(images_BHWC), return_tensors="pt", **words)
        return dict(inputs.to(device=self.network.device, dtype=DTYPES[self.settings.precision]))

    def _how(self, keys: Sequence[str], watch: FirstStep) -> dict[str, Any]:
        settings = self.settings
        if settings.sampling == "beam":
            processors: list[LogitsProcessor] = [watch]
            return {
                "do_sample": False,
                "num_beams": settings.candidates,
                "logits_processor": LogitsProcessorList(processors),
            }
        draws_RT = draws_from_seed(settings.seed, keys, settings.candidates, settings.max_tokens)
        draw = SeededDraw(draws_RT, settings.top_p, settings.temperature, self.network.device)
        # What the model's own generation config says of sampling would come after the draw: it is switched off.
        neutral = {"temperature": 1.0, "top_k": 0, "top_p": 1.0}
        return {"do_sample": True, "num_beams": 1, "logits_processor": LogitsProcessorList([watch, draw]), **neutral}


def load_captioner(folder: Path, settings: CaptionSettings, device: torch.device) -> Captioner:
    """Loads a captioner.

    Raises:
        InputError: the folder holds no image-to-text model, or not all of it.
        UsageError: the model wants a prompt, and there is none.
    """
    processor = load_processor(folder, "captioner")
    prompt = _prompt(processor, folder, settings.prompt)
    side_px = square_side_px(processor, folder, settings.side_px)
    kinds = MODEL_FOR_IMAGE_TEXT_TO_TEXT_MAPPING
    network = load_network(AutoModelForImageTextToText, folder, "captioner", settings.precision, device, kinds)
    return Captioner(network, processor, settings, side_px, prompt, _ends(network, processor))


def _prompt(processor: Any, folder: Path, prompt: str) -> str:
    """The prompt as the model wants it: in its chat template where it has one."""
    if not getattr(processor, "chat_template", None):
        return prompt
    if not prompt:
        raise UsageError(
            "this captioner answers prompts", where=str(folder), hint='--prompt "Describe the image in one sentence."'
        )
    turn = {"role": "user", "content": [{"type": "image"}, {"type": "text", "text": prompt}]}
    return str(processor.apply_chat_template([turn], tokenize=False, add_generation_prompt=True))


def _ends(network: Any, processor: Any) -> frozenset[int]:
    """Tokens that a finished sentence ends with: the model's, its text part's and the tokenizer's."""
    owners = (network.generation_config, network.config.get_text_config(), processor.tokenizer)
    found = [getattr(owner, name, None) for owner in owners for name in _ENDS]
    return frozenset(token for ids in found if ids is not None for token in ([ids] if isinstance(ids, int) else ids))
