"""The order of kinds is part of the format."""

from mmgic.schema.sequences import TOKEN_KINDS


def test_the_numbers_of_kinds_never_change() -> None:
    assert TOKEN_KINDS == ("template", "caption", "label", "description", "image", "region", "box")
