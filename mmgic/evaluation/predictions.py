"""One line a prediction: what an evaluation writes, and what its metrics are computed from."""

import msgspec


class LossPrediction(msgspec.Struct, frozen=True, tag="loss", tag_field="task"):
    """Summed loss (nats) and number of tokens of each kind in a document."""

    key: str
    nats: dict[str, float]
    tokens: dict[str, int]


class ChoicePrediction(msgspec.Struct, frozen=True, tag="label_choice", tag_field="task"):
    """A present and an absent label with their log-likelihoods after the picture, and after that of a record with neither."""

    key: str
    source: str
    present: str
    absent: str
    present_nats: float
    absent_nats: float
    other_key: str | None
    other_present_nats: float | None
    other_absent_nats: float | None

    @property
    def is_right(self) -> bool:
        """Whether the present label is the likelier."""
        return self.present_nats > self.absent_nats

    @property
    def is_right_without(self) -> bool | None:
        """The same, with the other record's picture shown; nothing where there is none."""
        if self.other_present_nats is None or self.other_absent_nats is None:
            return None
        return self.other_present_nats > self.other_absent_nats


class CaptionPrediction(msgspec.Struct, frozen=True, tag="caption", tag_field="task"):
    """A caption by greedy decoding, beside the record's own."""

    key: str
    text: str
    references: list[str]


Prediction = LossPrediction | ChoicePrediction | CaptionPrediction
