"""Concepts that models write: captions for images without one, descriptions for labels without one.

Models are read from local folders through transformers and never fetched: the hub's client is told so before it is loaded.
"""

import os

os.environ["HF_HUB_OFFLINE"] = "1"
