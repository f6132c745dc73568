"""From feedback to datasets, training, evaluation and promotion."""
