"""Learning: recipes, shards, optimizers, the loop that goes on after a kill, preferences."""
