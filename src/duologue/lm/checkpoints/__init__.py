"""Models as files: our folders, those of other programs, adapters, GGUF."""
