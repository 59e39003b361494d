"""Which concepts a document holds: a recipe is named by the letters of its concepts."""

from typing import Literal

Concept = Literal["caption", "labels", "descriptions", "regions"]

RECIPES: dict[str, frozenset[Concept]] = {
    "C": frozenset({"caption"}),
    "CL": frozenset({"caption", "labels"}),
    "CLD": frozenset({"caption", "labels", "descriptions"}),
    "CLDR": frozenset({"caption", "labels", "descriptions", "regions"}),
}
"""PAPER's four recipes: caption, labels, label descriptions, object regions."""
