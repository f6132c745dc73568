"""How one answer is graded: numbers, words by a rubric, essays, programs."""
