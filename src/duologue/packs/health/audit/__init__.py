"""Who did what with whose record: a chain of links, and the words of people kept beside it, so that they can be erased."""
