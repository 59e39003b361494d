"""Records: JSON round trip, and every cause has its say on the label."""

from collections.abc import Callable
from typing import get_args

import msgspec
import pytest

from mmgic.schema.records import LABEL_LOST, DropCause, Record


def test_a_record_survives_json(record: Callable[..., Record]) -> None:
    made = record(license="CC0-1.0", origin="here")
    assert msgspec.json.decode(msgspec.json.encode(made), type=Record) == made


def test_unknown_fields_and_formats_are_refused(record: Callable[..., Record]) -> None:
    tree = msgspec.to_builtins(record())
    with pytest.raises(msgspec.ValidationError, match="unknown field `colour`"):
        msgspec.convert({**tree, "colour": 1}, Record)
    with pytest.raises(msgspec.ValidationError, match="Invalid enum value 'heic'"):
        msgspec.convert({**tree, "extension": "heic"}, Record)


def test_labels_are_lost_only_by_known_causes() -> None:
    assert set(get_args(DropCause)) > LABEL_LOST
