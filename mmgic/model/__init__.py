"""The language model: a Llama from the params, loadable by the Auto classes."""

from mmgic.model.llama import llama_config, new_llama

__all__ = ["llama_config", "new_llama"]
