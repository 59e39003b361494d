"""Records to documents by a structured template."""

from mmgic.template.documents import document_from_record
from mmgic.template.prompts import caption_prompt, label_prompt
from mmgic.template.recipes import RECIPES

__all__ = ["RECIPES", "caption_prompt", "document_from_record", "label_prompt"]
