"""Pictures that occur twice: hashes of their pixels, an index of near ones, and which of them stay (docs/duplicates.md)."""
