"""Tokens: one protocol, and the models that speak it (local, remote, scripted). Knows no database and no person."""
