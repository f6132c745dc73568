"""Documents and the passages in them: reading, cutting, indexing, searching. Knows nobody's conversation and no language model."""
