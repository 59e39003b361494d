"""Tiny models with random weights, saved as real ones are: each a folder with config, weights, tokenizer and processor."""

from pathlib import Path
from typing import Any

import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    Blip2Config,
    Blip2ForConditionalGeneration,
    Blip2Processor,
    BlipConfig,
    BlipForConditionalGeneration,
    BlipImageProcessorPil,
    BlipProcessor,
    CLIPConfig,
    CLIPImageProcessorPil,
    CLIPModel,
    CLIPProcessor,
    GitConfig,
    GitForCausalLM,
    GitProcessor,
    LlamaConfig,
    LlamaForCausalLM,
    LlavaConfig,
    LlavaForConditionalGeneration,
    LlavaProcessor,
    PreTrainedTokenizerFast,
    SiglipConfig,
    SiglipImageProcessorPil,
    SiglipModel,
    SiglipProcessor,
)

PAD, BOS, EOS = 0, 2, 3
TEXTS = [
    "a red cup and a spoon on a wooden table",
    "two dogs run over the green grass",
    "a man rides a small blue bicycle past a shop",
    "an old boat near the water, seen from above",
] * 5
SIZE = {"height": 24, "width": 24}
EDGE = {"size": {"shortest_edge": 24}, "crop_size": SIZE}
VISION = {
    "hidden_size": 16,
    "intermediate_size": 32,
    "num_hidden_layers": 1,
    "num_attention_heads": 2,
    "image_size": 24,
    "patch_size": 8,
}
LAYERS = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 1, "num_attention_heads": 2}
ENDS = {"pad_token_id": PAD, "bos_token_id": BOS, "eos_token_id": EOS}
CHAT = (
    "{% for m in messages %}{% for part in m['content'] %}"
    "{{ '<image>' if part['type'] == 'image' else part['text'] }} {% endfor %}{% endfor %}caption :"
)

TALK = (
    "{% for m in messages %}{{ m['role'] }}: {{ m['content'] }}\n{% endfor %}"
    "{% if add_generation_prompt %}assistant:{% endif %}"
)


def tokenizer() -> PreTrainedTokenizerFast:
    """A BPE of 64 pieces, with the special tokens of BERT."""
    made = Tokenizer(models.BPE(unk_token="[UNK]", end_of_word_suffix="</w>"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    made.decoder = decoders.BPEDecoder(suffix="</w>")
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]"]
    made.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=64, special_tokens=special, end_of_word_suffix="</w>")
    )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", special_tokens=[("[CLS]", BOS), ("[SEP]", EOS)]
    )
    names = {"pad": "[PAD]", "unk": "[UNK]", "cls": "[CLS]", "sep": "[SEP]", "bos": "[CLS]", "eos": "[SEP]"}
    return PreTrainedTokenizerFast(tokenizer_object=made, **{f"{name}_token": text for name, text in names.items()})


def _text(**more: Any) -> dict[str, Any]:
    return {"vocab_size": len(tokenizer()), "max_position_embeddings": 96, **LAYERS, **ENDS, **more}


def _blip() -> tuple[Any, Any]:
    text = _text(encoder_hidden_size=16, sep_token_id=EOS)
    network = BlipForConditionalGeneration(
        BlipConfig(text_config=text, vision_config=VISION, projection_dim=16, image_text_hidden_size=16)
    )
    return network, BlipProcessor(BlipImageProcessorPil(size=SIZE), tokenizer())


def _blip2() -> tuple[Any, Any]:
    processor = Blip2Processor(BlipImageProcessorPil(size=SIZE), tokenizer(), num_query_tokens=4)
    image = processor.tokenizer.convert_tokens_to_ids("<image>")
    query = {"vocab_size": 8, "encoder_hidden_size": 16, "max_position_embeddings": 8, **LAYERS}
    text = {"model_type": "opt", "ffn_dim": 32, "word_embed_proj_dim": 16, "activation_function": "relu"}
    config = Blip2Config(
        vision_config=VISION,
        qformer_config=query,
        text_config=_text(**text, vocab_size=image + 1),
        num_query_tokens=4,
        image_token_index=image,
    )
    return Blip2ForConditionalGeneration(config), processor


def _git() -> tuple[Any, Any]:
    return GitForCausalLM(GitConfig(vision_config=VISION, **_text())), GitProcessor(
        CLIPImageProcessorPil(**EDGE), tokenizer()
    )


def _llava() -> tuple[Any, Any]:
    words = tokenizer()
    words.add_tokens(["<image>"], special_tokens=True)
    image = words.convert_tokens_to_ids("<image>")
    processor = LlavaProcessor(
        CLIPImageProcessorPil(**EDGE),
        words,
        patch_size=8,
        vision_feature_select_strategy="default",
        num_additional_image_tokens=1,
        chat_template=CHAT,
    )
    config = LlavaConfig(
        vision_config={"model_type": "clip_vision_model", "num_hidden_layers": 2, **VISION, "projection_dim": 16},
        text_config={"model_type": "llama", **_text(), "vocab_size": image + 1},
        image_token_index=image,
        vision_feature_layer=-1,
    )
    return LlavaForConditionalGeneration(config), processor


def _clip() -> tuple[Any, Any]:
    config = CLIPConfig(text_config=_text(max_position_embeddings=48), vision_config=VISION, projection_dim=8)
    return CLIPModel(config), CLIPProcessor(CLIPImageProcessorPil(**EDGE), tokenizer())


def _siglip() -> tuple[Any, Any]:
    config = SiglipConfig(text_config=_text(max_position_embeddings=48), vision_config=VISION)
    return SiglipModel(config), SiglipProcessor(SiglipImageProcessorPil(size=SIZE), tokenizer())


def _llama(chat_template: str | None = None) -> tuple[Any, Any]:
    """A language model over bytes and some pieces, with its tokenizer."""
    words = Tokenizer(models.BPE())
    words.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    words.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    special = ["<pad>", "<unk>", "<s>", "</s>"]
    words.train_from_iterator(
        TEXTS, trainers.BpeTrainer(vocab_size=320, special_tokens=special, initial_alphabet=alphabet)
    )
    names = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>"}
    fast = PreTrainedTokenizerFast(tokenizer_object=words, chat_template=chat_template, **names)
    text = _text(vocab_size=len(fast), max_position_embeddings=512)
    return LlamaForCausalLM(LlamaConfig(**text)), fast


MAKERS = {
    "blip": _blip,
    "blip2": _blip2,
    "git": _git,
    "llava": _llava,
    "clip": _clip,
    "siglip": _siglip,
    "llama": _llama,
    "llama-chat": lambda: _llama(TALK),
}


def saved_model(name: str, folder: Path) -> Path:
    """A tiny model in `folder`."""
    torch.manual_seed(0)
    network, processor = MAKERS[name]()
    # Wider than a fresh model's, so that pictures and words matter.
    for tensor in network.parameters():
        if tensor.ndim > 1:
            torch.nn.init.normal_(tensor, std=0.4)
    if name == "blip":  # its sentences come to an end
        network.text_decoder.cls.predictions.bias.data[EOS] = 4.0
    network.save_pretrained(folder)
    processor.save_pretrained(folder)
    return folder
