"""Homework on paper: what a photograph or a PDF says, shown to the learner before anything is made of it."""
