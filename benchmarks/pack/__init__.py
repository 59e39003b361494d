"""Speed and fill of packing, and speed of writing and reading the packed rows, beside what people install."""
