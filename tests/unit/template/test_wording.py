"""The fixed words are part of the data format: a model trained on them is asked with them."""

from mmgic.template import wording


def test_the_words_never_change_unseen() -> None:
    assert (
        wording.CAPTION,
        wording.LABELS,
        wording.DESCRIPTIONS,
        wording.REGIONS,
        wording.OF,
        wording.END,
    ) == (
        "Caption: ",
        "Labels:\n",
        "Descriptions:\n",
        "Regions:\n",
        ": ",
        "\n",
    )
