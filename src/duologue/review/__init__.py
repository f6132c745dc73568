"""A person looks: drafts, verdicts, the expert's queue."""
