"""Text tokenizer, visual tokenizers behind one protocol, and the id space that joins them."""
