"""Speed of writing boxes as text, of reading them back, and of overlaps, beside what people install or write by hand."""
