"""Sentence vectors: two encoders that run in numpy, and how they and a third are trained."""
