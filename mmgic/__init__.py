"""MMGiC: multimodal multi-grained concept annotations, from detection sets to a trained and scored model."""

__version__ = "0.1.0"
