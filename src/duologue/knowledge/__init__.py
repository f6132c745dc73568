"""Documents: taken in, cut into passages, found again. Knows no conversation and no model beyond the encoder port."""
