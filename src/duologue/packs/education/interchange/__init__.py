"""Questions and answers in the formats of other programs. What a format cannot hold is told by question, never silently lost."""
