"""Answers in mathematics: text to tree, tree to normal form, compared in a process that can be killed."""
