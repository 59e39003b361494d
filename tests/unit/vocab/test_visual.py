"""The protocol of visual tokenizers is what `patches` keeps."""

from typing import get_type_hints

from mmgic.vocab.joint import Vocabulary
from mmgic.vocab.visual import VisualTokenizer


def test_patches_keep_the_protocol(vocabulary: Vocabulary) -> None:
    visual: VisualTokenizer = vocabulary.visual
    names = [name for name in vars(VisualTokenizer) if not name.startswith("_")]
    assert sorted(names) == [
        "codes_from_images",
        "decode",
        "digest",
        "grid",
        "images_from_codes",
        "kind",
        "num_codes",
        "side_px",
    ]
    assert all(hasattr(visual, name) for name in names)
    assert (visual.kind, visual.side_px, visual.grid, len(visual.digest)) == ("patches", 16, 2, 64)
    assert get_type_hints(VisualTokenizer.codes_from_images)
