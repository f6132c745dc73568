"""Duologue: a self-hosted platform for human–AI collaborative dialogue, in English and Chinese."""

__version__ = "0.1.0"
