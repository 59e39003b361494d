"""Records a second of the whole stage `tokenize`, of one checkout or of two taking turns."""
