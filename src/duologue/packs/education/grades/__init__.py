"""Homework of a class: set, handed in, graded as drafts, signed by a teacher, appealed against."""
