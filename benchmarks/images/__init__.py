"""Speed of decoding and cropping, beside the decoders that people install."""
