"""A Llama built from the params and seeded: transformers' own class, so that the output loads everywhere.

`use_cache` is off: with a cache, transformers looks for no packed rows and documents would see each other.
"""

import torch
from transformers import LlamaConfig, LlamaForCausalLM

from mmgic.schema.params import ModelParams


def llama_config(params: ModelParams, vocabulary_size: int, row_length: int) -> LlamaConfig:
    """The configuration of a model over `vocabulary_size` ids."""
    return LlamaConfig(  # type: ignore[call-arg]  # attn_implementation is taken by the base class
        vocab_size=vocabulary_size,
        hidden_size=params.width,
        intermediate_size=params.mlp_width,
        num_hidden_layers=params.layers,
        num_attention_heads=params.heads,
        num_key_value_heads=params.kv_heads,
        max_position_embeddings=row_length,
        tie_word_embeddings=params.tie_embeddings,
        pad_token_id=0,
        bos_token_id=1,
        eos_token_id=2,
        use_cache=False,
        attn_implementation=params.attention,
    )


def new_llama(config: LlamaConfig, seed: int) -> LlamaForCausalLM:
    """A model with fresh weights; equal seeds give equal weights."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return LlamaForCausalLM(config)
