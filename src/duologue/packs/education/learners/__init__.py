"""Learners of a class: who they are, what they answered, what was planned and signed for them."""
