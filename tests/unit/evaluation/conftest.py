"""A tiny model with random weights, its vocabulary, and three held-out records."""

import numpy as np
import pytest
import torch
from transformers import LlamaConfig, LlamaForCausalLM

from mmgic.evaluation.model import TrainedModel
from mmgic.evaluation.records import HeldOut
from mmgic.schema.records import Caption, Label, Record, Region
from mmgic.vocab.joint import Vocabulary
from mmgic.vocab.patches import PatchTokenizer
from mmgic.vocab.text import fit_text_tokenizer

CROP = (0.0, 0.0, 16.0, 16.0)


@pytest.fixture(scope="session")
def vocabulary() -> Vocabulary:
    codebook = np.random.default_rng(0).integers(0, 256, (12, 8 * 8 * 3), np.uint8)
    text = fit_text_tokenizer(["a red cat", "a blue dog\n", "Labels:\n", "Caption: "] * 3, 300)
    return Vocabulary(text, PatchTokenizer(16, 8, codebook))


@pytest.fixture(scope="session")
def trained(vocabulary: Vocabulary) -> TrainedModel:
    torch.manual_seed(0)
    config = LlamaConfig(
        vocab_size=vocabulary.size, hidden_size=32, intermediate_size=64, num_hidden_layers=2, num_attention_heads=2,
        pad_token_id=0, bos_token_id=1, eos_token_id=2, use_cache=False,
    )  # fmt: skip
    return TrainedModel(LlamaForCausalLM(config).eval(), vocabulary, 128, torch.device("cpu"))


@pytest.fixture(scope="session")
def held() -> HeldOut:
    records, codes, pixels = [], {}, {}
    random = np.random.default_rng(1)
    for number, names in enumerate((["cat"], ["dog", "bird"], ["fish"])):
        key = f"r{number}"
        labels = [Label(f"t:{name}", name, f"A {name}.") for name in names]
        regions = [Region(labels[0].id, CROP, CROP)]
        captions = [Caption(f"{word} {names[0]}", "t") for word in ("a", "one")]
        records.append(Record(key, "t", "val", "png", 16, 16, 1, CROP, captions, labels, regions, []))
        codes[key, CROP] = random.integers(0, 12, 4).astype(np.uint16)
        pixels[key] = np.zeros((16, 16, 3), np.uint8)
    return HeldOut(records, codes, pixels)
