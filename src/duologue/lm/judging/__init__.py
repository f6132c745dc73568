"""How good a model is, and whether it does what independent programs do: figures, baselines, parity, attention drawn."""
