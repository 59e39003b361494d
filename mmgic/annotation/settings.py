"""What shapes the captions that `mmgic caption` writes: its options, recorded in the manifest of what it wrote."""

from typing import Any, Literal

import msgspec

Precision = Literal["fp32", "bf16"]
Sampling = Literal["nucleus", "beam"]


class CaptionSettings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Settings of one run.

    `candidates` sentences of at most `max_tokens` tokens are made for an image, drawn from the likeliest tokens that hold
    `top_p` of the probability (`nucleus`) or found by a beam of that many; the best `keep` of them stay. `prompt` is what the
    captioner is asked, empty where it needs no words. `side_px` is the side of the squares for a model that states none.
    """

    seed: int
    candidates: int
    keep: int
    sampling: Sampling
    top_p: float
    temperature: float
    max_tokens: int
    prompt: str
    origin: str
    only_missing: bool
    precision: Precision
    side_px: int | None

    def tree(self) -> dict[str, Any]:
        """The settings as plain values, in the order of a params file; what no draw is made for is left out."""
        values: dict[str, Any] = msgspec.to_builtins(self)
        seed = values.pop("seed")
        if self.sampling == "beam":
            del values["top_p"], values["temperature"]
        return {"common": {"seed": seed}, "caption": values}
