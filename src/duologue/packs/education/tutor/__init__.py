"""The tutor: moves and hints, what it may not say, the first wrong step."""
