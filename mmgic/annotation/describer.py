"""Descriptions of labels by a language model: greedy decoding, so that a label always gets the same sentence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from transformers import MODEL_FOR_CAUSAL_LM_MAPPING, AutoModelForCausalLM

from mmgic.annotation.clues import Clues
from mmgic.annotation.loading import SMALLER_BATCH, load_network, load_tokenizer, memory_told, misfit_told
from mmgic.annotation.prompt import Prompt, chat, plain
from mmgic.annotation.settings import Precision
from mmgic.errors import InputError

_BEFORE = re.compile(r"^(?:description\s*:\s*|[-*>#]+\s+)", re.IGNORECASE)

_AROUND = {('"', '"'), ("“", "”"), ("*", "*")}


@dataclass(frozen=True)
class Describer:
    """A model in evaluation mode with its tokenizer. `row_length` is how many tokens it reads, None where that is not known."""

    network: Any
    tokenizer: Any
    prompt: Prompt
    max_tokens: int
    row_length: int | None

    def sentences(self, labels: Sequence[Clues]) -> list[str]:
        """What the model says of each label, on one line; empty where it says nothing.

        Raises:
            InputError: a prompt is longer than the model reads, or the model cannot take what its tokenizer makes of it.
            MmgicError: the batch does not fit the memory.
        """
        folder = self.network.name_or_path
        has_chat = bool(self.tokenizer.chat_template)
        with misfit_told("language model", folder):
            texts = [self._chat_text(clues) if has_chat else plain(self.prompt, clues) for clues in labels]
        inputs = self.tokenizer(texts, padding=True, add_special_tokens=not has_chat, return_tensors="pt")
        length = inputs["input_ids"].shape[1]
        if self.row_length is not None and length + self.max_tokens > self.row_length:
            raise InputError(
                f"a prompt of {length} tokens and {self.max_tokens} for the answer, but the model reads {self.row_length}",
                hint="another model, fewer examples (--prompt), or a smaller --max-tokens",
            )
        stop = {} if has_chat else {"stop_strings": ["\n"], "tokenizer": self.tokenizer}
        doing = memory_told(f"describing {len(labels)} labels", SMALLER_BATCH)
        with doing, misfit_told("language model", folder), torch.inference_mode():
            output_BT = self.network.generate(
                input_ids=inputs["input_ids"].to(self.network.device),
                attention_mask=inputs["attention_mask"].to(self.network.device),
                do_sample=False,
                num_beams=1,
                max_new_tokens=self.max_tokens,
                pad_token_id=self.tokenizer.pad_token_id,
                **stop,
            )
            rows = output_BT[:, length:].cpu().tolist()
        return [one_line(text) for text in self.tokenizer.batch_decode(rows, skip_special_tokens=True)]

    def _chat_text(self, clues: Clues) -> str:
        # `enable_thinking` is what templates of models that think aloud ask for; others pass it over.
        text = self.tokenizer.apply_chat_template(
            chat(self.prompt, clues), tokenize=False, add_generation_prompt=True, enable_thinking=False
        )
        return str(text)


def one_line(text: str) -> str:
    """The first line with words, without what models put around a sentence."""
    lines = (" ".join(_BEFORE.sub("", line.strip()).split()) for line in text.splitlines())
    line = next((line for line in lines if any(map(str.isalnum, line))), "")
    while len(line) > 2 and (line[0], line[-1]) in _AROUND:
        line = line[1:-1].strip()
    return line


def load_describer(
    folder: Path, prompt: Prompt, precision: Precision, device: torch.device, max_tokens: int
) -> Describer:
    """Loads a language model.

    Raises:
        InputError: the folder holds no causal language model, or not all of it.
    """
    tokenizer = load_tokenizer(folder, "language model")
    kinds = MODEL_FOR_CAUSAL_LM_MAPPING
    network = load_network(AutoModelForCausalLM, folder, "language model", precision, device, kinds)
    row_length = getattr(network.config.get_text_config(), "max_position_embeddings", None)
    return Describer(network, tokenizer, prompt, max_tokens, row_length)
