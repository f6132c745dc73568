"""The desk's list of conversations: what is in each view, how many, what was said last. Only reads."""
