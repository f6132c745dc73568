"""Doubles at the edge of the program, for tests only."""
